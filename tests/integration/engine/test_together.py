"""What one unit of work appended is shown together: by any reader, however its events travel."""

import asyncio
import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import count

import pytest

from libs.eventsourcing import Causes, Engine, EventStream, Projection, Reader, Relay, TableSql, UnitOfWork
from libs.eventsourcing.model.envelope import with_following
from libs.eventsourcing.model.errors import InvalidAppend
from libs.eventsourcing.model.limits import MAX_UNIT_EVENTS
from libs.eventsourcing.projections.tables import READ_MODELS
from libs.eventsourcing.readers.dead_letters import list_dead_letters, request_retry
from libs.eventsourcing.store.postgres import PostgresStore
from libs.eventsourcing.stream.publishing import Published, PublishFailed
from libs.eventsourcing.values import START, Envelope
from tests.integration.engine.meters import CATALOGUE, ECHO, METER, Echo, MeterTurned, Turn, TurnEchoed, turn
from tests.integration.engine.waiting import running
from tests.support.waiting import until

ME = Causes.first("test")


@dataclass
class Diary:
    """A read model with a row for every turn and echo; a row's `xmin` tells which transaction showed it."""

    ill: set[str] = field(default_factory=set[str])
    """The meters whose turns can't be noted."""

    def table(self) -> Projection:
        table = Projection(
            "diary",
            version=1,
            ddl="create table diary (place bigint generated always as identity, unit bigint, meter text)",
        )

        @table.on(MeterTurned)
        async def turned(event: MeterTurned, sql: TableSql) -> None:
            if event.meter in self.ill:
                message = f"{event.meter} is ill"
                raise ValueError(message)
            await note(sql, event.meter)

        @table.on(TurnEchoed)
        async def echoed(event: TurnEchoed, sql: TableSql) -> None:
            await note(sql, event.meter)

        async def note(sql: TableSql, meter: str) -> None:
            # the time of a unit's beginning is that of all its events
            unit = int(sql.at.timestamp() * 1_000_000)
            await sql.execute("insert into diary (unit, meter) values ($1, $2)", unit, meter)

        del turned, echoed
        return table


class Rough(EventStream):
    """A stream on which publishing is slow, goes in pieces, and breaks off anywhere."""

    def __init__(self, stream: EventStream, dice: random.Random) -> None:
        super().__init__(stream.nats, prefix=stream.name.removesuffix("EVENTS"))
        self._dice = dice

    async def publish(self, service: str, events: Sequence[Envelope], token: int) -> Published:
        rest = list(events)
        while True:
            size = self._dice.randint(1, 4)
            last = await super().publish(service, rest[:size], token)
            rest = rest[size:]
            if not rest:
                return last
            if self._dice.random() < 0.15:
                message = "the connection broke"
                raise PublishFailed(message)
            await asyncio.sleep(self._dice.uniform(0, 0.005))


async def started(database: str, diary: Diary) -> Engine:
    engine = Engine("meters", database, CATALOGUE, read_models=[diary.table()])
    await engine.start(pool_size=8)
    return engine


async def sizes_stored(engine: Engine) -> dict[int, int]:
    """Return how many events each unit appended."""
    rows = await engine.query(
        lambda sql: sql.fetch("select at, count(*)::integer as events from engine.events group by xid, at")
    )
    return {int(row["at"].timestamp() * 1_000_000): row["events"] for row in rows}


async def sizes_shown(engine: Engine) -> dict[int, int]:
    """Return how many events of each unit the diary shows."""
    rows = await engine.query(
        lambda sql: sql.fetch("select unit, count(*)::integer as events from diary group by unit")
    )
    return {row["unit"]: row["events"] for row in rows}


async def torn(engine: Engine) -> list[int]:
    """Return the units that several transactions showed."""
    rows = await engine.query(
        lambda sql: sql.fetch("select unit from diary group by unit having count(distinct xmin::text) > 1")
    )
    return [row["unit"] for row in rows]


def several(dice: random.Random) -> list[tuple[str, int, bool]]:
    """Return what a unit does: which meters it turns, how often, and whether there is an echo."""
    return [
        (f"m{dice.randint(0, 4)}", dice.randint(1, 4), dice.random() < 0.5) for _ in range(dice.randint(1, 3))
    ]


async def work(engine: Engine, deeds: Sequence[tuple[str, int, bool]]) -> None:
    async def carry_out(unit: UnitOfWork) -> None:
        for meter, times, echo in deeds:
            await unit.execute(METER, meter, Turn(meter, times))
            if echo:
                await unit.execute(ECHO, meter, Echo(meter, 0))

    await engine.run(carry_out, ME, grouped=True)


@pytest.mark.parametrize("seed", [1, 2, 3])
async def test_no_reader_ever_shows_half_a_unit(
    stream: EventStream, database: str, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    dice = random.Random(seed)
    monkeypatch.setattr("libs.eventsourcing.relaying.relay.ATOMIC_LIMIT", dice.choice([3, 7, 1000]))
    monkeypatch.setattr("libs.eventsourcing.relaying.relay.MAX_BATCH_BYTES", dice.choice([100, 1_000_000]))
    monkeypatch.setattr("libs.eventsourcing.stream.event_stream.ATOMIC_FROM", dice.choice([1, 3, 15]))
    monkeypatch.setattr("libs.eventsourcing.readers.handling._TRANSACTION_SECONDS", dice.choice([0.0, 0.1]))
    engine = await started(database, Diary())
    everything = dice.random() < 0.5
    rough, half_seen = Rough(stream, dice), list[int]()
    stopping = asyncio.Event()

    async def read() -> None:
        for lives in count(20):  # one that is killed again and again, and begins anew with another batch size
            reader = Reader(
                READ_MODELS,
                engine,
                stream,
                tables=engine.read_models,
                everything=everything,
                batch=dice.choice([1, 2, 5, 500]),
            )
            reading = asyncio.create_task(reader.run())
            try:
                # it lives ever longer: it must get on where its start takes long
                await asyncio.wait({reading}, timeout=dice.uniform(0.1, 0.4) * lives / 20)
            finally:
                reading.cancel()
                await asyncio.gather(reading, return_exceptions=True)

    async def watch() -> None:
        while not stopping.is_set():
            shown = await sizes_shown(engine)
            stored = await sizes_stored(engine)
            half_seen.extend(unit for unit, size in shown.items() if stored[unit] != size)

    watching = asyncio.create_task(watch())
    async with running(Relay(engine, rough).run, read):
        for _ in range(20):
            await asyncio.gather(*(work(engine, several(dice)) for _ in range(dice.randint(1, 3))))

        async def all_shown() -> bool:
            return await sizes_shown(engine) == await sizes_stored(engine)

        await until(all_shown)
    stopping.set()
    await watching
    assert half_seen == []
    assert await torn(engine) == []
    await engine.stop()


async def test_a_unit_that_fails_is_shown_together_but_for_the_event_that_fails(
    stream: EventStream, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("libs.eventsourcing.readers.handling.RETRY_SECONDS", (0.01, 0.02))
    diary = Diary(ill={"b"})
    engine = await started(database, diary)
    reader = Reader(READ_MODELS, engine, stream, tables=engine.read_models)
    await work(engine, [("a", 2, True), ("b", 2, True), ("c", 1, False)])
    await work(engine, [("d", 2, False)])

    async def shown() -> list[str]:
        rows = await engine.query(lambda sql: sql.fetch("select meter from diary order by place"))
        return [row["meter"] for row in rows]

    async with running(Relay(engine, stream).run, reader.run):

        async def so_many() -> bool:
            return len(await shown()) == 7

        await until(so_many)
        assert sorted(await shown()) == ["a", "a", "a", "b", "c", "d", "d"], "the echo of b is another stream"
        assert await torn(engine) == []
        async with engine.pool.acquire() as connection:
            letters = await list_dead_letters(connection)
            assert [(one.source_stream.stream, one.envelope.version) for one in letters] == [
                ("meter-b", 1),
                ("meter-b", 2),
            ]
            diary.ill.clear()
            await request_retry(connection, READ_MODELS, letters[0].source_stream)

        async def all_there() -> bool:
            return (await shown()).count("b") == 3

        await until(all_there)
    together = await engine.query(
        lambda sql: sql.fetchval("select count(distinct xmin::text) from diary where meter = 'b'")
    )
    assert together == 2, "what was retried is shown together too"
    await engine.stop()


async def test_a_reader_waits_only_for_what_it_handles(stream: EventStream, database: str) -> None:
    """And what an older program published, without saying what follows, it takes as it comes."""
    engine = await started(database, Diary())
    await work(engine, [("a", 2, True)])
    async with engine.pool.acquire() as connection:
        events = await PostgresStore(connection, engine.catalogue).read(START, 10)
    token = await stream.acquire_token("meters")
    reader = Reader("turns", engine, stream, tables=engine.read_models)

    async def shown() -> int:
        return sum((await sizes_shown(engine)).values())

    async with running(reader.run):
        await stream.publish("meters", with_following(events)[:2], token)
        await asyncio.sleep(1.2)  # nothing tells that something does not happen
        assert await shown() == 0
        await stream.publish("meters", with_following(events)[2:], token)

        async def whole() -> bool:
            return await shown() == 3

        await until(whole)
    await engine.stop()


async def test_a_unit_that_readers_could_not_keep_is_refused(engine: Engine) -> None:
    with pytest.raises(InvalidAppend, match="handle fewer"):
        await engine.run(turn("a", MAX_UNIT_EVENTS + 1), ME)
    await engine.run(turn("a", 3), ME)
