"""What a reader does with events: it folds, reacts, and moves its checkpoint, in one transaction."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

import asyncpg
import structlog
from pydantic import ValidationError

from libs.events.base import Event
from libs.events.catalogue import UnknownEvent
from libs.eventsourcing.decider import ImpossibleEvent, Refused
from libs.eventsourcing.engine import ATTEMPTS, CLASHES, READ_MODELS, Engine
from libs.eventsourcing.feed import Arrival
from libs.eventsourcing.parking import FOLLOWS, Parking, Place
from libs.eventsourcing.parts import Part
from libs.eventsourcing.projection import Projection, outdated
from libs.eventsourcing.reactions import Reactions
from libs.eventsourcing.record import START, Cursor, Envelope, Recorded
from libs.eventsourcing.tables import Kind, OutdatedTables
from libs.eventsourcing.transaction import Transaction
from libs.eventsourcing.unit import UnitOfWork

log = structlog.stdlib.get_logger()

RETRY_SECONDS = (0.02, 0.1, 0.5, 2.0)
"""Delays before an event that failed alone is tried again; after the last it is parked."""

POISON = (
    Refused,
    ImpossibleEvent,
    UnknownEvent,
    ValidationError,
    LookupError,
    TypeError,
    ValueError,
    ArithmeticError,
    AttributeError,
    AssertionError,
    RuntimeError,
    asyncpg.DataError,
    asyncpg.IntegrityConstraintViolationError,
    asyncpg.SyntaxOrAccessError,
    asyncpg.RaiseError,
)
"""What is the fault of the event or of its handler: it is parked, the rest goes on."""


_ADVANCE = """
with marked as (
    insert into engine.bookmarks (reader, stream_made, sequence) values ($1, $2, $3)
    on conflict (reader) do update set stream_made = excluded.stream_made, sequence = excluded.sequence
), place as (
    select * from unnest($4::text[], $5::bigint[], $6::bigint[], $7::bigint[], $8::bigint[])
        as place (source, xid, position, left_xid, left_position)
), begun as (
    insert into engine.checkpoints (reader, source, xid, position)
    select $1, source, xid, position from place where left_xid = 0 and left_position = 0
    on conflict (reader, source) do nothing
    returning source
), moved as (
    update engine.checkpoints as known set xid = place.xid, position = place.position
    from place
    where known.reader = $1 and known.source = place.source
      and known.xid = place.left_xid and known.position = place.left_position
    returning known.source
)
select source from begun union all select source from moved
"""
_RETRIES_AT_ONCE = 100
_TRANSACTION_SECONDS = 0.1
"""About how long a transaction of several events should take."""
_FIRST_TOGETHER, _MOST_TOGETHER = 50, 1000


class LostCheckpoint(Exception):
    """Another reader of the same name has moved the checkpoint."""


@dataclass(frozen=True)
class Bookmark:
    """Where a reader stands in the stream that was made at a certain time."""

    made_at: datetime
    sequence: int


class Handling:
    """What one reader makes of events, and how far it has come; all on the connection that holds its lock."""

    def __init__(
        self, name: str, engine: Engine, tables: Sequence[Projection], reactions: Reactions, part: Part
    ) -> None:
        self.checkpoints: dict[str, Cursor] = {}
        """How far the reader has come in each service's events."""
        self.parking = Parking(name)
        self._name = name
        self._engine = engine
        self._tables = tables
        self._reactions = reactions
        self._part = part
        self._together = _FIRST_TOGETHER
        self.handled = {kind.__name__ for kind in self.events}
        """The names of `events`."""
        self._kinds = [
            *([Kind.STATE] if reactions.events else []),
            *([Kind.READ] if tables and name == READ_MODELS else []),
        ]

    @property
    def events(self) -> list[type[Event]]:
        """The event types that mean something here."""
        kinds = set(self._reactions.events).union(*(table.events for table in self._tables))
        return sorted(kinds, key=lambda kind: kind.__name__)

    async def retry(self, connection: "asyncpg.Connection[asyncpg.Record]") -> None:
        """Try parked streams again that were asked for, a part of each."""
        for place in await self.parking.asked(connection):
            for _ in range(_RETRIES_AT_ONCE):
                if not await self._retry_first(connection, place):
                    break

    async def _retry_first(self, connection: "asyncpg.Connection[asyncpg.Record]", place: Place) -> bool:
        """Handle the first parked event of a stream; say if what follows it can be tried now."""
        tried: Envelope | None = None

        async def first(transaction: Transaction) -> None:
            nonlocal tried
            tried = await self.parking.first(connection, place)
            if tried is None:
                await self.parking.answer(connection, place)
                return
            await self._apply(transaction, Arrival(place.source, 0, 0, tried))
            await transaction.settle()
            await self.parking.remove(connection, place.source, tried.cursor)

        try:
            await self._transact(connection, first)
        except POISON as error:
            if tried is None:
                raise
            await self.parking.fail(connection, place, tried.cursor, error)
            log.warning(
                "reader.parked_again", reader=self._name, stream=place.stream, error=type(error).__name__
            )
            return False
        if tried is None:
            self.parking.release(place)
            log.info("reader.released", reader=self._name, stream=place.stream)
        return tried is not None

    async def handle(
        self,
        connection: "asyncpg.Connection[asyncpg.Record]",
        arrivals: Sequence[Arrival],
        bookmark: Bookmark,
    ) -> None:
        """Have events handled, those that were not before; one that fails alone again and again is parked.

        So many at once as take about as long as a transaction may: a long one holds every relay back that
        works on the same server.
        """
        fresh = self._fresh(arrivals)
        while fresh:
            part, fresh = fresh[: self._together], fresh[self._together :]
            reached = bookmark if not fresh else Bookmark(bookmark.made_at, part[-1].sequence)
            began = time.monotonic()
            await self._handle_together(connection, part, reached)
            self._pace(len(part), time.monotonic() - began)

    def _pace(self, handled: int, seconds: float) -> None:
        """Learn from how long some events took how many to handle at once."""
        fitting = int(handled * _TRANSACTION_SECONDS / max(seconds, 0.001))
        self._together = max(1, min(fitting, 2 * self._together, _MOST_TOGETHER))

    async def _handle_together(
        self,
        connection: "asyncpg.Connection[asyncpg.Record]",
        arrivals: Sequence[Arrival],
        bookmark: Bookmark,
    ) -> None:
        try:
            await self._commit(connection, arrivals, bookmark)
        except (*POISON, *CLASHES) as error:
            # alone, an event is quicker than those who write to the same streams, and harms only itself
            log.warning("reader.batch_failed", reader=self._name, events=len(arrivals), error=repr(error))
            for arrival in arrivals:
                await self._handle_alone(connection, arrival, Bookmark(bookmark.made_at, arrival.sequence))

    def _fresh(self, arrivals: Sequence[Arrival]) -> list[Arrival]:
        """Leave out what was handled before, in whatever order the stream brings it again."""
        reached, fresh = dict(self.checkpoints), list[Arrival]()
        for arrival in arrivals:
            if arrival.envelope.cursor > reached.get(arrival.source, START):
                reached[arrival.source] = arrival.envelope.cursor
                fresh.append(arrival)
        return fresh

    async def _handle_alone(
        self, connection: "asyncpg.Connection[asyncpg.Record]", arrival: Arrival, bookmark: Bookmark
    ) -> None:
        for delay in (*RETRY_SECONDS, None):
            try:
                await self._commit(connection, [arrival], bookmark)
            except POISON as error:
                if delay is None:
                    await self._commit(connection, [arrival], bookmark, poison=error)
                    return
                await asyncio.sleep(delay)
            else:
                return

    async def _commit(
        self,
        connection: "asyncpg.Connection[asyncpg.Record]",
        arrivals: Sequence[Arrival],
        bookmark: Bookmark,
        *,
        poison: Exception | None = None,
    ) -> None:
        """Handle events and move the checkpoint, in one transaction."""

        async def work(transaction: Transaction) -> None:
            for arrival in arrivals:
                if self.parking.gave_up(arrival.source, arrival.envelope.cursor):
                    continue
                if poison is not None or self.parking.holds(_place(arrival)):
                    error = FOLLOWS if poison is None else repr(poison)
                    await self.parking.add(connection, arrival.source, arrival.envelope, error)
                else:
                    await self._apply(transaction, arrival)
            await transaction.settle()
            await self._advance(connection, arrivals, bookmark)

        await self._transact(connection, work)
        for arrival in arrivals:
            self.checkpoints[arrival.source] = arrival.envelope.cursor
        if poison is not None:
            self.parking.keep(_place(arrivals[0]))
            log.error(
                "reader.parked", reader=self._name, stream=arrivals[0].envelope.stream, error=repr(poison)
            )

    async def _transact(
        self,
        connection: "asyncpg.Connection[asyncpg.Record]",
        work: Callable[[Transaction], Awaitable[None]],
    ) -> None:
        """Run `work` in one transaction, again while others are quicker, and tell of what it wrote."""
        for attempt in range(1, ATTEMPTS + 1):
            transaction = self._engine.transaction(connection)
            try:
                async with self._engine.folding(connection, *self._kinds):
                    await work(transaction)
            except CLASHES:
                if attempt == ATTEMPTS:
                    raise
                await asyncio.sleep(0.002 * attempt)
            else:
                transaction.committed()
                if transaction.recorded:
                    self._engine.announce(transaction.recorded[-1].cursor)
                return

    async def _apply(self, transaction: Transaction, arrival: Arrival) -> None:
        """Fold and react; all of it is written once the transaction is settled."""
        envelope = arrival.envelope
        if envelope.type not in self.handled or not self._part.holds(arrival.source, envelope.stream):
            return
        event = self._engine.catalogue.decode(envelope.type, envelope.schema, envelope.data)
        recorded = Recorded(envelope, event)
        for table in self._tables:
            if arrival.source != self._engine.service or table not in self._engine.state_tables:
                await table.apply(
                    recorded, transaction.writes
                )  # else it was folded when the event was appended
        reactions = self._reactions.of(event)
        if not reactions:
            return
        causes = recorded.causes(f"service:{self._engine.service}")
        unit = UnitOfWork(transaction, causes, cause=recorded)
        for reaction in reactions:
            unit.causes = causes  # whatever story the one before followed
            await reaction(event, unit)

    async def _advance(
        self,
        connection: "asyncpg.Connection[asyncpg.Record]",
        arrivals: Sequence[Arrival],
        bookmark: Bookmark,
    ) -> None:
        reached = {arrival.source: arrival.envelope.cursor for arrival in arrivals}
        before = {source: self.checkpoints.get(source, START) for source in reached}
        if START in before.values():
            await self.check_tables(connection)
        rows = await connection.fetch(
            _ADVANCE,
            self._name,
            bookmark.made_at,
            bookmark.sequence,
            list(reached),
            [cursor.xid for cursor in reached.values()],
            [cursor.position for cursor in reached.values()],
            [cursor.xid for cursor in before.values()],
            [cursor.position for cursor in before.values()],
        )
        if lost := reached.keys() - {row["source"] for row in rows}:
            message = f"the checkpoint of {self._name} for {sorted(lost)} is not where this reader left it"
            raise LostCheckpoint(message)

    async def check_tables(self, connection: "asyncpg.Connection[asyncpg.Record]") -> None:
        """Raise `OutdatedTables` unless the tables are of the versions that this program folds."""
        if stale := await outdated(connection, self._tables):
            names = ", ".join(table.name for table in stale)
            message = f"the database holds another version of {names}"
            raise OutdatedTables(message)


def _place(arrival: Arrival) -> Place:
    return Place(arrival.source, arrival.envelope.stream)
