"""Reading a store from its beginning: bare keyset pages, pages of decoded events, the peer."""

import time

from bench.ledger import CATALOGUE
from bench.measure import Measure
from bench.servers import Servers, fill
from libs.eventsourcing.postgres import PostgresStore
from libs.eventsourcing.record import START

_PAGE = 2000


async def rebuilding(servers: Servers, events: int) -> list[Measure]:
    """Measure reading and decoding."""
    async with servers.engine() as engine, engine.pool.acquire() as connection:
        await fill(engine, events)
        begin, position, got = time.perf_counter(), 0, 0
        while rows := await connection.fetch(
            "select position, stream, version, id, type, data, at from engine.events "
            "where position > $1 order by position limit $2",
            position,
            _PAGE,
        ):
            position, got = rows[-1]["position"], got + len(rows)
        limit = got / (time.perf_counter() - begin)
        store, cursor, got = PostgresStore(connection, CATALOGUE), START, 0
        begin = time.perf_counter()
        while page := await store.read(cursor, _PAGE):
            for envelope in page:
                CATALOGUE.decode(envelope.type, envelope.schema, envelope.data)
            cursor, got = page[-1].cursor, got + len(page)
        ours = got / (time.perf_counter() - begin)
        assert got == events
    peer = await servers.peer("read", str(min(events, 20_000)))
    return [
        Measure(
            "read and decode the store",
            ours,
            limit,
            "keyset read",
            0.0,
            at_least=50_000,
            peer=peer,
            peer_is="pyeventsourcing",
        )
    ]
