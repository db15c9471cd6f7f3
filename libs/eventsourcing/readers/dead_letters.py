"""Events that a reader could not handle, set aside together with what follows them in their streams."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple, cast

from libs.eventsourcing.model.envelope import Cursor, Envelope
from libs.eventsourcing.model.limits import MAX_UNIT_EVENTS
from libs.eventsourcing.store.connections import Connection

FOLLOWS = "follows a parked event of the same stream"
"""The error of an event that was not even tried."""

_PARKED = "reader, source, xid, position, stream, envelope::text as envelope, error, at"


class Place(NamedTuple):
    """A stream of a source that a reader does not go on with."""

    source: str
    stream: str


@dataclass(frozen=True, slots=True)
class Parked:
    """An event that was set aside, why, and when."""

    reader: str
    place: Place
    envelope: Envelope
    error: str
    at: datetime
    asked: bool
    """Whether the reader was asked to try its stream again, and has not done so yet."""


class Parking:
    """What one reader has set aside. All statements run in the transaction of its connection."""

    def __init__(self, reader: str) -> None:
        self._reader = reader
        self._places: set[Place] = set()
        self._given_up: set[tuple[str, Cursor]] = set()

    async def load(self, connection: Connection) -> None:
        """Learn from the database which streams are parked, and which events were given up."""
        rows = await connection.fetch(
            "select distinct source, stream from engine.parked where reader = $1", self._reader
        )
        self._places = {Place(row["source"], row["stream"]) for row in rows}
        rows = await connection.fetch(
            "select source, xid, position from engine.dropped where reader = $1", self._reader
        )
        self._given_up = {(row["source"], Cursor(row["xid"], row["position"])) for row in rows}

    def gave_up(self, source: str, cursor: Cursor) -> bool:
        """Say whether an operator gave this event up, before this reader began anew."""
        return (source, cursor) in self._given_up

    def holds(self, place: Place) -> bool:
        """Say whether what comes in this stream is to be parked too."""
        return place in self._places

    def keep(self, place: Place) -> None:
        """Hold a stream back from now on: an event of it was parked, and that is committed."""
        self._places.add(place)

    async def add(
        self, connection: Connection, source: str, envelope: Envelope, error: str = FOLLOWS
    ) -> None:
        """Set an event aside; without an error it only follows another."""
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

    async def asked(self, connection: Connection) -> list[Place]:
        """Return the streams that are to be tried again."""
        rows = await connection.fetch(
            "select source, stream from engine.retries where reader = $1 order by asked_at", self._reader
        )
        return [Place(row["source"], row["stream"]) for row in rows]

    async def first_unit(self, connection: Connection, place: Place) -> list[Envelope]:
        """Return the first parked events of a stream that were decided together, none if none is left."""
        rows = await connection.fetch(
            "select envelope::text as envelope from engine.parked "
            "where reader = $1 and source = $2 and stream = $3 and xid = ("
            "    select min(xid) from engine.parked where reader = $1 and source = $2 and stream = $3"
            ") order by position limit $4",
            self._reader,
            *place,
            MAX_UNIT_EVENTS,
        )
        envelopes = [Envelope.from_json(cast("str", row["envelope"])) for row in rows]
        return [one for one in envelopes if one.same_unit(envelopes[0])]

    async def remove(self, connection: Connection, source: str, cursor: Cursor) -> None:
        """Let go of an event that was handled."""
        await connection.execute(
            "delete from engine.parked where reader = $1 and source = $2 and xid = $3 and position = $4",
            self._reader,
            source,
            *cursor,
        )

    async def fail(self, connection: Connection, place: Place, cursor: Cursor, error: Exception) -> None:
        """Note that an event failed again; its stream stays parked until it is asked for once more."""
        await connection.execute(
            "update engine.parked set error = $5, at = now() "
            "where reader = $1 and source = $2 and xid = $3 and position = $4",
            self._reader,
            place.source,
            *cursor,
            repr(error),
        )
        await self.answer(connection, place)

    async def answer(self, connection: Connection, place: Place) -> None:
        """Forget that a stream was asked for."""
        await connection.execute(
            "delete from engine.retries where reader = $1 and source = $2 and stream = $3",
            self._reader,
            *place,
        )

    def release(self, place: Place) -> None:
        """Go on with a stream: nothing of it is parked any more, and that is committed."""
        self._places.discard(place)


# -- for operators, from any process


async def list_parked(connection: Connection) -> list[Parked]:
    """Return all parked events of a service's readers, each stream's in order."""
    rows = await connection.fetch(
        f"select {_PARKED}, exists (select from engine.retries as asked where asked.reader = parked.reader "  # noqa: S608 - a constant
        "and asked.source = parked.source and asked.stream = parked.stream) as asked "
        "from engine.parked order by reader, source, stream, xid, position"
    )
    return [
        Parked(
            reader=row["reader"],
            place=Place(row["source"], row["stream"]),
            envelope=Envelope.from_json(row["envelope"]),
            error=row["error"],
            at=row["at"],
            asked=row["asked"],
        )
        for row in rows
    ]


async def ask(connection: Connection, reader: str, place: Place) -> None:
    """Have a reader try what it parked of a stream again, in order, as soon as it looks."""
    await connection.execute(
        "insert into engine.retries (reader, source, stream) values ($1, $2, $3) on conflict do nothing",
        reader,
        *place,
    )


async def is_asked(connection: Connection, reader: str, place: Place) -> bool:
    """Say whether a reader still has to try a stream again."""
    return bool(
        await connection.fetchval(
            "select exists (select from engine.retries where reader = $1 and source = $2 and stream = $3)",
            reader,
            *place,
        )
    )


async def drop(connection: Connection, doomed: Sequence[Parked]) -> int:
    """Have parked events never be handled, and their readers go on behind them; return how many."""
    dropped = 0
    async with connection.transaction():
        for parked in doomed:
            place = (parked.reader, parked.place.source, *parked.envelope.cursor)
            tag = await connection.execute(
                "delete from engine.parked where reader = $1 and source = $2 and xid = $3 and position = $4",
                *place,
            )
            if tag.endswith(" 1"):
                dropped += 1
                await connection.execute(
                    "insert into engine.dropped values ($1, $2, $3, $4) on conflict do nothing", *place
                )
            await ask(connection, parked.reader, parked.place)
    return dropped
