"""Takes the stream in order and commits what follows from it together with how far it has come."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

import asyncpg
import structlog
from nats.errors import Error as NatsError
from pydantic import ValidationError

from libs.events.base import Event
from libs.events.catalogue import UnknownEvent
from libs.eventsourcing.cancelling import heed_cancellation
from libs.eventsourcing.decider import ImpossibleEvent, Refused
from libs.eventsourcing.engine import ATTEMPTS, CLASHES, READ_MODELS, Engine
from libs.eventsourcing.feed import Arrival, Feed, FeedBroken
from libs.eventsourcing.parking import FOLLOWS, Parking, Place
from libs.eventsourcing.parts import WHOLE, Part, SplitChanged, take_over
from libs.eventsourcing.postgres import DATABASE_TROUBLE, hold_lock
from libs.eventsourcing.projection import Projection, outdated
from libs.eventsourcing.reactions import Reactions
from libs.eventsourcing.record import START, Cursor, Envelope, Recorded
from libs.eventsourcing.stream import EventStream
from libs.eventsourcing.tables import Kind, OutdatedTables
from libs.eventsourcing.unit import UnitOfWork

log = structlog.stdlib.get_logger()

BATCH = 500
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


_FIRST_CHECKPOINT = """
insert into engine.checkpoints (reader, source, xid, position) values ($1, $2, $3, $4)
on conflict (reader, source) do nothing
"""
_NEXT_CHECKPOINT = """
update engine.checkpoints set xid = $3, position = $4
where reader = $1 and source = $2 and xid = $5 and position = $6
"""
RETRY_LOOK_SECONDS = 0.5
"""How often a reader looks whether an operator wants parked events tried again."""
_RETRIES_AT_ONCE = 100
_COMPLETE_LOOK_SECONDS = 0.2
_LOOK_SECONDS = 0.02
"""How often `reached` looks for what a reader in another process did."""


class LostCheckpoint(Exception):
    """Another reader of the same name has moved the checkpoint."""


TROUBLE = (FeedBroken, LostCheckpoint, OutdatedTables, SplitChanged, NatsError, *CLASHES, *DATABASE_TROUBLE)
"""What is the fault of the surroundings: the reader opens a new feed and goes on where it committed."""


@dataclass(frozen=True)
class Bookmark:
    """Where a reader stands in the stream that was made at a certain time."""

    made_at: datetime
    sequence: int


class Reader:
    """One of a service's readers of the name `name`. One at a time is active, others stand by.

    It holds its lock, and runs its transactions, on one connection: with the connection the lock is gone,
    and so is the transaction. The checkpoint moves only from where this reader knows it to be. With
    `everything` it moves past events that it does not handle too, so that `reached` tells of any event.
    A `part` handles the streams that fall to it and moves past the others.
    """

    def __init__(
        self,
        name: str,
        engine: Engine,
        stream: EventStream,
        *,
        tables: Sequence[Projection] = (),
        reactions: Reactions | None = None,
        everything: bool = False,
        batch: int = BATCH,
        part: Part = WHOLE,
    ) -> None:
        if part.of > 1 and tables:
            message = "a reader that folds tables can't be split: their rebuild follows one checkpoint"
            raise ValueError(message)
        self.name = part.name(name)
        self._whole = name
        self._part = part
        self.lag = 0
        """How many events waited behind the last one that was handled."""
        self._engine = engine
        self._stream = stream
        self._tables = tables
        self._reactions = reactions or Reactions()
        self._everything = everything
        self._batch = batch
        self._handled = {kind.__name__ for kind in self.events}
        self._checkpoints: dict[str, Cursor] = {}
        self._kinds = [
            *([Kind.STATE] if self._reactions.events else []),
            *([Kind.READ] if tables and name == READ_MODELS else []),
        ]
        self._parking = Parking(self.name)
        self._look_at = 0.0
        self._advanced = asyncio.Event()
        unprepared = {table.name for table in tables} - set(engine.schemas)
        if unprepared:
            message = f"the engine was not told of the tables {sorted(unprepared)}, so nobody makes them"
            raise ValueError(message)

    @property
    def _lock(self) -> str:
        return f"reader.{self._stream.name}."

    @property
    def events(self) -> list[type[Event]]:
        """The event types that this reader handles."""
        kinds = set(self._reactions.events).union(*(table.events for table in self._tables))
        return sorted(kinds, key=lambda kind: kind.__name__)

    async def run(self) -> None:
        """Read until cancelled; whatever breaks around it is tried again."""
        delay = 0.05
        while True:
            heed_cancellation()
            try:
                connection = await self._engine.connect()
                try:
                    await hold_lock(connection, f"{self._lock}{self.name}")
                    delay = 0.05
                    await self._read(connection)
                finally:
                    with suppress(*TROUBLE):
                        await connection.close(timeout=2)
            except TROUBLE as trouble:
                log.warning("reader.retry", reader=self.name, error=repr(trouble), delay=delay)
                await asyncio.sleep(delay)
                delay = min(delay * 2, 2.0)

    async def _read(self, connection: "asyncpg.Connection[asyncpg.Record]") -> None:
        await self._stream.ensure()
        bookmark = await self._resume(connection)
        subjects = self._stream.subjects(None if self._everything else self.events)
        async with Feed(self._stream, subjects, bookmark.sequence) as feed:
            self.lag = feed.waiting
            complete = False
            while True:
                heed_cancellation()
                if not complete and self.lag == 0:
                    await self._note_complete(connection)
                    complete = True
                arrivals = await self._next(connection, feed)
                reached = Bookmark(bookmark.made_at, arrivals[-1].sequence)
                await self._handle(connection, arrivals, reached)
                self.lag = arrivals[-1].waiting
                self._advanced.set()

    async def _note_complete(self, connection: "asyncpg.Connection[asyncpg.Record]") -> None:
        await connection.execute(
            "update engine.readers set complete_at = now() where name = $1 and complete_at is null", self.name
        )
        self._advanced.set()

    async def complete(self) -> None:
        """Wait until this reader's name, in any process, has once come to the stream's end."""
        asked = "select exists (select from engine.readers where name = $1 and complete_at is not null)"
        while True:
            heed_cancellation()
            try:
                if await self._engine.query(lambda sql: sql.fetchval(asked, self.name)):
                    return
            except DATABASE_TROUBLE as trouble:
                log.warning("reader.waiting", reader=self.name, error=repr(trouble))
            self._advanced.clear()
            with suppress(TimeoutError):
                async with asyncio.timeout(_COMPLETE_LOOK_SECONDS):
                    await self._advanced.wait()

    async def _resume(self, connection: "asyncpg.Connection[asyncpg.Record]") -> Bookmark:
        """Learn from the database how far this reader has come."""
        await self._check_tables(connection)
        await take_over(connection, self._whole, self._part, self._lock)
        rows = await connection.fetch(
            "select source, xid, position from engine.checkpoints where reader = $1", self.name
        )
        self._checkpoints = {row["source"]: Cursor(row["xid"], row["position"]) for row in rows}
        await self._parking.load(connection)
        await connection.execute(
            "insert into engine.readers (name, events) values ($1, $2) "
            "on conflict (name) do update set events = $2",
            self.name,
            None if self._everything else sorted(self._handled),
        )
        made_at = await self._stream.made_at()
        sequence = await connection.fetchval(
            "select sequence from engine.bookmarks where reader = $1 and stream_made = $2", self.name, made_at
        )
        return Bookmark(made_at, sequence or 0)

    async def _next(self, connection: "asyncpg.Connection[asyncpg.Record]", feed: Feed) -> list[Arrival]:
        """Return the next events; meanwhile, and in between, do what operators ask for."""
        coming = asyncio.ensure_future(feed.batch(self._batch))
        try:
            while True:
                heed_cancellation()
                if time.monotonic() > self._look_at:
                    await self._retry(connection)
                    self._look_at = time.monotonic() + RETRY_LOOK_SECONDS
                await asyncio.wait({coming}, timeout=RETRY_LOOK_SECONDS)
                if coming.done():
                    return coming.result()
        finally:
            if not coming.cancel() and not coming.cancelled():
                coming.exception()  # it is told already, or something worse happened

    async def _retry(self, connection: "asyncpg.Connection[asyncpg.Record]") -> None:
        """Try parked streams again that were asked for, a part of each."""
        for place in await self._parking.asked(connection):
            for _ in range(_RETRIES_AT_ONCE):
                if not await self._retry_first(connection, place):
                    break

    async def _retry_first(self, connection: "asyncpg.Connection[asyncpg.Record]", place: Place) -> bool:
        """Handle the first parked event of a stream; say if what follows it can be tried now."""
        tried: Envelope | None = None

        async def first() -> list[UnitOfWork]:
            nonlocal tried
            tried = await self._parking.first(connection, place)
            if tried is None:
                await self._parking.answer(connection, place)
                return []
            units = await self._apply(connection, Arrival(place.source, 0, 0, tried))
            await self._parking.remove(connection, place.source, tried.cursor)
            return units

        try:
            await self._transact(connection, first)
        except POISON as error:
            if tried is None:
                raise
            await self._parking.fail(connection, place, tried.cursor, error)
            log.warning(
                "reader.parked_again", reader=self.name, stream=place.stream, error=type(error).__name__
            )
            return False
        if tried is None:
            self._parking.release(place)
            log.info("reader.released", reader=self.name, stream=place.stream)
        return tried is not None

    async def _handle(
        self,
        connection: "asyncpg.Connection[asyncpg.Record]",
        arrivals: Sequence[Arrival],
        bookmark: Bookmark,
    ) -> None:
        fresh = self._fresh(arrivals)
        if not fresh:
            return
        try:
            await self._commit(connection, fresh, bookmark)
        except (*POISON, *CLASHES) as error:
            # alone, an event is quicker than those who write to the same streams, and harms only itself
            log.warning("reader.batch_failed", reader=self.name, events=len(fresh), error=repr(error))
            for arrival in fresh:
                await self._handle_alone(connection, arrival, Bookmark(bookmark.made_at, arrival.sequence))

    def _fresh(self, arrivals: Sequence[Arrival]) -> list[Arrival]:
        """Leave out what was handled before, in whatever order the stream brings it again."""
        reached, fresh = dict(self._checkpoints), list[Arrival]()
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

        async def work() -> list[UnitOfWork]:
            units: list[UnitOfWork] = []
            for arrival in arrivals:
                if poison is not None or self._parking.holds(_place(arrival)):
                    error = FOLLOWS if poison is None else repr(poison)
                    await self._parking.add(connection, arrival.source, arrival.envelope, error)
                else:
                    units += await self._apply(connection, arrival)
            await self._advance(connection, arrivals, bookmark)
            return units

        await self._transact(connection, work)
        for arrival in arrivals:
            self._checkpoints[arrival.source] = arrival.envelope.cursor
        if poison is not None:
            self._parking.keep(_place(arrivals[0]))
            log.error(
                "reader.parked", reader=self.name, stream=arrivals[0].envelope.stream, error=repr(poison)
            )

    async def _transact(
        self,
        connection: "asyncpg.Connection[asyncpg.Record]",
        work: Callable[[], Awaitable[list[UnitOfWork]]],
    ) -> None:
        """Run `work` in one transaction, again while others are quicker, and tell of what it wrote."""
        units: list[UnitOfWork] = []
        for attempt in range(1, ATTEMPTS + 1):
            try:
                async with self._engine.folding(connection, *self._kinds):
                    units = await work()
                break
            except CLASHES:
                if attempt == ATTEMPTS:
                    raise
                await asyncio.sleep(0.002 * attempt)
        for unit in units:
            unit.committed()
        if written := [recorded.cursor for unit in units for recorded in unit.recorded]:
            self._engine.announce(max(written))

    async def _apply(
        self, connection: "asyncpg.Connection[asyncpg.Record]", arrival: Arrival
    ) -> list[UnitOfWork]:
        """Fold and react; return the unit of work in which the reactions ran, if there are any."""
        envelope = arrival.envelope
        if envelope.type not in self._handled or not self._part.holds(arrival.source, envelope.stream):
            return []
        event = self._engine.catalogue.decode(envelope.type, envelope.schema, envelope.data)
        recorded = Recorded(envelope, event)
        for table in self._tables:
            if arrival.source != self._engine.service or table not in self._engine.state_tables:
                await table.apply(recorded, connection)  # else it was folded when the event was appended
        reactions = self._reactions.of(event)
        if not reactions:
            return []
        causes = recorded.causes(f"service:{self._engine.service}")
        unit = self._engine.unit(connection, causes, recorded)
        for reaction in reactions:
            unit.causes = causes  # whatever story the one before followed
            await reaction(event, unit)
        return [unit]

    async def _advance(
        self,
        connection: "asyncpg.Connection[asyncpg.Record]",
        arrivals: Sequence[Arrival],
        bookmark: Bookmark,
    ) -> None:
        reached = {arrival.source: arrival.envelope.cursor for arrival in arrivals}
        for source, cursor in reached.items():
            before = self._checkpoints.get(source, START)
            if before == START:
                await self._check_tables(connection)
                moved = await connection.execute(_FIRST_CHECKPOINT, self.name, source, *cursor)
            else:
                moved = await connection.execute(_NEXT_CHECKPOINT, self.name, source, *cursor, *before)
            if not moved.endswith(" 1"):
                message = f"the checkpoint of {self.name} for {source} is not where this reader left it"
                raise LostCheckpoint(message)
        await connection.execute(
            "insert into engine.bookmarks values ($1, $2, $3) "
            "on conflict (reader) do update set stream_made = $2, sequence = $3",
            self.name,
            bookmark.made_at,
            bookmark.sequence,
        )

    async def _check_tables(self, connection: "asyncpg.Connection[asyncpg.Record]") -> None:
        if stale := await outdated(connection, self._tables):
            names = ", ".join(table.name for table in stale)
            message = f"the database holds another version of {names}"
            raise OutdatedTables(message)

    async def reached(self, source: str, cursor: Cursor, within_seconds: float) -> bool:
        """Wait until this reader's name, in any process, has come to a cursor of a source; say if it has."""
        deadline = time.monotonic() + within_seconds
        while await self._engine.checkpoint(self.name, source) < cursor:
            if time.monotonic() > deadline:
                return False
            self._advanced.clear()
            with suppress(TimeoutError):
                async with asyncio.timeout(_LOOK_SECONDS):
                    await self._advanced.wait()
        return True


def _place(arrival: Arrival) -> Place:
    return Place(arrival.source, arrival.envelope.stream)
