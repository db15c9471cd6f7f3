"""Finds the last published event of a service, as its store confirms it."""

from uuid import UUID

from libs.eventsourcing.model.envelope import Cursor
from libs.eventsourcing.store.connections import Connection
from libs.eventsourcing.store.postgres import last_event
from libs.eventsourcing.stream.event_stream import EventStream
from libs.eventsourcing.stream.publishing import Published

_FIND = "select xid::text as xid, position from engine.events where id = $1"


async def last_published(connection: Connection, stream: EventStream, service: str) -> Published:
    """Return the last event of a service on the stream, skipping messages that its store denies.

    An event beyond everything stored is returned all the same: the store may have lost it, see `refuse_lost`.
    """
    stored = await last_event(connection, hidden=True)

    async def holds(event: UUID, published: Published) -> bool:
        row = await connection.fetchrow(_FIND, event)
        return row is not None and Cursor(int(row["xid"]), row["position"]) == published.cursor

    async def known(event: UUID, published: Published) -> bool:
        if published.cursor > stored:
            return True
        if not await holds(event, published):
            return False
        # an old event may have been published again: then a later one stands before it
        before = await stream.shortly_before(service, published.sequence)
        later = [(other, one) for other, one in before if one.cursor > published.cursor]
        return not any([await holds(other, one) for other, one in later])

    return await stream.last(service, known)
