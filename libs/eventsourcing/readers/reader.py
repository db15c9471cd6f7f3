"""Reads the stream in order; effects and checkpoint commit in one transaction."""

import asyncio
import math
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from typing import Self

import asyncpg
import structlog

from libs.eventsourcing.loops.backoff import Backoff
from libs.eventsourcing.loops.cancellation import heed_cancellation
from libs.eventsourcing.loops.pace import Pace
from libs.eventsourcing.model.envelope import Cursor
from libs.eventsourcing.model.errors import StatementRejected, Transient
from libs.eventsourcing.model.event import Event, owner_of
from libs.eventsourcing.projections.projection import Projection
from libs.eventsourcing.projections.tables import READ_MODELS
from libs.eventsourcing.readers.checkpoints import ResumeOffset
from libs.eventsourcing.readers.handling import Handling
from libs.eventsourcing.readers.reactions import Reactions
from libs.eventsourcing.readers.read_units import Gathering, ReadUnit
from libs.eventsourcing.readers.stream_catch_up import migrate_read_models
from libs.eventsourcing.store.connections import close, hold_lock
from libs.eventsourcing.store.errors import postgres_errors
from libs.eventsourcing.stream.errors import broker_errors
from libs.eventsourcing.stream.event_stream import EventStream
from libs.eventsourcing.stream.subscription import Arrival, Consumer
from libs.eventsourcing.writing.engine import Engine

log = structlog.stdlib.get_logger()

BATCH = 500
PACE_SECONDS, BURST = 0.025, 4
"""The average time between the beginnings of two transactions at least, in seconds, unless a full batch waits
already; and how many may follow each other at once after a pause."""
RETRY_LOOK_SECONDS = 0.5
"""Interval of looking for requested retries of dead letters while there are any, and for what is to be done
while no event arrives, in seconds."""
IDLE_LOOK_SECONDS = 5.0
"""The same for an idle reader: dead letters of which it does not know were made by somebody else."""
_BACKOFF_SECONDS = (0.05, 2.0)
_COMPLETE_LOOK_SECONDS = 0.2
_LOOK_SECONDS = 0.02
"""Interval in which `reached` looks for the work of a reader in another process, in seconds."""


class Reader:
    """One of a service's readers of the name `name`. One at a time is active, others stand by.

    It holds its lock, and runs its transactions, on one connection: if the connection is lost, so are the
    lock and the transaction. The checkpoint moves only from the value that this reader knows. With
    `everything` it moves past events that the reader does not handle too, so that `reached` works for any
    event.
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
        """How many events waited behind the last handled one."""
        self._engine = engine
        self._stream = stream
        self._everything = everything
        self._batch = batch
        self._handling = Handling(self.name, engine, tables, reactions or Reactions())
        self._owners = {kind.__name__: owner_of(kind) for kind in engine.catalogue}
        self._sources = frozenset(self._owners.values())
        self._backoff = Backoff(*_BACKOFF_SECONDS)
        self._complete = False
        self._looked_at = -math.inf
        self._advanced = asyncio.Event()
        unprepared = {table.name for table in tables} - set(engine.schemas)
        if unprepared:
            message = f"the engine was not told of the tables {sorted(unprepared)}, so nobody makes them"
            raise ValueError(message)

    @classmethod
    def of_read_models(cls, engine: Engine, stream: EventStream, *, everything: bool = False) -> Self:
        """Return the reader that folds a service's read models; call `migrate` before its `run`."""
        return cls(READ_MODELS, engine, stream, tables=engine.read_models, everything=everything)

    async def migrate(self) -> None:
        """Migrate the read models to this program's versions, folded from the stream.

        Raises `OperatorNeeded` if the database holds newer ones, or some that this program does not know.
        """
        await migrate_read_models(self._engine.tables, self._stream)

    @property
    def _lock(self) -> str:
        return f"reader.{self._stream.name}."

    @property
    def events(self) -> list[type[Event]]:
        """The event types that this reader handles."""
        return self._handling.events

    async def run(self) -> None:
        """Read until cancelled; transient errors are retried."""
        while True:
            heed_cancellation()
            try:
                with postgres_errors(), broker_errors():
                    connection = await self._engine.connect()
                    try:
                        await hold_lock(connection, f"{self._lock}{self.name}")
                        await self._read(connection)
                    finally:
                        await close(connection)
            except (Transient, StatementRejected) as trouble:
                delay = self._backoff.failed()
                log.warning("reader.retry", reader=self.name, error=repr(trouble), delay=delay)
                await asyncio.sleep(delay)

    async def _read(self, connection: "asyncpg.Connection[asyncpg.Record]") -> None:
        await self._stream.ensure()
        offset = await self._resume(connection)
        subjects = self._stream.subjects(None if self._everything else self.events)
        gathering = Gathering(self._handling.handled, dict(self._handling.checkpoints))

        def reached(left: Sequence[ReadUnit]) -> ResumeOffset:
            return ResumeOffset(offset.made_at, gathering.sequence_before(left))

        async def proceed() -> None:
            self.lag = consumer.waiting  # also where all that came was foreign
            if units := gathering.take(time.monotonic()):
                await self._handling.handle(connection, units, reached)
            self._backoff.succeeded()
            if self.lag == 0 and gathering.settled:
                await self._note_complete(connection)

        pace = Pace(PACE_SECONDS, BURST)
        self._complete = False

        def idle() -> bool:
            caught_up = self.lag == 0 and gathering.settled and self._complete
            return caught_up and not self._handling.dead_letters

        async with Consumer(self._stream, subjects, offset.sequence) as consumer:
            self.lag = consumer.waiting
            if self.lag == 0:
                await self._note_complete(connection)
            while True:
                heed_cancellation()
                arrivals = await self._next(connection, consumer, proceed, idle)
                began = time.monotonic()
                gathering.add([one for one in arrivals if self._is_own(one)], began)
                await proceed()
                self._advanced.set()
                self._engine.changed()
                wait = pace.after(began, time.monotonic())
                if self.lag < self._batch:
                    await asyncio.sleep(wait)

    def _is_own(self, arrival: Arrival) -> bool:
        """Return whether an event comes from the service that owns its type."""
        owner = self._owners.get(arrival.envelope.type)
        if owner == arrival.source or (owner is None and arrival.source in self._sources):
            return True
        subject = f"{arrival.source}.{arrival.envelope.type}.{arrival.envelope.stream}"
        self._stream.pass_over(subject, arrival.sequence, "no service says such events")
        return False

    async def _note_complete(self, connection: "asyncpg.Connection[asyncpg.Record]") -> None:
        if self._complete:
            return
        await connection.execute(
            "update engine.readers set complete_at = now() where name = $1 and complete_at is null", self.name
        )
        self._complete = True
        self._advanced.set()

    async def complete(self) -> None:
        """Wait until this reader's name, in any process, has once come to the stream's end."""
        asked = "select exists (select from engine.readers where name = $1 and complete_at is not null)"
        while True:
            heed_cancellation()
            try:
                if await self._engine.query(lambda sql: sql.fetchval(asked, self.name)):
                    return
            except (Transient, StatementRejected) as trouble:
                log.warning("reader.waiting", reader=self.name, error=repr(trouble))
            self._advanced.clear()
            with suppress(TimeoutError):
                async with asyncio.timeout(_COMPLETE_LOOK_SECONDS):
                    await self._advanced.wait()

    async def _resume(self, connection: "asyncpg.Connection[asyncpg.Record]") -> ResumeOffset:
        """Load this reader's checkpoints and resume offset."""
        await self._handling.check_tables(connection)
        rows = await connection.fetch(
            "select source, xid, position from engine.checkpoints where reader = $1", self.name
        )
        self._handling.checkpoints = {row["source"]: Cursor(row["xid"], row["position"]) for row in rows}
        await self._handling.dead_letters.load(connection)
        await connection.execute(
            "insert into engine.readers (name, events) values ($1, $2) "
            "on conflict (name) do update set events = $2",
            self.name,
            None if self._everything else sorted(self._handling.handled),
        )
        made_at = await self._stream.made_at()
        stored = await connection.fetchrow(
            "select sequence, sequence = sequence_with_partitions as with_partitions "
            "from engine.bookmarks where reader = $1 and stream_made = $2",
            self.name,
            made_at,
        )
        if stored is None:
            return ResumeOffset(made_at, 0)
        sequence = await self._stream.resume_after(
            stored["sequence"], with_partitions=bool(stored["with_partitions"])
        )
        return ResumeOffset(made_at, sequence)

    async def _next(
        self,
        connection: "asyncpg.Connection[asyncpg.Record]",
        consumer: Consumer,
        proceed: Callable[[], Awaitable[None]],
        idle: Callable[[], bool],
    ) -> list[Arrival]:
        """Return the next events; meanwhile, retry dead letters on request.

        Where none arrive, `proceed` handles units that waited only for the rest of another one. While the
        reader is `idle`, nothing is to be done but for an event.
        """
        coming = asyncio.ensure_future(consumer.batch(self._batch))
        try:
            while True:
                heed_cancellation()
                often = RETRY_LOOK_SECONDS if self._handling.dead_letters else IDLE_LOOK_SECONDS
                if time.monotonic() > self._looked_at + often:
                    await self._handling.retry(connection)
                    self._looked_at = time.monotonic()
                await asyncio.wait({coming}, timeout=IDLE_LOOK_SECONDS if idle() else RETRY_LOOK_SECONDS)
                if coming.done():
                    return coming.result()
                await proceed()
        finally:
            if not coming.cancel() and not coming.cancelled():
                coming.exception()  # it is logged already, or something worse happened

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

    async def checkpoints(self, sources: Sequence[str]) -> dict[str, Cursor]:
        """Return the cursors of sources to which this reader's name, in any process, has come."""
        return await self._engine.checkpoints(self.name, sources)

    async def advanced(self, within_seconds: float) -> None:
        """Wait until this reader has committed, at most so long; return at once after a commit in between."""
        with suppress(TimeoutError):
            async with asyncio.timeout(within_seconds):
                await self._advanced.wait()
        self._advanced.clear()
