"""The engine on a made history: loading, searching, relaying, appending, and the operator's tools."""
# nats-py leaves parts of its interface untyped
# pyright: reportUnknownMemberType=false

import asyncio
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from statistics import median
from uuid import uuid4

from bench.appending import PLAIN_DATA, PLAIN_INSERT, make_plain
from bench.growth.history import LongHistory, running_at
from bench.growth.system import System
from bench.growth.table import Unit, Value
from bench.operating import Programs
from libs.events.forwarder import ApiPairImported
from libs.events.values import ApplicationId
from libs.eventsourcing import Causes, Decider, Engine, EventStream, Relay, UnitOfWork
from libs.eventsourcing.values import START, Cursor
from services.scheduler.schedule.domain import SCHEDULE

_REPEATS = 9
_TAKE_OVERS = 3
_PUBLISHES = 50
_ROUNDS, _APPEND_SECONDS = 7, 1.0
_STREAM_LENGTH = 50
_LOOK_SECONDS = 0.002
_ROW = "select data::text from engine.events where stream = $1 order by version desc limit 1"


@dataclass(frozen=True)
class Import:
    """Import a Telegram application."""

    pair: ApplicationId


APPLICATION: Decider[Import, int, ApiPairImported] = Decider(
    "apipair",
    lambda command, _: [ApiPairImported(pair=command.pair, api_id=1)],
    lambda count, _: (count or 0) + 1,
)
"""An aggregate of the forwarder whose streams may have any length; no table is folded from it."""


async def measured(system: System, history: LongHistory) -> dict[str, Value]:
    """Measure; afterwards the forwarder's store holds events that are not published."""
    values = {
        "cold load of the longest schedule that runs": await _cold_load(system, history),
        **await _last(system),
        **await _relays(system),
        **await _tools(system, history),
    }
    values["append to the forwarder's store, singly"] = await _append(system)
    return values


async def _cold_load(system: System, history: LongHistory) -> Value:
    """Measure the load of a state in an engine that has just started."""
    order = max(history.running, key=lambda one: one.cycles or 0)
    stream = SCHEDULE.stream(order.adbot)

    async def load(unit: UnitOfWork) -> object:
        return await unit.load(SCHEDULE, order.adbot)

    async def bare(unit: UnitOfWork) -> object:
        return await unit.flushed.fetchval(_ROW, stream)

    ours = [await _cold(system, load) for _ in range(_REPEATS)]
    row = [await _cold(system, bare) for _ in range(_REPEATS)]
    return Value(Unit.SECONDS, min(ours), min(row), "one row by its key")


async def _cold(system: System, work: Callable[[UnitOfWork], Awaitable[object]]) -> float:
    async with system.engine("scheduler", size=1) as engine:
        return await _seconds(lambda: engine.run(work, Causes.first("service:bench")))


async def _last(system: System) -> dict[str, Value]:
    """Measure the search for the last event of a service with many events, and of one with few."""
    values: dict[str, Value] = {}
    async with system.stream() as stream:
        jetstream = stream.nats.jetstream()
        info = [await _seconds(lambda: jetstream.stream_info(stream.name)) for _ in range(_REPEATS)]
        for service in ("forwarder", "gateway"):
            found = [await _seconds(lambda: stream.last(service)) for _ in range(_REPEATS)]  # noqa: B023
            what = f"last event of the {service} on the stream"
            values[what] = Value(Unit.SECONDS, min(found), min(info), "stream info")
    return values


async def _relays(system: System) -> dict[str, Value]:
    """Measure a relay's start, publishing, and the take-over by a relay that stands by."""
    async with (
        system.stream() as stream,
        system.engine("forwarder") as first,
        system.engine("forwarder") as second,
    ):
        starts = [await _relay_start(first, stream) for _ in range(_REPEATS)]
        active = [Relay(first, stream), Relay(second, stream)]
        engines = [first, second]
        publishes: list[float] = []
        async with _running(active[0]):
            await _until(lambda: active[0].knows)
            for _ in range(_PUBLISHES):
                begin = time.perf_counter()
                await _published(active[0], await _append_one(engines[0]))
                publishes.append(time.perf_counter() - begin)
        overtakes = [await _take_over(engines, stream, number % 2) for number in range(_TAKE_OVERS)]
    return {
        "relay: start until it may publish": Value(Unit.SECONDS, min(starts)),
        "relay: from an append's begin until its event is on the stream": Value(
            Unit.SECONDS, median(publishes)
        ),
        "relay: take-over, from the end of one until another has published": Value(
            Unit.SECONDS, median(overtakes)
        ),
    }


async def _relay_start(engine: Engine, stream: EventStream) -> float:
    relay, begin = Relay(engine, stream), time.perf_counter()
    async with _running(relay):
        await _until(lambda: relay.knows)
        return time.perf_counter() - begin


async def _take_over(engines: Sequence[Engine], stream: EventStream, ending: int) -> float:
    """Return how many seconds after the end of a relay another one has published an event."""
    leaving, coming = Relay(engines[ending], stream), Relay(engines[1 - ending], stream)
    async with _running(leaving) as task:
        await _until(lambda: leaving.knows)
        async with _running(coming):
            await _append_and_publish(leaving, engines[ending])
            begin = time.perf_counter()
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            await _published(coming, await _append_one(engines[ending]))
            return time.perf_counter() - begin


async def _append_and_publish(relay: Relay, engine: Engine) -> None:
    await _published(relay, await _append_one(engine))


async def _append_one(engine: Engine) -> Cursor:
    pair = ApplicationId(uuid4())
    done = await engine.run(
        lambda unit: unit.execute(APPLICATION, pair, Import(pair)), Causes.first("service:bench")
    )
    return done.written or START


async def _published(relay: Relay, cursor: Cursor) -> None:
    await _until(lambda: relay.published >= cursor)


@asynccontextmanager
async def _running(relay: Relay) -> AsyncGenerator[asyncio.Task[None]]:
    task = asyncio.create_task(relay.run())
    try:
        yield task
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def _until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(60):
        while not true():  # noqa: ASYNC110 - a relay tells nobody but its properties
            await asyncio.sleep(_LOOK_SECONDS)


async def _tools(system: System, history: LongHistory) -> dict[str, Value]:
    """Measure `trace` and `show` inside their process; longer histories have the same latest orders."""
    programs, values = Programs(system.environment_of_tools), dict[str, Value]()
    orders = [running_at(history.running, place) for place in (0.05, 0.5)]
    for order in orders:
        ours = await programs.inside("bench.inside", "trace", order.order)
        bare = await programs.inside("bench.bare", "trace", order.correlation_id)
        values[f"trace of {order.events:,} events, inside"] = _compared(ours, bare)
    for order in orders:
        stream = SCHEDULE.stream(order.adbot)
        ours = await programs.inside("bench.inside", "show", stream)
        bare = await programs.inside("bench.bare", "show", stream)
        values[f"show of {(order.cycles or 0) + 2:,} events, inside"] = _compared(ours, bare)
    return values


def _compared(ours: Sequence[float], bare: Sequence[float]) -> Value:
    return Value(Unit.SECONDS, min(ours), min(bare), "connect and query")


async def _append(system: System) -> Value:
    """Measure appends one after another, in turn with inserts into an empty table; the best of several."""
    plain = await make_plain(await system.postgres.ensure_database(f"plain_{uuid4().hex[:8]}"))

    async def insert(stream: str, version: int) -> None:
        async with plain.transaction():
            await plain.execute(PLAIN_INSERT, stream, version, uuid4(), "Credited", PLAIN_DATA)

    async with system.engine("forwarder") as engine:

        async def append(stream: str, _: int) -> None:
            command = Import(ApplicationId(uuid4()))
            await engine.run(
                lambda unit: unit.execute(APPLICATION, stream, command),
                Causes.first("service:bench"),
                grouped=True,
            )

        rates = [(await _rate(insert), await _rate(append)) for _ in range(_ROUNDS)]
    await plain.close(timeout=5)
    limit, ours = (max(found) for found in zip(*rates, strict=True))
    return Value(Unit.RATE, ours, limit, "plain insert into an empty table")


async def _rate(work: Callable[[str, int], Awaitable[None]]) -> float:
    count, stream = 0, ""
    begin = time.perf_counter()
    while time.perf_counter() - begin < _APPEND_SECONDS:
        if count % _STREAM_LENGTH == 0:
            stream = uuid4().hex
        await work(stream, count % _STREAM_LENGTH + 1)
        count += 1
    return count / (time.perf_counter() - begin)


async def _seconds(act: Callable[[], Awaitable[object]]) -> float:
    begin = time.perf_counter()
    await act()
    return time.perf_counter() - begin
