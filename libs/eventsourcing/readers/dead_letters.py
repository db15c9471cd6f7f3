"""Dead letters: events that a reader could not handle, and those that follow them in their streams."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple, cast
from uuid import UUID

import asyncpg

from libs.eventsourcing.model.envelope import Cursor, Envelope
from libs.eventsourcing.model.limits import MAX_UNIT_EVENTS
from libs.eventsourcing.store.connections import Connection

FOLLOWS = "follows a parked event of the same stream"
"""The error of an event that was not tried. It is stored, so the older word stays."""

_COLUMNS = "reader, source, xid, position, stream, envelope::text as envelope, error, at"


class SourceStream(NamedTuple):
    """A stream in one service's events."""

    source: str
    stream: str


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """An event that its reader does not handle for now, the error, and when it happened."""

    reader: str
    source_stream: SourceStream
    envelope: Envelope
    error: str
    at: datetime
    asked: bool
    """An operator has requested a retry that the reader has not done yet."""


class DeadLetters:
    """One reader's dead letters. All statements run in the transaction of the connection they are given."""

    def __init__(self, reader: str) -> None:
        self._reader = reader
        self._blocked: set[SourceStream] = set()
        self._dropped: set[tuple[str, Cursor]] = set()

    async def load(self, connection: Connection) -> None:
        """Load the blocked streams and the dropped events."""
        rows = await connection.fetch(
            "select distinct source, stream from engine.parked where reader = $1", self._reader
        )
        self._blocked = {SourceStream(row["source"], row["stream"]) for row in rows}
        rows = await connection.fetch(
            "select source, xid, position from engine.dropped where reader = $1", self._reader
        )
        self._dropped = {(row["source"], Cursor(row["xid"], row["position"])) for row in rows}

    def __bool__(self) -> bool:
        """Return whether any stream is blocked."""
        return bool(self._blocked)

    def was_dropped(self, source: str, cursor: Cursor) -> bool:
        """Return whether an operator had dropped this event when the reader last loaded."""
        return (source, cursor) in self._dropped

    def blocks(self, source_stream: SourceStream) -> bool:
        """Return whether a dead letter blocks this stream."""
        return source_stream in self._blocked

    def block(self, source_stream: SourceStream) -> None:
        """Block a stream, once its first dead letter is committed."""
        self._blocked.add(source_stream)

    async def add(
        self, connection: Connection, source: str, envelope: Envelope, error: str = FOLLOWS
    ) -> None:
        """Store a dead letter; without an error it only follows another."""
        await connection.execute(
            "insert into engine.parked (reader, source, xid, position, stream, envelope, error) "
            "values ($1, $2, $3, $4, $5, $6::text::jsonb, $7)",
            self._reader,
            source,
            *envelope.cursor,
            envelope.stream,
            envelope.to_json().decode(),
            error,
        )

    async def retry_requests(self, connection: Connection) -> list[SourceStream]:
        """Return the streams of which a retry was requested, the oldest request first."""
        rows = await connection.fetch(
            "select source, stream from engine.retries where reader = $1 order by asked_at", self._reader
        )
        return [SourceStream(row["source"], row["stream"]) for row in rows]

    async def first_unit(self, connection: Connection, source_stream: SourceStream) -> list[Envelope]:
        """Return a stream's first dead letters that one unit of work appended, none if none is left."""
        rows = await connection.fetch(
            "select envelope::text as envelope from engine.parked "
            "where reader = $1 and source = $2 and stream = $3 and xid = ("
            "    select min(xid) from engine.parked where reader = $1 and source = $2 and stream = $3"
            ") order by position limit $4",
            self._reader,
            *source_stream,
            MAX_UNIT_EVENTS,
        )
        envelopes = [Envelope.from_json(cast("str", row["envelope"])) for row in rows]
        return [one for one in envelopes if one.same_unit(envelopes[0])]

    async def remove(self, connection: Connection, source: str, cursor: Cursor) -> None:
        """Delete the dead letter of an event that was handled."""
        await connection.execute(
            "delete from engine.parked where reader = $1 and source = $2 and xid = $3 and position = $4",
            self._reader,
            source,
            *cursor,
        )

    async def failed_again(
        self, connection: Connection, source_stream: SourceStream, cursor: Cursor, error: Exception
    ) -> None:
        """Store the new error of an event, and end the request: its stream stays blocked."""
        await connection.execute(
            "update engine.parked set error = $5, at = now() "
            "where reader = $1 and source = $2 and xid = $3 and position = $4",
            self._reader,
            source_stream.source,
            *cursor,
            repr(error),
        )
        await self.forget_request(connection, source_stream)

    async def forget_request(self, connection: Connection, source_stream: SourceStream) -> None:
        """End the request to retry a stream."""
        await connection.execute(
            "delete from engine.retries where reader = $1 and source = $2 and stream = $3",
            self._reader,
            *source_stream,
        )

    def unblock(self, source_stream: SourceStream) -> None:
        """Unblock a stream, once the deletion of its last dead letter is committed."""
        self._blocked.discard(source_stream)


# -- for operators, from any process


_LETTERS = f"""
select {_COLUMNS}, exists (
    select from engine.retries as asked
    where asked.reader = parked.reader and asked.source = parked.source and asked.stream = parked.stream
) as asked
from engine.parked
"""  # noqa: S608 - a constant
_BLOCKED = f"""
select first.*, blocked.letters from (
    select reader, source, stream, count(*) as letters, min(at) as since from engine.parked
    group by reader, source, stream order by since, reader, source, stream limit $1
) as blocked
join lateral (
    {_LETTERS}
    where parked.reader = blocked.reader and parked.source = blocked.source and parked.stream = blocked.stream
    order by xid, position limit 1
) as first on true
order by blocked.since, reader, source, stream
"""  # noqa: S608 - a constant


_REQUEST_ALL = """
with blocked as (select distinct reader, source, stream from engine.parked),
asked as (insert into engine.retries (reader, source, stream) select * from blocked on conflict do nothing)
select count(*) from blocked
"""
_DROP_FROM = """
with of_stream as (
    select xid, position, envelope->>'id' as event from engine.parked
    where reader = $1 and source = $2 and stream = $3
),
chosen as (
    select of_stream.xid, of_stream.position from of_stream
    join of_stream as first on first.event = $4 and (
        (of_stream.xid, of_stream.position) = (first.xid, first.position)
        or $5 and (of_stream.xid, of_stream.position) > (first.xid, first.position)
    )
),
gone as (
    delete from engine.parked using chosen
    where reader = $1 and source = $2
        and (parked.xid, parked.position) = (chosen.xid, chosen.position)
    returning parked.xid, parked.position
),
kept as (
    insert into engine.dropped (reader, source, xid, position)
    select $1, $2, xid, position from gone on conflict do nothing
)
select count(*) from gone
"""


async def list_dead_letters(connection: Connection) -> list[DeadLetter]:
    """Return the dead letters of all readers in a store, each stream's in order."""
    rows = await connection.fetch(f"{_LETTERS} order by reader, source, stream, xid, position")
    return [_letter(row) for row in rows]


async def dead_letters_of(
    connection: Connection, reader: str, source_stream: SourceStream, limit: int
) -> list[DeadLetter]:
    """Return a reader's first dead letters of a stream, in order."""
    rows = await connection.fetch(
        f"{_LETTERS} where reader = $1 and source = $2 and stream = $3 order by xid, position limit $4",
        reader,
        *source_stream,
        limit,
    )
    return [_letter(row) for row in rows]


async def first_dead_letters(connection: Connection, limit: int) -> list[tuple[DeadLetter, int]]:
    """Return the first dead letter of each blocked stream and how many the stream has, the oldest first."""
    rows = await connection.fetch(_BLOCKED, limit)
    return [(_letter(row), cast("int", row["letters"])) for row in rows]


def _letter(row: asyncpg.Record) -> DeadLetter:
    return DeadLetter(
        reader=row["reader"],
        source_stream=SourceStream(row["source"], row["stream"]),
        envelope=Envelope.from_json(row["envelope"]),
        error=row["error"],
        at=row["at"],
        asked=row["asked"],
    )


async def request_retry(connection: Connection, reader: str, source_stream: SourceStream) -> None:
    """Request that a reader retries a stream's dead letters in order; it looks twice a second."""
    await connection.execute(
        "insert into engine.retries (reader, source, stream) values ($1, $2, $3) on conflict do nothing",
        reader,
        *source_stream,
    )


async def retry_is_requested(connection: Connection, reader: str, source_stream: SourceStream) -> bool:
    """Return whether a requested retry is still to be done."""
    return bool(
        await connection.fetchval(
            "select exists (select from engine.retries where reader = $1 and source = $2 and stream = $3)",
            reader,
            *source_stream,
        )
    )


async def drop(connection: Connection, letters: Sequence[DeadLetter]) -> int:
    """Drop dead letters for ever, request a retry of what follows them, and return how many were dropped."""
    dropped = 0
    async with connection.transaction():
        for letter in letters:
            key = (letter.reader, letter.source_stream.source, *letter.envelope.cursor)
            tag = await connection.execute(
                "delete from engine.parked where reader = $1 and source = $2 and xid = $3 and position = $4",
                *key,
            )
            if tag.endswith(" 1"):
                dropped += 1
                await connection.execute(
                    "insert into engine.dropped values ($1, $2, $3, $4) on conflict do nothing", *key
                )
            await request_retry(connection, letter.reader, letter.source_stream)
    return dropped


async def request_retries(connection: Connection) -> int:
    """Request that the readers of a store retry all their blocked streams; return how many these are."""
    return int(await connection.fetchval(_REQUEST_ALL))


async def drop_from(
    connection: Connection, reader: str, source_stream: SourceStream, event: UUID, *, rest: bool
) -> int:
    """Drop a reader's dead letter of this event for ever, with `rest` also those behind it in the stream.

    A retry of what follows is requested. Returns how many were dropped: 0 if the event is none of them.
    """
    async with connection.transaction():
        dropped = int(await connection.fetchval(_DROP_FROM, reader, *source_stream, str(event), rest))
        if dropped:
            await request_retry(connection, reader, source_stream)
    return dropped
