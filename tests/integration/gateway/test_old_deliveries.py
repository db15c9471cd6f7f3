"""The log of deliveries: one partition a day, of which old ones are dropped and never folded again."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import asyncpg
import pytest
import pytest_asyncio

from adrelay.runtime.postgres import EmbeddedPostgres
from libs.events.catalogue import published
from libs.events.forwarder import DeliveriesRecorded, Delivery
from libs.events.values import AdbotId, CycleId, ResultClass
from libs.eventsourcing import Causes, Decider, Engine, Event, UnitOfWork
from libs.eventsourcing.background import forget_days
from libs.eventsourcing.operations.verify_tables import verify_table
from libs.eventsourcing.projections.migration import builder
from libs.eventsourcing.values import utc_now
from libs.eventsourcing.writing import old_days
from services.gateway.tables.deliveries import DELIVERIES
from services.gateway.tables.delivery_log import LogLine, log_of
from services.gateway.tables.stock import STOCK
from tests.integration.gateway.harness import GatewayHarness
from tests.support.databases import fresh_database
from tests.support.engines import started

ADBOT = AdbotId(uuid4())
NOW = utc_now()
ANYTHING: Decider[Event, int, Event] = Decider(
    "cycle", lambda event, _: [event], lambda state, _: (state or 0) + 1
)
DAYS = (
    "select inhrelid::regclass::text as name from pg_inherits "
    "where inhparent = 'deliveries.deliveries'::regclass order by 1"
)


@pytest_asyncio.fixture(loop_scope="session")
async def engine(postgres_server: EmbeddedPostgres) -> AsyncIterator[Engine]:
    """Yield an engine that folds the log when it appends, as if it were the forwarder's own."""
    async with AsyncExitStack() as stack:
        url = await stack.enter_async_context(fresh_database(postgres_server))
        tables = (DELIVERIES, STOCK)
        made = Engine("forwarder", url, published(), state_tables=tables)
        yield await stack.enter_async_context(started(made))


def recorded(*instants: datetime) -> DeliveriesRecorded:
    """Return an event with one delivery at each instant, to groups that are named by their places."""
    deliveries = tuple(
        Delivery(group=f"@group_{place}", session=None, result=ResultClass.SENT, messages=(place,), at=at)
        for place, at in enumerate(instants)
    )
    return DeliveriesRecorded(cycle=CycleId(uuid4()), adbot=ADBOT, deliveries=deliveries)


async def append(engine: Engine, event: DeliveriesRecorded) -> None:
    async def work(unit: UnitOfWork) -> None:
        await unit.execute(ANYTHING, event.cycle, event)

    await engine.run(work, Causes.first("test"))


async def log(engine: Engine, limit: int = 1000) -> list[LogLine]:
    return await engine.query(lambda sql: log_of(sql, ADBOT, limit))


async def days(engine: Engine) -> list[str]:
    return [row["name"].removeprefix("deliveries_") for row in await engine.pool.fetch(DAYS)]


@pytest.fixture(autouse=True)
def one_day(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let no day begin during a test."""
    monkeypatch.setattr(old_days, "utc_now", lambda: NOW)


def midnight(days_ago: int) -> datetime:
    today = NOW.date() - timedelta(days=days_ago)
    return datetime(today.year, today.month, today.day, tzinfo=UTC)


async def test_each_day_has_a_partition_and_the_log_goes_through_them_from_the_latest(engine: Engine) -> None:
    first, second = midnight(3), midnight(2)
    late = second - timedelta(microseconds=1)
    await append(engine, recorded(second, late, first))
    await append(engine, recorded(late))
    assert await days(engine) == [f"{first:%Y%m%d}", f"{second:%Y%m%d}"]
    lines = await log(engine)
    assert [(line.at, line.messages) for line in lines] == [
        (second, [0]),
        (late, [0]),
        (late, [1]),
        (first, [2]),
    ]
    assert await log(engine, 2) == lines[:2]


async def test_old_days_are_dropped_and_what_comes_late_for_them_is_left_out(engine: Engine) -> None:
    await append(engine, recorded(midnight(3), midnight(2), midnight(1)))
    await forget_days(engine, DELIVERIES, timedelta(days=2))
    assert await days(engine) == [f"{midnight(2):%Y%m%d}", f"{midnight(1):%Y%m%d}"]
    await append(engine, recorded(midnight(4), midnight(1)))
    assert [line.at for line in await log(engine)] == [midnight(1), midnight(1), midnight(2)]
    await forget_days(engine, DELIVERIES, timedelta(days=7))  # what was dropped is not folded anew
    await append(engine, recorded(midnight(3)))
    assert await days(engine) == [f"{midnight(2):%Y%m%d}", f"{midnight(1):%Y%m%d}"]


async def test_a_fresh_fold_has_the_days_that_are_kept(engine: Engine) -> None:
    await append(engine, recorded(midnight(9), midnight(1)))
    await forget_days(engine, DELIVERIES, timedelta(days=2))
    report = await verify_table(engine.tables, DELIVERIES)
    assert report.sound, report
    assert [(table.table, table.rows) for table in report.tables] == [("deliveries", 1)]
    await engine.pool.execute("update deliveries set result = 'STOPPED'")
    assert not (await verify_table(engine.tables, DELIVERIES)).sound


async def test_nothing_is_dropped_while_tables_are_built(engine: Engine) -> None:
    await append(engine, recorded(midnight(9)))
    async with builder(engine.tables):
        again = await forget_days(engine, DELIVERIES, timedelta(days=2))
    assert (await days(engine), again) == ([f"{midnight(9):%Y%m%d}"], 60)
    assert await forget_days(engine, DELIVERIES, timedelta(days=2)) > again
    assert await days(engine) == []


async def test_a_drop_that_would_keep_readers_waiting_is_put_off(engine: Engine) -> None:
    await append(engine, recorded(midnight(9)))
    async with engine.pool.acquire() as connection, connection.transaction():
        await connection.fetch("select from deliveries")
        assert await forget_days(engine, DELIVERIES, timedelta(days=2)) == 60
        assert await days(engine) == [f"{midnight(9):%Y%m%d}"]
    await forget_days(engine, DELIVERIES, timedelta(days=2))
    assert await days(engine) == []


async def test_two_that_record_the_first_deliveries_of_a_day_do_not_meet(engine: Engine) -> None:
    await append(engine, recorded(midnight(1)))
    async with engine.pool.acquire() as connection, connection.transaction():
        await connection.execute("select engine.make_day('deliveries', $1)", midnight(0).date())
        other = asyncio.create_task(append(engine, recorded(midnight(0))))
        await append(engine, recorded(midnight(1)))  # who has nothing to do with that day does not wait
        assert not other.done()
    await other
    assert len(await log(engine)) == 3


async def test_the_gateway_keeps_the_days_of_its_settings(
    harness: GatewayHarness, postgres_server: EmbeddedPostgres
) -> None:
    async with (
        fresh_database(postgres_server, "gateway") as url,
        harness.apart(postgres_url=url, deliveries_days=3),
    ):
        connection = await asyncpg.connect(url)
        kept = await connection.fetch("select projection, since from engine.kept_since order by projection")
        await connection.close()
    assert [tuple(row) for row in kept] == [("changes", midnight(2)), ("deliveries", midnight(3))]
