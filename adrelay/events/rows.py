"""Events as rows of the stores."""

from collections.abc import AsyncGenerator, Mapping, Sequence
from datetime import datetime
from typing import Any, cast
from uuid import UUID

import asyncpg

from libs.eventsourcing.postgres import Connection, envelope_of
from libs.eventsourcing.record import START, Cursor, Envelope

_PAGE = 2000
_STORY = (
    "select position, id, stream, version, type, at, correlation_id, causation_id, actor from engine.events "
    "where correlation_id = any($1)"
)
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


class ToldEvent:
    """An event of a story, without its data: a row that is looked into where it is told.

    There can be very many of them, of which few are told.
    """

    __slots__ = ("_row",)

    def __init__(self, row: "asyncpg.Record | Mapping[str, Any]") -> None:
        self._row = row

    @property
    def id(self) -> UUID:
        """The event's id."""
        return cast("UUID", self._row["id"])

    @property
    def type(self) -> str:
        """What happened."""
        return cast("str", self._row["type"])

    @property
    def stream(self) -> str:
        """The stream that it is in."""
        return cast("str", self._row["stream"])

    @property
    def version(self) -> int:
        """Its number there."""
        return cast("int", self._row["version"])

    @property
    def position(self) -> int:
        """Its number in the store."""
        return cast("int", self._row["position"])

    @property
    def at(self) -> datetime:
        """When it was decided."""
        return cast("datetime", self._row["at"])

    @property
    def correlation_id(self) -> UUID:
        """The story."""
        return cast("UUID", self._row["correlation_id"])

    @property
    def causation_id(self) -> UUID:
        """What led to it."""
        return cast("UUID", self._row["causation_id"])

    @property
    def actor(self) -> str:
        """Who asked for it."""
        return cast("str", self._row["actor"])


async def story_events(connection: Connection, correlation_ids: Sequence[UUID]) -> list[ToldEvent]:
    """Return the events of stories."""
    rows = await connection.fetch(_STORY, list(correlation_ids))
    return [ToldEvent(row) for row in rows]


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
