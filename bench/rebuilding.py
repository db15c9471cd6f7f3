"""Reading a whole store, and rebuilding projections from it and from the stream."""
# nats-py leaves parts of its interface untyped
# pyright: reportUnknownMemberType=false

import json
import time
from uuid import uuid4

import asyncpg

from bench.history import History
from bench.ledger import CATALOGUE, UPSERT, balances
from bench.measure import Line, Measure
from bench.relaying import last_of, relayed
from bench.servers import Servers, copy, fill
from libs.events.catalogue import published
from libs.eventsourcing import Engine, EventStream
from libs.eventsourcing.operations.rebuilding import rebuild
from libs.eventsourcing.projections.tables import READ_MODELS
from libs.eventsourcing.store.connections import Connection, connect
from libs.eventsourcing.store.postgres import PostgresStore
from libs.eventsourcing.values import START, Cursor, utc_now
from services.gateway.tables.orders import ORDERS

_PAGE = 2000
_EVENTS_AN_ORDER = 5
_KEYSET = (
    "select position, stream, version, id, type, data::text as data, at from engine.events "
    "where position > $1 order by position limit $2"
)


async def rebuilding(servers: Servers, events: int) -> list[Line]:
    """Measure reading and decoding, a state table from the store, a read model from the stream."""
    async with servers.engine(state_tables=(balances(),)) as engine:
        await fill(engine, events)
        await engine.pool.execute("create unique index on engine.events (position)")
        async with engine.pool.acquire() as connection:
            limit = await _keyset(connection, events)
            with servers.profiled("read and decode the store"):
                decoded = await _decoded(connection, events)
        bare = await _bare_fold(engine, events)
        with servers.profiled("rebuild a ledger"):
            begin = time.perf_counter()
            await rebuild(engine.tables, engine.state_tables[0])
            ledger = events / (time.perf_counter() - begin)
        assert await engine.pool.fetchval("select sum(events) from balances") == events
    peer = await servers.peer("read", str(min(events, 20_000)))
    return [
        Measure(
            "read and decode the store",
            decoded,
            limit,
            "keyset read",
            at_least=50_000,
            peer=peer,
            peer_is="pyeventsourcing",
        ),
        Measure(
            "rebuild a ledger from the store",
            ledger,
            limit,
            "keyset read",
            peer=bare,
            peer_is="a bare loop with the same upserts",
        ),
        await _orders(servers, events // 2),
    ]


async def _keyset(connection: Connection, events: int) -> float:
    begin, position, got = time.perf_counter(), 0, 0
    while rows := await connection.fetch(_KEYSET, position, _PAGE):
        position, got = rows[-1]["position"], got + len(rows)
    assert got == events
    return got / (time.perf_counter() - begin)


async def _decoded(connection: Connection, events: int) -> float:
    store, cursor, got = PostgresStore(connection, CATALOGUE), START, 0
    begin = time.perf_counter()
    while page := await store.read(cursor, _PAGE):
        for envelope in page:
            CATALOGUE.decode(envelope.type, envelope.schema, envelope.data)
        cursor, got = page[-1].cursor, got + len(page)
    assert got == events
    return got / (time.perf_counter() - begin)


async def _bare_fold(engine: Engine, events: int) -> float:
    """Read, decode as plain JSON, upsert: the cost of a table's statements alone."""
    connection: asyncpg.Connection[asyncpg.Record] = await connect(engine.tables.url, schemas=["bare"])
    await connection.execute("create schema bare")
    await connection.execute(engine.state_tables[0].ddl)
    begin, position = time.perf_counter(), 0
    while rows := await connection.fetch(_KEYSET, position, _PAGE):
        async with connection.transaction():
            credits_ = [json.loads(row["data"]) for row in rows]
            await connection.executemany(UPSERT, [(one["account"], one["amount"]) for one in credits_])
        position = rows[-1]["position"]
    rate = events / (time.perf_counter() - begin)
    await connection.close()
    return rate


async def _orders(servers: Servers, events: int) -> Line:
    """Rebuild the gateway's orders from billing's events."""
    history = History.of_orders(events // _EVENTS_AN_ORDER, now=utc_now())
    async with (
        servers.stream() as stream,
        servers.engine(service="billing", catalogue=published(), size=2) as billing,
        servers.engine(service="gateway", catalogue=published(), read_models=(ORDERS,), size=2) as gateway,
    ):
        await copy(billing, history)
        await relayed(billing, stream)
        cursor = await last_of(billing)
        await _store_checkpoint(gateway, cursor)
        last = (await stream.last("billing")).sequence
        limit = await _bare_read(stream, last)
        with servers.profiled("rebuild the gateway's orders"):
            begin = time.perf_counter()
            await rebuild(gateway.tables, ORDERS, stream=stream)
            rate = last / (time.perf_counter() - begin)
        assert await gateway.pool.fetchval("select count(*) from orders") == len(history.orders)
    return Measure("rebuild the gateway's orders from the stream", rate, limit, "bare read of the stream")


async def _store_checkpoint(gateway: Engine, cursor: Cursor) -> None:
    """Store the checkpoints of the running orders at the end: a rebuild never goes beyond them."""
    await gateway.pool.execute(
        "insert into engine.checkpoints (reader, source, xid, position) values ($1, 'billing', $2, $3)",
        READ_MODELS,
        *cursor,
    )


async def _bare_read(stream: EventStream, last: int) -> float:
    """Read the stream in chunks directly from its storage, without decoding."""
    inbox = f"_INBOX.{uuid4().hex}"
    subscription = await stream.nats.subscribe(inbox, pending_bytes_limit=-1)
    begin, after = time.perf_counter(), 0
    while after < last:
        request = json.dumps({"seq": after + 1, "batch": 1000, "max_bytes": 4 * 1024 * 1024}).encode()
        await stream.nats.publish(f"$JS.API.DIRECT.GET.{stream.name}", request, reply=inbox)
        while (headers := (await subscription.next_msg(5)).headers or {}).get("Status") is None:
            after = int(headers["Nats-Sequence"])
    rate = last / (time.perf_counter() - begin)
    await subscription.unsubscribe()
    return rate
