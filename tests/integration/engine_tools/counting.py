"""Projections of the made-up service in several versions, and a load for it."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from libs.eventsourcing import Causes, Engine, EventStream, Projection, Reader, Relay, TableSql
from libs.eventsourcing.projections.tables import READ_MODELS
from libs.eventsourcing.values import Cursor
from tests.integration.engine.meters import MeterSealed, MeterTurned, turn
from tests.integration.engine.waiting import running

ME = Causes.first("test")


def counting(
    name: str, version: int, weight: int, *, extra: str = "", undecided: tuple[str, ...] = ()
) -> Projection:
    """Return a projection that counts each turn as `weight`."""
    table = Projection(
        name,
        version=version,
        ddl=f"create table {name} (place bigint generated always as identity, "
        f"meter text primary key, turns integer not null{extra})",
        undecided=undecided,
    )

    @table.on(MeterTurned)
    async def turned(event: MeterTurned, sql: TableSql) -> None:
        if event.note == f"no {name}":
            message = "this turn can't be counted"
            raise ValueError(message)
        await sql.execute(
            f"insert into {name} as t (meter, turns) values ($1, $2) "  # noqa: S608 - a name of ours
            "on conflict (meter) do update set turns = t.turns + $2",
            event.meter,
            weight,
        )

    @table.on(MeterSealed)
    async def sealed(event: MeterSealed, sql: TableSql) -> None:
        await sql.execute(f"update {name} set turns = -turns where meter = $1", event.meter)  # noqa: S608

    del turned, sealed
    return table


def meters(version: int = 1, weight: int = 1) -> Projection:
    """Return the state table; its column `asked` is not determined by events."""
    return counting("meters", version, weight, extra=", asked integer default 0", undecided=("meters.asked",))


def tally(version: int = 1, weight: int = 1) -> Projection:
    """Return the read model."""
    return counting("tally", version, weight)


async def turns_in(engine: Engine, table: str) -> dict[str, int]:
    """Return each meter's turns in a table."""
    rows = await engine.query(lambda sql: sql.fetch(f"select meter, turns from {table}"))  # noqa: S608
    return {row["meter"]: row["turns"] for row in rows}


async def turns_in_events(engine: Engine) -> dict[str, int]:
    """Return each meter's turns by the stored events."""
    rows = await engine.query(
        lambda sql: sql.fetch(
            "select data->>'meter' as meter, count(*)::integer as turns from engine.events "
            "where type = 'MeterTurned' group by 1"
        )
    )
    return {row["meter"]: row["turns"] for row in rows}


async def last_cursor(engine: Engine) -> Cursor:
    """Return the cursor of the last event."""
    row = await engine.query(
        lambda sql: sql.fetchrow(
            "select xid::text as xid, position from engine.events "
            "order by events.xid desc, position desc limit 1"
        )
    )
    assert row is not None
    return Cursor(int(row["xid"]), row["position"])


async def relayed(engine: Engine, stream: EventStream) -> None:
    """Relay until the stream has all events of the store."""
    relay = Relay(engine, stream)
    last = await last_cursor(engine)
    async with running(relay.run):
        while relay.published < last:  # noqa: ASYNC110 - the relay has only this property
            await asyncio.sleep(0.01)


@asynccontextmanager
async def serving(engine: Engine, stream: EventStream) -> AsyncGenerator[Reader]:
    """Run a relay and a reader inside the block."""
    reader = Reader(READ_MODELS, engine, stream, tables=engine.read_models)
    async with running(Relay(engine, stream).run, reader.run):
        yield reader


@asynccontextmanager
async def busy(engine: Engine, writers: int = 4) -> AsyncGenerator[list[int]]:
    """Turn meters continuously inside the block; yield a list with an item for every turn."""
    turned: list[int] = []
    stopping = asyncio.Event()

    async def write(number: int) -> None:
        while not stopping.is_set():
            await engine.run(turn(f"busy{number}"), ME)
            turned.append(number)

    tasks = [asyncio.create_task(write(number)) for number in range(writers)]
    try:
        yield turned
    finally:
        stopping.set()
        for outcome in await asyncio.gather(*tasks, return_exceptions=True):
            if isinstance(outcome, BaseException):
                raise outcome
