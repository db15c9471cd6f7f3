"""The events on a stream, compared with those in a store."""

from uuid import UUID

from libs.eventsourcing import Engine, EventStream, Relay
from libs.eventsourcing.store.postgres import PostgresStore, last_event
from libs.eventsourcing.stream.subscription import Consumer
from libs.eventsourcing.values import START, Cursor, Envelope
from tests.support.waiting import until


async def events_on_stream(stream: EventStream) -> list[Envelope]:
    """Return all events on the stream, in its order."""
    count = await stream.count()
    found: list[Envelope] = []
    if count:
        async with Consumer(stream, stream.subjects(None), 0) as consumer:
            while len(found) < count:
                found += [arrival.envelope for arrival in await consumer.batch(1000)]
    return found


async def events_in_store(engine: Engine) -> list[Envelope]:
    """Return all events of the store, in its order."""
    async with engine.pool.acquire() as connection:
        store = PostgresStore(connection, engine.catalogue)
        return await store.between(START, await last_event(connection), None, 1_000_000)


async def ids_on_stream(stream: EventStream) -> list[UUID]:
    """Return the ids of all events on the stream, in its order."""
    return [envelope.id for envelope in await events_on_stream(stream)]


async def ids_in_store(engine: Engine) -> list[UUID]:
    """Return the ids of all events of the store, in its order."""
    return [envelope.id for envelope in await events_in_store(engine)]


async def stream_matches_store(engine: Engine, stream: EventStream) -> bool:
    """Return whether the stream has the store's events, in the same order, each once."""
    return await ids_on_stream(stream) == await ids_in_store(engine)


async def published_up_to(relay: Relay, cursor: Cursor) -> None:
    """Wait until a relay knows that it has published this event last: the stream holds it sooner."""

    async def known() -> bool:
        return relay.published == cursor

    await until(known, why=f"the relay to come to {cursor}")
