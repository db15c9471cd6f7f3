"""Publishes stored events again: those missing at the stream's end, or all of them."""
# nats-py leaves parts of its interface untyped
# pyright: reportUnknownMemberType=false

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from nats.js.errors import NotFoundError

from libs.eventsourcing.model.envelope import Cursor
from libs.eventsourcing.projections.tables import ServiceTables
from libs.eventsourcing.relaying.last_published import last_published
from libs.eventsourcing.relaying.relay import Relay
from libs.eventsourcing.relaying.verify import waiting
from libs.eventsourcing.store.connections import Connection, close
from libs.eventsourcing.store.postgres import last_event
from libs.eventsourcing.store.restored_clusters import StreamAhead
from libs.eventsourcing.stream.event_stream import EventStream
from libs.eventsourcing.writing.engine import Engine

_LOOK_SECONDS = 0.1


@dataclass(frozen=True)
class Missing:
    """The events of a service's store that are not on the stream."""

    service: str
    stored: int
    missing: int
    published: Cursor
    """The last event on the stream."""
    last: Cursor
    """The last event of the store."""

    @property
    def ahead(self) -> bool:
        """The stream has events beyond the store, which must have lost them."""
        return self.published > self.last


async def missing(tables: ServiceTables, stream: EventStream) -> Missing:
    """Return the events of a service's store behind its last event on the stream; nothing is changed."""
    connection = await tables.connect()
    try:
        published = (await last_published(connection, stream, tables.service)).cursor
        return Missing(
            service=tables.service,
            stored=await _stored(connection),
            missing=await waiting(connection, published),
            published=published,
            last=await last_event(connection),
        )
    finally:
        await close(connection)


async def _stored(connection: Connection) -> int:
    return int(await connection.fetchval("select count(*) from engine.events"))


async def republish(
    tables: ServiceTables, stream: EventStream, *, report: Callable[[Missing], None] = lambda _: None
) -> Missing:
    """Return once the stream holds what the store held at the beginning.

    Where a relay of the service runs, it does the work, and this only waits; else this one does. Readers
    know by their checkpoints what they have handled, so nothing is done again. Raises `StreamAhead`.
    """
    wanted = await missing(tables, stream)
    report(wanted)
    if wanted.ahead:
        raise StreamAhead(tables.service, wanted.published, wanted.last)
    engine = Engine(tables.service, tables.url, tables.catalogue, application=tables.application)
    relay = Relay(engine, stream)
    relaying = asyncio.create_task(relay.run())
    try:
        while (now := await missing(tables, stream)).published < wanted.last:
            report(now)
            if relaying.done():
                relaying.result()
            await asyncio.sleep(_LOOK_SECONDS)
    finally:
        relaying.cancel()
        await asyncio.gather(relaying, return_exceptions=True)
    report(now)
    return now


async def renew(stream: EventStream) -> int:
    """Delete the stream and create an empty one, for the relays to fill; return how many events it held.

    The repair when the stream lost events in its middle. Relays notice within seconds; readers start at the
    new stream's beginning and skip what they have handled.
    """
    held = 0
    try:
        held = await stream.count()
        await stream.nats.jetstream().delete_stream(stream.name)
    except NotFoundError:
        pass  # so much the better
    await stream.ensure()
    return held
