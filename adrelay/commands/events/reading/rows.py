"""Events as rows of the stores."""

from collections.abc import AsyncGenerator, Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from libs.eventsourcing import START, Cursor, Envelope
from libs.eventsourcing.store.connections import Connection
from libs.eventsourcing.store.postgres import envelope_of

_PAGE = 2000
_COLUMNS = (
    "position, xid::text as xid, id, stream, version, type, schema, at, correlation_id, causation_id, actor"
)


async def stream_events(connection: Connection, stream: str) -> list[Envelope]:
    """Return a stream's events in order."""
    rows = await connection.fetch(
        f"select {_COLUMNS}, data::text as data from engine.events where stream = $1 order by version",  # noqa: S608 - a constant
        stream,
    )
    return [envelope_of(row) for row in rows]


class ToldEvent(NamedTuple):
    """An event of a story, without its data, for there can be very many."""

    id: UUID
    type: str
    stream: str
    version: int
    position: int
    at: datetime
    correlation_id: UUID
    causation_id: UUID
    actor: str


_STORY = f"select {', '.join(ToldEvent._fields)} from engine.events where correlation_id = any($1)"  # noqa: S608 - constants


async def story_events(connection: Connection, correlation_ids: Sequence[UUID]) -> list[ToldEvent]:
    """Return the events of stories."""
    rows = await connection.fetch(_STORY, list(correlation_ids))
    return [ToldEvent._make(row) for row in rows]


async def data_of(connection: Connection, ids: Sequence[UUID]) -> dict[UUID, str]:
    """Return the data of these events."""
    rows = await connection.fetch(
        "select id, data::text as data from engine.events where id = any($1)", list(ids)
    )
    return {row["id"]: row["data"] for row in rows}


async def every_event(connection: Connection) -> AsyncGenerator[Envelope]:
    """Return all events of a store in its order. Only within a transaction, whose snapshot they are."""
    query = (
        f"select {_COLUMNS}, data::text as data from engine.events "  # noqa: S608 - a constant
        "order by events.xid, events.position"
    )
    async for row in connection.cursor(query, prefetch=_PAGE):
        yield envelope_of(row)


async def last_cursor(connection: Connection) -> Cursor:
    """Return the place of a store's last event."""
    row = await connection.fetchrow(
        "select xid::text as xid, position from engine.events "
        "order by events.xid desc, events.position desc limit 1"
    )
    return START if row is None else Cursor(int(row["xid"]), row["position"])
