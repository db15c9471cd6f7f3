"""Finds the last published event of a service, as its store confirms it."""

from uuid import UUID

from libs.eventsourcing.model.catalogue import EventCatalogue
from libs.eventsourcing.model.envelope import Cursor
from libs.eventsourcing.store.connections import Connection
from libs.eventsourcing.store.postgres import PostgresStore, last_event
from libs.eventsourcing.stream.event_stream import EventStream
from libs.eventsourcing.stream.publishing import Published

_FIND = "select xid::text as xid, position from engine.events where id = $1"


async def last_published(
    connection: Connection, catalogue: EventCatalogue, stream: EventStream, service: str
) -> Published:
    """Return the last event of a service on the stream, skipping messages that its store denies.

    An event beyond everything stored is returned all the same: the store may have lost it, see `refuse_lost`.
    """
    store = PostgresStore(connection, catalogue)
    stored = await last_event(connection, hidden=True)

    async def known(event: UUID, published: Published) -> bool:
        if published.cursor > stored:
            return True
        row = await connection.fetchrow(_FIND, event)
        if row is None or Cursor(int(row["xid"]), row["position"]) != published.cursor:
            return False
        # an old event may have been published again: then the one that follows it stands before it
        following = await store.read(published.cursor, 1)
        return not following or not await stream.holds_before(service, following[0], published.sequence)

    return await stream.last(service, known)
