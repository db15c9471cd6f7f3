"""Queries of stored events: of a stream, of a correlated tree, of all, and by ids."""

from collections.abc import AsyncGenerator, Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from libs.eventsourcing.model.envelope import Envelope
from libs.eventsourcing.store.connections import Connection
from libs.eventsourcing.store.postgres import EVENT_COLUMNS, envelope_of

_PAGE = 2000


class EventSummary(NamedTuple):
    """An event without its data; a correlated tree can have very many."""

    id: UUID
    type: str
    stream: str
    version: int
    position: int
    at: datetime
    correlation_id: UUID
    causation_id: UUID
    actor: str


class StreamInTree(NamedTuple):
    """A stream, a correlated tree in which it has events, and the first of these."""

    stream: str
    correlation_id: UUID
    began: datetime


_SUMMARY = f"select {', '.join(EventSummary._fields)} from engine.events"  # noqa: S608 - constants
_STREAM = f"select {EVENT_COLUMNS} from engine.events where stream = $1 order by version"  # noqa: S608 - constants
_ALL = f"""
select {EVENT_COLUMNS} from engine.events order by events.xid, events.position
"""  # noqa: S608 - constants
_TREES_OF_STREAMS = """
select stream, correlation_id, min(at) as began from engine.events
where stream = any($1) group by stream, correlation_id order by began desc limit $2
"""
_STREAMS_OF_TREE = """
select stream, min(at) as began from engine.events where correlation_id = $1
group by stream order by began limit $2
"""
_SAYING = """
select stream from engine.events where type = $1 and data->>$2 = any($3) order by position desc limit $4
"""
_TEXTS = """
select stream, data->>$2 as text from engine.events
where stream = any($3) and version = 1 and type = $1 and data->>$2 is not null
"""


async def events_of_stream(connection: Connection, stream: str) -> list[Envelope]:
    """Return a stream's events in order."""
    return [envelope_of(row) for row in await connection.fetch(_STREAM, stream)]


async def all_events(connection: Connection) -> AsyncGenerator[Envelope]:
    """Yield all events of a store in its order. Call it within a transaction, whose snapshot is read."""
    async for row in connection.cursor(_ALL, prefetch=_PAGE):
        yield envelope_of(row)


async def events_of_trees(connection: Connection, correlation_ids: Sequence[UUID]) -> list[EventSummary]:
    """Return the events of correlated trees, in no order."""
    rows = await connection.fetch(f"{_SUMMARY} where correlation_id = any($1)", list(correlation_ids))
    return [EventSummary._make(row) for row in rows]


async def events_of_tree(
    connection: Connection, correlation_id: UUID, limit: int
) -> tuple[list[EventSummary], int]:
    """Return the first events of a correlated tree, in order, and how many there are."""
    query = f"{_SUMMARY} where correlation_id = $1 order by at, position limit $2"
    rows = await connection.fetch(query, correlation_id, limit)
    count = len(rows)
    if count == limit:
        count = await connection.fetchval(
            "select count(*) from engine.events where correlation_id = $1", correlation_id
        )
    return [EventSummary._make(row) for row in rows], count


async def envelope_of_id(connection: Connection, event: UUID) -> Envelope | None:
    """Return the event of this id with its data, None if the store has none."""
    query = f"select {EVENT_COLUMNS} from engine.events where id = $1"  # noqa: S608 - constants
    row = await connection.fetchrow(query, event)
    return None if row is None else envelope_of(row)


async def event_of_id(connection: Connection, event: UUID) -> EventSummary | None:
    """Return the event of this id, None if the store has none."""
    row = await connection.fetchrow(f"{_SUMMARY} where id = $1", event)
    return None if row is None else EventSummary._make(row)


async def data_of_events(connection: Connection, events: Sequence[UUID]) -> dict[UUID, str]:
    """Return the data of events as JSON, by event id."""
    rows = await connection.fetch(
        "select id, data::text as data from engine.events where id = any($1)", list(events)
    )
    return {row["id"]: row["data"] for row in rows}


async def correlation_of_stream(connection: Connection, stream: str) -> UUID | None:
    """Return the correlation id under which a stream began, None if the stream is unknown."""
    found: UUID | None = await connection.fetchval(
        "select correlation_id from engine.events where stream = $1 and version = 1", stream
    )
    return found


async def is_correlation_id(connection: Connection, correlation_id: UUID) -> bool:
    """Return whether any event of the store has this correlation id."""
    query = "select exists (select from engine.events where correlation_id = $1)"
    return bool(await connection.fetchval(query, correlation_id))


async def trees_of_streams(
    connection: Connection, streams: Sequence[str], *, limit: int | None = None
) -> list[StreamInTree]:
    """Return the correlated trees in which streams have events, the latest first."""
    rows = await connection.fetch(_TREES_OF_STREAMS, list(streams), limit)
    return [StreamInTree._make(row) for row in rows]


async def streams_of_tree(connection: Connection, correlation_id: UUID, limit: int) -> list[str]:
    """Return the first streams in which a correlated tree has events."""
    return [row["stream"] for row in await connection.fetch(_STREAMS_OF_TREE, correlation_id, limit)]


async def streams_saying(
    connection: Connection, kind: str, field: str, values: Sequence[str], *, limit: int, seconds: float
) -> list[str]:
    """Return the streams whose events of a type hold one of these values in a field, the latest first.

    No index helps: raises `TimeoutError` where it takes longer than `seconds`.
    """
    rows = await connection.fetch(_SAYING, kind, field, list(values), limit, timeout=seconds)
    return [row["stream"] for row in rows]


async def texts_in_streams(
    connection: Connection, kind: str, field: str, streams: Sequence[str]
) -> dict[str, str]:
    """Return the text of a field in the first event of each stream that begins with this type and has it.

    The data is read as it is stored, whatever its schema.
    """
    rows = await connection.fetch(_TEXTS, kind, field, list(streams))
    return {row["stream"]: row["text"] for row in rows}
