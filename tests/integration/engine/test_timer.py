"""Due rows, taken by whoever is first."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime, timedelta
from functools import partial

import pytest
import pytest_asyncio

from libs.eventsourcing import Cause, Causes, Engine, Sql, UnitOfWork
from libs.eventsourcing.background import Timer
from libs.eventsourcing.values import new_id
from libs.eventsourcing.writing import durable_effect
from tests.integration.engine.meters import CATALOGUE, METER, Turn, echoes_table, meters_table
from tests.integration.engine.waiting import running
from tests.support.waiting import until

ME = Causes.first("test")


@pytest_asyncio.fixture(loop_scope="session")
async def replica(engine: Engine, database: str) -> AsyncIterator[Engine]:
    """A second process of the same service."""
    await engine.query(
        lambda sql: sql.execute(
            "create table public.due (id integer primary key, at timestamptz not null, taken int default 0)"
        )
    )
    replica = Engine("meters", database, CATALOGUE, state_tables=[meters_table(), echoes_table()])
    await replica.start()
    yield replica
    await replica.stop()


async def earliest(sql: Sql) -> datetime | None:
    at: datetime | None = await sql.fetchval("select min(at) from public.due where taken = 0")
    return at


def taking(count: dict[str, int], who: str, page: int = 5) -> Callable[[UnitOfWork], Awaitable[int]]:
    """Return what takes due rows, and counts how many `who` tried to take."""

    async def take(unit: UnitOfWork) -> int:
        rows = await unit.flushed.fetch(
            "select id from public.due where taken = 0 and at <= $1 order by at limit $2 "
            "for update skip locked",
            unit.at,
            page,
        )
        for row in rows:
            await unit.flushed.execute("update public.due set taken = taken + 1 where id = $1", row["id"])
            meter = f"due{row['id']}"
            await unit.execute(METER, meter, Turn(meter), because=Cause(new_id(), new_id()))
        count[who] = count.get(who, 0) + len(rows)
        if rows:
            await asyncio.sleep(0.002)  # lets the other replica in
        return len(rows)

    return take


async def insert(unit: UnitOfWork, number: int, at: datetime) -> None:
    await unit.flushed.execute("insert into public.due (id, at) values ($1, $2)", number, at)
    await unit.execute(METER, f"made{number}", Turn(f"made{number}"))


async def untaken(engine: Engine) -> int:
    return int(
        await engine.query(lambda sql: sql.fetchval("select count(*) from public.due where taken = 0"))
    )


async def test_two_replicas_share_what_is_due_and_take_each_row_once(engine: Engine, replica: Engine) -> None:
    await engine.query(
        lambda sql: sql.execute(
            "insert into public.due (id, at) select n, now() from generate_series(1, 200) n"
        )
    )
    count: dict[str, int] = {}
    both_took, came = asyncio.Barrier(2), set[str]()

    def sharing(who: str) -> Callable[[UnitOfWork], Awaitable[int]]:
        """Take rows as the other one does too: the first is not done before the second begins."""
        take = taking(count, who)

        async def take_some(unit: UnitOfWork) -> int:
            taken = await take(unit)
            if who not in came:
                came.add(who)
                await both_took.wait()
            return taken

        return take_some

    timers = [
        Timer("due", of, earliest=earliest, take=sharing(who))
        for who, of in (("one", engine), ("other", replica))
    ]

    async def none_left() -> bool:
        return await untaken(engine) == 0

    async with running(timers[0].run, timers[1].run):
        await until(none_left)
    assert (
        await engine.query(lambda sql: sql.fetchval("select count(*) from public.due where taken = 1")) == 200
    )
    assert await engine.query(lambda sql: sql.fetchval("select count(*) from meters where turns = 1")) == 200
    assert set(count) == {"one", "other"}
    assert min(count.values()) > 0


async def test_a_timer_wakes_when_a_nearer_row_is_written(
    engine: Engine, replica: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    del replica
    monkeypatch.setattr(durable_effect, "LONGEST_SLEEP_SECONDS", 3600.0)  # nothing but the row wakes it
    far = datetime.now(UTC) + timedelta(hours=1)
    await engine.run(lambda unit: insert(unit, 0, far), ME)
    timer = Timer("due", engine, earliest=earliest, take=taking({}, "one"))

    async def only_the_far_one() -> bool:
        return await untaken(engine) == 1

    async with running(timer.run):
        for number in range(1, 8):
            await asyncio.sleep(0.05)  # the timer sleeps again
            await engine.run(partial(insert, number=number, at=datetime.now(UTC)), ME)
            await until(only_the_far_one)


async def test_a_row_is_taken_at_its_instant_and_not_before(engine: Engine, replica: Engine) -> None:
    del replica
    due = datetime.now(UTC) + timedelta(seconds=0.5)
    await engine.run(lambda unit: insert(unit, 1, due), ME)
    timer = Timer("due", engine, earliest=earliest, take=taking({}, "one"))

    async def none_left() -> bool:
        return await untaken(engine) == 0

    async with running(timer.run):
        await until(none_left)
    taken_at = await engine.query(
        lambda sql: sql.fetchval("select at from engine.events where stream = 'meter-due1'")
    )
    assert taken_at >= due


async def test_a_timer_is_late_for_as_long_as_its_earliest_row_has_been_due(
    engine: Engine, replica: Engine
) -> None:
    del replica
    timer = Timer("due", engine, earliest=earliest, take=taking({}, "one"))
    assert await timer.late_seconds() == 0
    await engine.run(lambda unit: insert(unit, 1, datetime.now(UTC) + timedelta(hours=1)), ME)
    assert await timer.late_seconds() == 0
    for number, seconds in ((2, 90), (3, 3600), (4, 60)):
        await engine.run(
            partial(insert, number=number, at=datetime.now(UTC) - timedelta(seconds=seconds)), ME
        )
    assert await timer.late_seconds() >= 3600
