"""Appending one event per transaction: compared with a plain insert, and with pyeventsourcing."""

import asyncio
import json
import time
from collections.abc import Awaitable, Callable
from uuid import uuid4

import asyncpg

from bench.ledger import ACCOUNT, PAD, Credit
from bench.measure import Line, Measure
from bench.servers import Servers
from libs.eventsourcing import Causes, Engine
from libs.eventsourcing.store.connections import connect

_PLAIN = """
create table if not exists plain (
    position bigint generated always as identity primary key,
    xid xid8 not null default pg_current_xact_id(),
    stream text not null, version int not null, event_id uuid not null, type text not null,
    data jsonb not null,
    meta jsonb not null default '{}', at timestamptz not null default now(),
    unique (stream, version), unique (event_id)
)
"""
Work = Callable[[int, str, int], Awaitable[None]]
PLAIN_DATA = json.dumps({"account": "a", "amount": 1, "pad": PAD})
PLAIN_INSERT = "insert into plain (stream, version, event_id, type, data) values ($1, $2, $3, $4, $5)"


async def appending(servers: Servers, seconds: float) -> list[Line]:
    """Measure with one and with sixteen connections."""
    plain = [await plain_table(servers) for _ in range(16)]
    measures: list[Line] = []
    async with servers.engine() as engine:
        for connections in (1, 16):
            limit = await _rate(connections, seconds, _plainly(plain))
            with servers.profiled(f"append, {connections} at once"):
                ours = await _rate(connections, seconds, _ours(engine))
            peer = await servers.peer("append", str(connections), str(seconds))
            measures.append(
                Measure(
                    f"append, {connections} at once",
                    ours,
                    limit,
                    "plain insert",
                    0.8,
                    peer=peer,
                    peer_is="pyeventsourcing",
                )
            )
    for connection in plain:
        await connection.close()
    return measures


async def plain_table(servers: Servers) -> "asyncpg.Connection[asyncpg.Record]":
    """Return a connection to a database that holds a plain table like the engine's."""
    return await make_plain(await servers.postgres.ensure_database("bench_plain"))


async def make_plain(url: str) -> "asyncpg.Connection[asyncpg.Record]":
    """Return a connection to this database, with a plain table like the engine's."""
    connection = await connect(url)
    await connection.execute(_PLAIN)
    return connection


async def _rate(workers: int, seconds: float, work: Work) -> float:
    counts = [0] * workers
    end = time.perf_counter() + seconds

    async def run(number: int) -> None:
        stream, version = uuid4().hex[:12], 0
        while time.perf_counter() < end:
            version += 1
            if version > 50:
                stream, version = uuid4().hex[:12], 1
            await work(number, stream, version)
            counts[number] += 1

    begin = time.perf_counter()
    await asyncio.gather(*(run(number) for number in range(workers)))
    return sum(counts) / (time.perf_counter() - begin)


def _plainly(connections: "list[asyncpg.Connection[asyncpg.Record]]") -> Work:
    """Insert in a transaction, on one connection without checkout and reset."""

    async def insert(number: int, stream: str, version: int) -> None:
        connection = connections[number]
        async with connection.transaction():
            await connection.execute(PLAIN_INSERT, stream, version, uuid4(), "Credited", PLAIN_DATA)

    return insert


def _ours(engine: Engine) -> Work:
    async def append(number: int, stream: str, version: int) -> None:
        del number, version
        await engine.run(
            lambda unit: unit.execute(ACCOUNT, stream, Credit(stream)), Causes.first("bench"), grouped=True
        )

    return append
