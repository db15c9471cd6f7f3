"""The relay compared with raw atomic batches; the reader with a bare loop of fetch, upsert, checkpoint."""

import asyncio
import json
import time
from uuid import uuid4

from bench.ledger import ACCOUNTS, PAD, SERVICE, balances
from bench.measure import Line, Measure
from bench.relaying import last_of, relayed
from bench.servers import Servers, fill
from libs.eventsourcing import EventStream, Reader
from libs.eventsourcing.projections.tables import READ_MODELS
from libs.eventsourcing.store.connections import connect
from libs.eventsourcing.stream.subscription import Consumer
from libs.eventsourcing.values import Cursor, Envelope, new_id, utc_now

_BATCH = 1000
_STREAMS, _SINGLE = 100_000, 1000
_UPSERT = """
insert into bare as b select * from unnest($1::text[], $2::bigint[], $3::bigint[])
on conflict (account) do update set amount = b.amount + excluded.amount, events = b.events + excluded.events
"""


async def streaming(servers: Servers, events: int) -> list[Line]:
    """Fill a store, relay it, read it."""
    async with servers.stream() as raw:
        batches = await _raw_batches(raw, events)
    async with servers.stream() as crowded:
        alone, with_token = await _singly(crowded)
    async with servers.engine(read_models=(balances(),)) as engine, servers.stream() as stream:
        await fill(engine, events)
        end = await last_of(engine)
        with servers.profiled("relay"):
            seconds = await relayed(engine, stream)
        bare = await _bare_loop(servers, stream, events)
        reader = Reader(READ_MODELS, engine, stream, tables=engine.read_models)
        with servers.profiled("read model"):
            begin = time.perf_counter()
            reading = asyncio.create_task(reader.run())
            assert await reader.reached(SERVICE, end, 300)
            read = events / (time.perf_counter() - begin)
        reading.cancel()
        await asyncio.gather(reading, return_exceptions=True)
        assert await engine.pool.fetchval("select sum(events) from balances") == events
    peer = await servers.peer("project", "5")
    return [
        Measure("relay to the stream, durable", events / seconds, batches, "raw atomic batches", 0.75),
        Measure(f"one event a publish, {_STREAMS:,} streams there", with_token, alone, "bare publish"),
        Measure(
            "read model, exactly once",
            read,
            bare,
            "fetch + upsert + checkpoint",
            0.75,
            peer=peer,
            peer_is="pyeventsourcing",
        ),
    ]


async def _raw_batches(stream: EventStream, events: int) -> float:
    body = json.dumps({"id": str(uuid4()), "type": "Credited", "data": {"pad": PAD + "y" * 60}}).encode()
    begin = time.perf_counter()
    for _ in range(events // _BATCH):
        batch = uuid4().hex
        for number in range(1, _BATCH + 1):
            headers = {"Nats-Batch-Id": batch, "Nats-Batch-Sequence": str(number)}
            subject = f"{stream.root}.raw.Credited.account-{number}"
            if number == _BATCH:
                reply = await stream.nats.request(subject, body, headers=headers | {"Nats-Batch-Commit": "1"})
                assert "error" not in json.loads(reply.data), reply.data
            else:
                await stream.nats.publish(subject, body, headers=headers)
    return events / (time.perf_counter() - begin)


async def _singly(stream: EventStream) -> tuple[float, float]:
    """Return how many events per second are published singly to many subjects: bare, and with a token."""
    token = await publish_streams(stream, _STREAMS)
    events = [_event(_STREAMS + number) for number in range(2 * _SINGLE)]
    begin = time.perf_counter()
    for event in events[:_SINGLE]:
        await stream.nats.request(f"{stream.root}.raw.Credited.{event.stream}", event.to_json())
    bare = _SINGLE / (time.perf_counter() - begin)
    begin = time.perf_counter()
    for event in events[_SINGLE:]:
        await stream.publish(SERVICE, [event], token)
    return bare, _SINGLE / (time.perf_counter() - begin)


async def publish_streams(stream: EventStream, count: int) -> int:
    """Publish one event of each of this many streams, and return the fencing token."""
    token = await stream.acquire_token(SERVICE)
    for first in range(0, count, _BATCH):
        await stream.publish(SERVICE, [_event(first + number) for number in range(_BATCH)], token)
    return token


def _event(number: int) -> Envelope:
    data = json.dumps({"pad": PAD})
    place = Cursor(number + 1, number + 1)
    first = new_id()
    return Envelope(
        first, "Credited", 1, f"account-{number}", 1, place, utc_now(), first, first, "service:bench", data
    )


async def _bare_loop(servers: Servers, stream: EventStream, events: int) -> float:
    connection = await connect(await servers.postgres.ensure_database(f"bare_{uuid4().hex[:8]}"))
    await connection.execute("create table bare (account text primary key, amount bigint, events bigint)")
    await connection.execute("create table checkpoint (sequence bigint); insert into checkpoint values (0)")
    handled = 0
    begin = time.perf_counter()
    async with Consumer(stream, stream.subjects(None), 0) as consumer:
        while handled < events:
            arrivals = await consumer.batch(500)
            sums: dict[str, int] = {}
            for arrival in arrivals:
                account = json.loads(arrival.envelope.data)["account"]
                sums[account] = sums.get(account, 0) + 1
            counts = list(sums.values())
            async with connection.transaction():
                await connection.execute(_UPSERT, list(sums), counts, counts)
                await connection.execute("update checkpoint set sequence = $1", arrivals[-1].sequence)
            handled += len(arrivals)
    rate = events / (time.perf_counter() - begin)
    assert await connection.fetchval("select count(*) from bare") == ACCOUNTS
    await connection.close()
    return rate
