"""What a stream holds, compared with what a store holds."""

from uuid import UUID

from libs.eventsourcing import Engine, EventStream
from libs.eventsourcing.store.postgres import PostgresStore, last_event
from libs.eventsourcing.stream.subscription import Consumer
from libs.eventsourcing.values import START, Envelope


async def held(stream: EventStream) -> list[Envelope]:
    """Return all events on the stream, in its order."""
    count = await stream.count()
    found: list[Envelope] = []
    if count:
        async with Consumer(stream, stream.subjects(None), 0) as consumer:
            while len(found) < count:
                found += [arrival.envelope for arrival in await consumer.batch(1000)]
    return found


async def stored(engine: Engine) -> list[Envelope]:
    """Return all events of the store, in its order."""
    async with engine.pool.acquire() as connection:
        store = PostgresStore(connection, engine.catalogue)
        return await store.between(START, await last_event(connection), None, 1_000_000)


async def ids_held(stream: EventStream) -> list[UUID]:
    """Return the ids of all events on the stream, in its order."""
    return [envelope.id for envelope in await held(stream)]


async def ids_stored(engine: Engine) -> list[UUID]:
    """Return the ids of all events of the store, in its order."""
    return [envelope.id for envelope in await stored(engine)]


async def same(engine: Engine, stream: EventStream) -> bool:
    """Say whether the stream holds what the store does, in the same order, each once."""
    return await ids_held(stream) == await ids_stored(engine)
