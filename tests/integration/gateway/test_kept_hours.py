"""The hours in which adbots sent: what is counted where, what ends, and that a fresh fold has the same."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import datetime, timedelta
from uuid import uuid4

import pytest_asyncio

from adrelay.runtime.postgres import EmbeddedPostgres
from libs.events.catalogue import published
from libs.events.forwarder import CycleStarted, DeliveriesRecorded, Delivery
from libs.events.values import AdbotId, ChannelPost, CycleId, Pacing, ResultClass
from libs.eventsourcing import Causes, Decider, Engine, Event, UnitOfWork
from libs.eventsourcing.operations.verify_tables import verify_table
from libs.eventsourcing.values import utc_now
from services.gateway.tables.hours import HOURS, KEPT, hour_of
from tests.support.databases import fresh_database
from tests.support.engines import started

HOUR = timedelta(hours=1)
ANYTHING: Decider[Event, int, Event] = Decider(
    "cycle", lambda event, _: [event], lambda state, _: (state or 0) + 1
)


@pytest_asyncio.fixture(loop_scope="session")
async def engine(postgres_server: EmbeddedPostgres) -> AsyncIterator[Engine]:
    """Yield an engine that folds the hours when it appends, as if it were the forwarder's own."""
    async with AsyncExitStack() as stack:
        url = await stack.enter_async_context(fresh_database(postgres_server))
        yield await stack.enter_async_context(
            started(Engine("forwarder", url, published(), state_tables=(HOURS,)))
        )


class Sending:
    """An adbot whose cycles are appended."""

    def __init__(self, engine: Engine) -> None:
        self.adbot = AdbotId(uuid4())
        self._engine = engine

    async def starts(self, at: datetime) -> None:
        """Start a cycle."""
        cycle = CycleId(uuid4())
        post, pacing = ChannelPost(channel="@channel", message=1), Pacing(delay_seconds=0)
        await self._append(
            cycle,
            CycleStarted(cycle=cycle, adbot=self.adbot, post=post, pacing=pacing, shares=(), started_at=at),
        )

    async def gets(self, at: datetime, *results: ResultClass) -> None:
        """Record these results of one cycle at one instant."""
        cycle = CycleId(uuid4())
        lines = tuple(
            Delivery(group=f"@group_{place}", session=None, result=result, at=at)
            for place, result in enumerate(results)
        )
        await self._append(cycle, DeliveriesRecorded(cycle=cycle, adbot=self.adbot, deliveries=lines))

    async def hours(self) -> dict[datetime, tuple[int, ...]]:
        """Return what was sent, failed, was left out, and how many cycles began, by hour."""
        return await self._counts("select * from adbot_hours where adbot = $1", self.adbot)

    async def hours_of_all(self) -> dict[datetime, tuple[int, ...]]:
        """Return the same of all adbots."""
        return await self._counts("select * from all_hours")

    async def _counts(self, query: str, *values: object) -> dict[datetime, tuple[int, ...]]:
        rows = await self._engine.query(lambda sql: sql.fetch(query, *values))
        names = ("sent", "failed", "left_out", "cycles")
        return {row["hour"]: tuple(row[name] for name in names) for row in rows}

    async def _append(self, cycle: CycleId, event: Event) -> None:
        async def work(unit: UnitOfWork) -> None:
            await unit.execute(ANYTHING, cycle, event)

        await self._engine.run(work, Causes.first("test"))


async def test_each_result_counts_once_in_its_hour_and_what_was_not_attempted_not_at_all(
    engine: Engine,
) -> None:
    one, other, now = Sending(engine), Sending(engine), hour_of(utc_now())
    await one.starts(now - HOUR)
    last_moment = now - timedelta(microseconds=1)
    await one.gets(last_moment, ResultClass.SENT, ResultClass.ALREADY_SENT, ResultClass.STOPPED)
    await one.gets(now, ResultClass.UNREADABLE, ResultClass.LEFT_OUT, ResultClass.SENT)
    await other.gets(now, ResultClass.SENT)
    await other.gets(now - 3 * HOUR, ResultClass.STOPPED)
    assert await one.hours() == {now - HOUR: (2, 0, 0, 1), now: (1, 1, 1, 0)}
    assert await other.hours() == {now: (1, 0, 0, 0)}
    assert await one.hours_of_all() == {now - HOUR: (2, 0, 0, 1), now: (2, 1, 1, 0)}


async def test_hours_end_with_the_next_cycle_of_any_adbot_and_nothing_comes_late_for_them(
    engine: Engine,
) -> None:
    one, other, now = Sending(engine), Sending(engine), hour_of(utc_now())
    old, kept = now - KEPT - HOUR, now - KEPT + 2 * HOUR
    await one.gets(old, ResultClass.SENT)
    await one.starts(old)
    assert await one.hours() == {}
    for table in ("adbot_hours", "all_hours"):  # as if it had been recorded in time
        values = "$1, $2, 1, 0, 0, 0" if table == "adbot_hours" else "$2, 1, 0, 0, $1"
        who: object = one.adbot if table == "adbot_hours" else 0
        await engine.pool.execute(f"insert into hours.{table} values ({values})", who, old)  # noqa: S608
    await one.gets(kept, ResultClass.SENT)
    assert set(await one.hours()) == set(await one.hours_of_all()) == {old, kept}
    await other.starts(now)
    assert set(await one.hours()) == {kept}
    assert set(await one.hours_of_all()) == {kept, now}


async def test_a_fresh_fold_has_the_same_hours(engine: Engine) -> None:
    one, now = Sending(engine), hour_of(utc_now())
    await one.starts(now - HOUR)
    await one.gets(now, ResultClass.SENT, ResultClass.TARGET_DENIED)
    report = await verify_table(engine.tables, HOURS)
    assert report.sound, report
    assert {table.table: table.rows for table in report.tables} == {"adbot_hours": 2, "all_hours": 2}
