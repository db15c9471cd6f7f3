"""What may grow with history: a decision on a long schedule, and the search for a service's last event."""
# nats-py leaves parts of its interface untyped
# pyright: reportUnknownMemberType=false

import time
from collections.abc import Awaitable, Callable
from uuid import uuid4

from bench.ledger import SERVICE
from bench.measure import Duration, Line
from bench.servers import Servers
from bench.streaming import publish_streams
from libs.events.catalogue import published
from libs.events.values import AdbotId, CycleId
from libs.eventsourcing import Causes, Engine, UnitOfWork
from services.scheduler.schedule.commands import EndWithSource
from services.scheduler.schedule.domain import SCHEDULE

_CYCLES = (1_000, 10_000, 100_000)
"""A week, ten weeks and two years of an adbot that posts every ten minutes."""
_STREAMS = (1_000, 100_000, 1_000_000)
_REPEATS = 9
_FILL = """
insert into engine.events
    (id, stream, version, type, schema, at, correlation_id, causation_id, actor, data)
select gen_random_uuid(), 'schedule-' || $1::text, n, kind, schema, now() + n * interval '1 millisecond',
       gen_random_uuid(), gen_random_uuid(), 'service:scheduler',
       data || jsonb_build_object('adbot', $1::text)
from (
    select 1 as n, 'AdvertisementSet' as kind, 1 as schema,
           '{"post": {"kind": "text", "text": "post"}, "groups": ["@group"]}'::jsonb as data
    union all select 2, 'AdbotStarted', 2,
           '{"started_at": "2026-01-01T00:00:00Z", "anchor": "2026-01-01T00:00:00Z", "interval_seconds": 600}'
    union all select n + 2, 'CycleDue', 2, jsonb_build_object(
        'cycle', case when n = $2 then $3::text else gen_random_uuid()::text end,
        'account', $1::text, 'number', n,
        'due_at', '2026-01-01T00:00:00Z'::timestamptz + n * interval '10 min',
        'next_due', '2026-01-01T00:10:00Z'::timestamptz + n * interval '10 min',
        'post', '{"kind": "text", "text": "post"}'::jsonb, 'groups', '["@group"]'::jsonb,
        'seats', '[]'::jsonb, 'pacing', '{"delay_seconds": 10, "jitter_seconds": 0}'::jsonb)
    from generate_series(1, $2::integer) as n
) as made
"""
_BARE = "select data::text from engine.events where stream = $1 order by version desc limit 1"


async def growing(servers: Servers) -> list[Line]:
    """Measure with ever longer histories: each line should be as good as the one before it."""
    return [*await _schedules(servers), *await _streams(servers)]


async def _schedules(servers: Servers) -> list[Line]:
    return [await _schedule(servers, cycles) for cycles in _CYCLES]


async def _schedule(servers: Servers, cycles: int) -> Line:
    adbot, last = AdbotId(uuid4()), CycleId(uuid4())
    async with servers.engine(service="scheduler", catalogue=published(), size=2) as engine:
        await engine.pool.execute(_FILL, str(adbot), cycles, str(last), timeout=300)
        await engine.pool.execute("vacuum analyze engine.events", timeout=300)
        stream = f"schedule-{adbot}"

        async def load(unit: UnitOfWork) -> object:
            return await unit.load(SCHEDULE, adbot)

        async def stop(unit: UnitOfWork) -> object:
            return await unit.execute(SCHEDULE, adbot, EndWithSource(last, "BENCH", unit.at))

        async def bare(unit: UnitOfWork) -> object:
            return await unit.flushed.fetchval(_BARE, stream)

        whole = await _cold(engine, load)
        await _cold(engine, stop)  # an event that follows a long fold brings a snapshot
        row = [await _cold(engine, bare) for _ in range(_REPEATS)]
        ours = [await _cold(engine, load) for _ in range(_REPEATS)]
    print(f"grow: {cycles:,} cycles without a snapshot are folded in {whole * 1000:,.0f} ms")
    return Duration(f"cold load of a schedule, {cycles:,} cycles", ours, row, "one row", at_most=None)


async def _cold(made: Engine, work: Callable[[UnitOfWork], Awaitable[object]]) -> float:
    """Return how many seconds a unit of work takes in an engine that has just started."""
    engine = Engine("scheduler", made.tables.url, published())
    await engine.start(pool_size=1)
    try:
        return await _seconds(lambda: engine.run(work, Causes.first("service:bench")))
    finally:
        await engine.stop()


async def _streams(servers: Servers) -> list[Line]:
    return [await _last_event(servers, streams) for streams in _STREAMS]


async def _last_event(servers: Servers, streams: int) -> Line:
    async with servers.stream() as stream:
        await publish_streams(stream, streams)
        jetstream = stream.nats.jetstream()
        last = [await _seconds(lambda: stream.last(SERVICE)) for _ in range(_REPEATS)]
        bare = [await _seconds(lambda: jetstream.stream_info(stream.name)) for _ in range(_REPEATS)]
        state = (await jetstream.stream_info(stream.name, subjects_filter=stream.patterns("")[0])).state
        print(f"grow: {streams:,} streams of one event each are on {len(state.subjects or {})} subjects")
        await jetstream.delete_stream(stream.name)
    return Duration(f"a service's last event, {streams:,} streams", last, bare, "stream info", at_most=None)


async def _seconds(act: Callable[[], Awaitable[object]]) -> float:
    begin = time.perf_counter()
    await act()
    return time.perf_counter() - begin
