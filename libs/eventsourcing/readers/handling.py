"""Handles events: a reader folds, reacts, and moves its checkpoint, in one transaction."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

import asyncpg
import structlog

from libs.eventsourcing.model.envelope import START, Cursor, Envelope, Recorded
from libs.eventsourcing.model.errors import Conflict, OutdatedTables, Poison, Transient
from libs.eventsourcing.model.event import Event
from libs.eventsourcing.model.limits import MAX_UNIT_EVENTS
from libs.eventsourcing.projections.projection import Projection, outdated
from libs.eventsourcing.projections.tables import READ_MODELS, Kind
from libs.eventsourcing.readers.dead_letters import FOLLOWS, DeadLetters, SourceStream
from libs.eventsourcing.readers.reactions import Reactions
from libs.eventsourcing.readers.read_units import ReadUnit
from libs.eventsourcing.store.errors import family_of, postgres_errors
from libs.eventsourcing.stream.subscription import Arrival
from libs.eventsourcing.writing.engine import ATTEMPTS, Engine
from libs.eventsourcing.writing.transaction import Transaction
from libs.eventsourcing.writing.unit_of_work import UnitOfWork

log = structlog.stdlib.get_logger()

RETRY_SECONDS = (0.02, 0.1, 0.5, 2.0)
"""Delays, in seconds, before an event that failed alone is retried; after the last it becomes a dead letter.
"""

_ADVANCE = """
with marked as (
    insert into engine.bookmarks (reader, stream_made, sequence) values ($1, $2, $3)
    on conflict (reader) do update set stream_made = excluded.stream_made, sequence = excluded.sequence
), reached as (
    select * from unnest($4::text[], $5::bigint[], $6::bigint[], $7::bigint[], $8::bigint[])
        as reached (source, xid, position, left_xid, left_position)
), begun as (
    insert into engine.checkpoints (reader, source, xid, position)
    select $1, source, xid, position from reached where left_xid = 0 and left_position = 0
    on conflict (reader, source) do nothing
    returning source
), moved as (
    update engine.checkpoints as known set xid = reached.xid, position = reached.position
    from reached
    where known.reader = $1 and known.source = reached.source
      and known.xid = reached.left_xid and known.position = reached.left_position
    returning known.source
)
select source from begun union all select source from moved
"""
_RETRIES_AT_ONCE = 100
_TRANSACTION_SECONDS = 0.1
"""The target duration of a transaction, in seconds."""
_FIRST_BATCH, _MAX_BATCH = 50, 1000


class _EventFailed(Poison):
    """The event with this number and cursor of a unit can't be decoded, folded or reacted to."""

    def __init__(self, number: int, cursor: Cursor, error: Exception) -> None:
        super().__init__(repr(error))
        self.number, self.cursor, self.error = number, cursor, error


@contextmanager
def _blamed(number: int, cursor: Cursor) -> Generator[None]:
    """Attribute exceptions raised inside to one event, unless they are transient.

    Statements of the events before it must have been flushed.
    """
    try:
        yield
    except Exception as error:
        if issubclass(family_of(error) or Poison, Transient):
            raise
        raise _EventFailed(number, cursor, error) from error


class LostCheckpoint(Transient):
    """Another reader of the same name has moved the checkpoint."""


@dataclass(frozen=True)
class ResumeOffset:
    """Where a reader resumes: a sequence number of the stream that was created at this time."""

    made_at: datetime
    sequence: int


class Handling:
    """Handles events for one reader, on the connection that holds its lock."""

    def __init__(self, name: str, engine: Engine, tables: Sequence[Projection], reactions: Reactions) -> None:
        self.checkpoints: dict[str, Cursor] = {}
        """The reader's checkpoints, by service."""
        self.dead_letters = DeadLetters(name)
        self._name = name
        self._engine = engine
        self._tables = tables
        self._reactions = reactions
        self._batch_size = _FIRST_BATCH
        self.handled = frozenset(kind.__name__ for kind in self.events)
        """The names of `events`."""
        self._kinds = [
            *([Kind.STATE] if reactions.events else []),
            *([Kind.READ] if tables and name == READ_MODELS else []),
        ]

    @property
    def events(self) -> list[type[Event]]:
        """The event types that are handled."""
        kinds = set(self._reactions.events).union(*(table.events for table in self._tables))
        return sorted(kinds, key=lambda kind: kind.__name__)

    async def retry(self, connection: "asyncpg.Connection[asyncpg.Record]") -> None:
        """Retry the blocked streams of which it was requested, a part of each."""
        for source_stream in await self.dead_letters.retry_requests(connection):
            for _ in range(_RETRIES_AT_ONCE):
                if not await self._retry_unit(connection, source_stream):
                    break

    async def _retry_unit(
        self, connection: "asyncpg.Connection[asyncpg.Record]", source_stream: SourceStream
    ) -> bool:
        """Handle the first unit of a stream's dead letters, up to the first event that fails again.

        Returns whether the next unit can be tried.
        """
        try:
            tried = await self._retry_dead_letters(connection, source_stream, MAX_UNIT_EVENTS)
        except _EventFailed as poison:
            failed = poison
            while True:
                try:
                    await self._retry_dead_letters(
                        connection, source_stream, failed.number
                    )  # the events before it are committed
                    break
                except _EventFailed as earlier:
                    failed = earlier
            await self.dead_letters.failed_again(connection, source_stream, failed.cursor, failed.error)
            kind = type(failed.error).__name__
            log.warning(
                "reader.dead_letter_again", reader=self._name, stream=source_stream.stream, error=kind
            )
            return False
        if not tried:
            self.dead_letters.unblock(source_stream)
            log.info("reader.unblocked", reader=self._name, stream=source_stream.stream)
        return tried

    async def _retry_dead_letters(
        self, connection: "asyncpg.Connection[asyncpg.Record]", source_stream: SourceStream, most: int
    ) -> bool:
        """Handle the first `most` events of a stream's first unit; return whether it had any."""
        unit: list[Envelope] = []

        async def work(transaction: Transaction) -> None:
            unit[:] = await self.dead_letters.first_unit(connection, source_stream)
            if not unit:
                await self.dead_letters.forget_request(connection, source_stream)
            for number, envelope in enumerate(unit[:most]):
                with _blamed(number, envelope.cursor):
                    await self._apply(transaction, Arrival(source_stream.source, 0, envelope))
                    await transaction.flush()
                await self.dead_letters.remove(connection, source_stream.source, envelope.cursor)

        await self._transact(connection, work)
        return bool(unit)

    async def handle(
        self,
        connection: "asyncpg.Connection[asyncpg.Record]",
        units: Sequence[ReadUnit],
        reached: Callable[[Sequence[ReadUnit]], ResumeOffset],
    ) -> None:
        """Handle whole units; an event that fails at every retry becomes a dead letter.

        Batches are sized to the target duration: a long transaction holds back every relay on the same
        server. `reached` gives the resume offset for when only some units are left.
        """
        left = list(units)
        while left:
            count, size = 0, 0
            while count < len(left) and (count == 0 or size + len(left[count].arrivals) <= self._batch_size):
                size += len(left[count].arrivals)
                count += 1
            together, left = left[:count], left[count:]
            began = time.monotonic()
            await self._handle_batch(connection, together, left, reached)
            self._pace(size, time.monotonic() - began)

    def _pace(self, handled: int, seconds: float) -> None:
        """Adapt the batch size to how long some events took."""
        fitting = int(handled * _TRANSACTION_SECONDS / max(seconds, 0.001))
        self._batch_size = max(1, min(fitting, 2 * self._batch_size, _MAX_BATCH))

    async def _handle_batch(
        self,
        connection: "asyncpg.Connection[asyncpg.Record]",
        units: Sequence[ReadUnit],
        left: Sequence[ReadUnit],
        reached: Callable[[Sequence[ReadUnit]], ResumeOffset],
    ) -> None:
        arrivals = [arrival for unit in units for arrival in unit.arrivals]
        try:
            await self._commit(connection, arrivals, reached(left))
        except (Poison, Conflict) as error:
            # alone, a unit conflicts less with others that append to the same streams, and fails only itself
            log.warning("reader.batch_failed", reader=self._name, events=len(arrivals), error=repr(error))
            if len(units) == 1 and isinstance(error, Conflict):
                await self._react_singly(connection, arrivals, reached(left), error)
                return
            for number, unit in enumerate(units, 1):
                await self._handle_alone(connection, unit.arrivals, reached([*units[number:], *left]))

    async def _handle_alone(
        self,
        connection: "asyncpg.Connection[asyncpg.Record]",
        arrivals: Sequence[Arrival],
        offset: ResumeOffset,
    ) -> None:
        """Handle one unit, if need be without failing events and those that follow them in their streams.

        Even then the rest of the unit commits as a whole.
        """
        poison: dict[Cursor, Exception] = {}
        delays = iter(RETRY_SECONDS)
        while True:
            try:
                await self._commit(connection, arrivals, offset, poison=poison)
            except _EventFailed as found:
                if (delay := next(delays, None)) is not None:
                    await asyncio.sleep(delay)
                else:
                    poison[found.cursor] = found.error
                    delays = iter(RETRY_SECONDS)
            except Conflict as conflict:
                await self._react_singly(connection, arrivals, offset, conflict)
                return
            except Poison as error:  # raised by the commit, by no single event: the last one is blamed
                rest = [one.envelope.cursor for one in arrivals if one.envelope.cursor not in poison]
                if not rest:
                    raise
                poison[rest[-1]] = error
            else:
                return

    async def _react_singly(
        self,
        connection: "asyncpg.Connection[asyncpg.Record]",
        arrivals: Sequence[Arrival],
        offset: ResumeOffset,
        conflict: Conflict,
    ) -> None:
        """React to a unit's events one by one, after conflicts at every attempt to react to all of them.

        Raises the conflict where tables are folded: their readers would see half a unit.
        """
        if self._tables or len(arrivals) == 1:
            raise conflict
        for arrival, after in zip(arrivals, [*arrivals[1:], None], strict=True):
            sequence = offset.sequence if after is None else after.sequence - 1
            reached = ResumeOffset(offset.made_at, min(sequence, offset.sequence))
            await self._handle_alone(connection, [arrival], reached)

    async def _commit(
        self,
        connection: "asyncpg.Connection[asyncpg.Record]",
        arrivals: Sequence[Arrival],
        offset: ResumeOffset,
        *,
        poison: Mapping[Cursor, Exception] | None = None,
    ) -> None:
        """Handle whole units and move the checkpoint, in one transaction.

        Makes dead letters of the events in `poison`, and then writes event by event: `_EventFailed` names the
        one that fails.
        """
        failed: dict[SourceStream, Exception] = {}

        async def work(transaction: Transaction) -> None:
            failed.clear()
            for number, arrival in enumerate(arrivals):
                if self.dead_letters.was_dropped(arrival.source, arrival.envelope.cursor):
                    continue
                source_stream = _source_stream(arrival)
                error = (poison or {}).get(arrival.envelope.cursor)
                if self.dead_letters.blocks(source_stream) or source_stream in failed:
                    await self.dead_letters.add(connection, arrival.source, arrival.envelope, FOLLOWS)
                elif error is not None:
                    await self.dead_letters.add(connection, arrival.source, arrival.envelope, repr(error))
                    failed[source_stream] = error
                else:
                    with _blamed(number, arrival.envelope.cursor):
                        await self._apply(transaction, arrival)
                        if poison is not None:
                            await transaction.flush()
            if poison is None:  # any of them may be at fault; handled alone, the failing one is found
                with _blamed(len(arrivals) - 1, arrivals[-1].envelope.cursor):
                    await transaction.flush()
            await transaction.flush()
            await self._advance(connection, arrivals, offset)

        await self._transact(connection, work)
        for arrival in arrivals:
            self.checkpoints[arrival.source] = arrival.envelope.cursor
        for source_stream, error in failed.items():
            self.dead_letters.block(source_stream)
            log.error("reader.dead_letter", reader=self._name, stream=source_stream.stream, error=repr(error))

    async def _transact(
        self,
        connection: "asyncpg.Connection[asyncpg.Record]",
        work: Callable[[Transaction], Awaitable[None]],
    ) -> None:
        """Run `work` in one transaction, retried on conflict, and announce what it appended."""
        for attempt in range(1, ATTEMPTS + 1):
            transaction = self._engine.transaction(connection)
            try:
                with postgres_errors():
                    async with self._engine.table_transaction(connection, *self._kinds):
                        await work(transaction)
            except Conflict:
                if attempt == ATTEMPTS:
                    raise
                await asyncio.sleep(0.002 * attempt)
            else:
                transaction.committed()
                if transaction.recorded:
                    self._engine.announce(transaction.recorded[-1].cursor)
                return

    async def _apply(self, transaction: Transaction, arrival: Arrival) -> None:
        """Fold and react; the writes are executed once the transaction is flushed."""
        envelope = arrival.envelope
        if envelope.type not in self.handled:
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
            await reaction(event, unit)

    async def _advance(
        self,
        connection: "asyncpg.Connection[asyncpg.Record]",
        arrivals: Sequence[Arrival],
        offset: ResumeOffset,
    ) -> None:
        reached = {arrival.source: arrival.envelope.cursor for arrival in arrivals}
        before = {source: self.checkpoints.get(source, START) for source in reached}
        if START in before.values():
            await self.check_tables(connection)
        rows = await connection.fetch(
            _ADVANCE,
            self._name,
            offset.made_at,
            offset.sequence,
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


def _source_stream(arrival: Arrival) -> SourceStream:
    return SourceStream(arrival.source, arrival.envelope.stream)
