"""Events as rows of the stores."""

from collections.abc import AsyncGenerator, Sequence
from uuid import UUID

from libs.eventsourcing.postgres import Connection, envelope_of
from libs.eventsourcing.record import START, Cursor, Envelope

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


async def story_events(connection: Connection, correlation_ids: Sequence[UUID]) -> list[Envelope]:
    """Return the events of stories; their `data` is left empty, for there can be very many."""
    rows = await connection.fetch(
        f"select {_COLUMNS}, '' as data from engine.events where correlation_id = any($1)",  # noqa: S608 - a constant
        list(correlation_ids),
    )
    return [envelope_of(row) for row in rows]


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
