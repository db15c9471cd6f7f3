"""Takes the stream in order and commits what follows from it together with how far it has come."""

import asyncio
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

import asyncpg
import structlog
from nats.errors import Error as NatsError
from pydantic import ValidationError

from libs.events.base import Event
from libs.events.catalogue import UnknownEvent
from libs.eventsourcing.decider import ImpossibleEvent, Refused
from libs.eventsourcing.engine import ATTEMPTS, CLASHES, Engine
from libs.eventsourcing.feed import Arrival, Feed, FeedBroken
from libs.eventsourcing.postgres import DATABASE_TROUBLE, ISOLATION, hold_lock
from libs.eventsourcing.projection import Projection, outdated
from libs.eventsourcing.reactions import Reactions
from libs.eventsourcing.record import START, Cursor, Recorded
from libs.eventsourcing.stream import EventStream

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
_LOOK_SECONDS = 0.02
"""How often `reached` looks for what a reader in another process did."""


class LostCheckpoint(Exception):
    """Another reader of the same name has moved the checkpoint."""


class OutdatedTables(Exception):
    """The database holds tables of another version than this program knows: another one folds them."""


TROUBLE = (FeedBroken, LostCheckpoint, OutdatedTables, NatsError, *CLASHES, *DATABASE_TROUBLE)
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
    ) -> None:
        self.name = name
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
        self._parked: set[str] = set()
        self._advanced = asyncio.Event()
        unprepared = {table.name for table in tables} - set(engine.schemas)
        if unprepared:
            message = f"the engine was not told of the tables {sorted(unprepared)}, so nobody makes them"
            raise ValueError(message)

    @property
    def events(self) -> list[type[Event]]:
        """The event types that this reader handles."""
        kinds = set(self._reactions.events).union(*(table.events for table in self._tables))
        return sorted(kinds, key=lambda kind: kind.__name__)

    async def run(self) -> None:
        """Read until cancelled; whatever breaks around it is tried again."""
        delay = 0.05
        while True:
            try:
                connection = await self._engine.connect()
                try:
                    await hold_lock(connection, f"reader.{self._stream.name}.{self.name}")
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
            while True:
                arrivals = await feed.batch(self._batch)
                reached = Bookmark(bookmark.made_at, arrivals[-1].sequence)
                await self._handle(connection, arrivals, reached)
                self.lag = arrivals[-1].waiting
                self._advanced.set()

    async def _resume(self, connection: "asyncpg.Connection[asyncpg.Record]") -> Bookmark:
        """Learn from the database how far this reader has come."""
        await self._check_tables(connection)
        rows = await connection.fetch(
            "select source, xid, position from engine.checkpoints where reader = $1", self.name
        )
        self._checkpoints = {row["source"]: Cursor(row["xid"], row["position"]) for row in rows}
        rows = await connection.fetch(
            "select distinct source, stream from engine.parked where reader = $1", self.name
        )
        self._parked = {f"{row['source']}/{row['stream']}" for row in rows}
        made_at = await self._stream.made_at()
        sequence = await connection.fetchval(
            "select sequence from engine.bookmarks where reader = $1 and stream_made = $2", self.name, made_at
        )
        return Bookmark(made_at, sequence or 0)

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
        """Handle events and move the checkpoint, in one transaction; again while others are quicker."""
        written = START
        for attempt in range(1, ATTEMPTS + 1):
            written = START
            try:
                async with connection.transaction(isolation=ISOLATION):
                    for arrival in arrivals:
                        if poison is not None or _stream_key(arrival) in self._parked:
                            await self._park(connection, arrival, poison)
                        else:
                            written = max(written, await self._apply(connection, arrival))
                    await self._advance(connection, arrivals, bookmark)
                break
            except CLASHES:
                if attempt == ATTEMPTS:
                    raise
                await asyncio.sleep(0.002 * attempt)
        for arrival in arrivals:
            self._checkpoints[arrival.source] = arrival.envelope.cursor
        if poison is not None:
            self._parked.add(_stream_key(arrivals[0]))
            log.error(
                "reader.parked", reader=self.name, stream=arrivals[0].envelope.stream, error=repr(poison)
            )
        if written > START:
            self._engine.announce(written)

    async def _apply(self, connection: "asyncpg.Connection[asyncpg.Record]", arrival: Arrival) -> Cursor:
        envelope = arrival.envelope
        if envelope.type not in self._handled:
            return START
        event = self._engine.catalogue.decode(envelope.type, envelope.schema, envelope.data)
        recorded = Recorded(envelope, event)
        for table in self._tables:
            if arrival.source != self._engine.service or table not in self._engine.state_tables:
                await table.apply(recorded, connection)  # else it was folded when the event was appended
        reactions = self._reactions.of(event)
        if not reactions:
            return START
        causes = recorded.causes(f"service:{self._engine.service}")
        unit = self._engine.unit(connection, causes, recorded)
        for reaction in reactions:
            unit.causes = causes  # whatever story the one before followed
            await reaction(event, unit)
        return unit.recorded[-1].cursor if unit.recorded else START

    async def _park(
        self, connection: "asyncpg.Connection[asyncpg.Record]", arrival: Arrival, poison: Exception | None
    ) -> None:
        envelope = arrival.envelope
        await connection.execute(
            "insert into engine.parked (reader, source, xid, position, stream, envelope, error) "
            "values ($1, $2, $3, $4, $5, $6::text::jsonb, $7)",
            self.name,
            arrival.source,
            envelope.cursor.xid,
            envelope.cursor.position,
            envelope.stream,
            envelope.to_json().decode(),
            repr(poison) if poison is not None else "follows a parked event of the same stream",
        )

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


def _stream_key(arrival: Arrival) -> str:
    return f"{arrival.source}/{arrival.envelope.stream}"
