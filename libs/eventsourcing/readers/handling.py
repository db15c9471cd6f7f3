"""Handles events: a reader folds, reacts, and moves its checkpoint, in one transaction."""

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence

import asyncpg
import structlog

from libs.eventsourcing.model.envelope import START, Cursor
from libs.eventsourcing.model.errors import Conflict, Poison
from libs.eventsourcing.model.event import Event
from libs.eventsourcing.projections.projection import Projection
from libs.eventsourcing.readers.applying import Applying, EventFailed, blamed
from libs.eventsourcing.readers.checkpoints import ResumeOffset, advance
from libs.eventsourcing.readers.dead_letters import FOLLOWS, DeadLetters, SourceStream
from libs.eventsourcing.readers.reactions import Reactions
from libs.eventsourcing.readers.read_units import ReadUnit
from libs.eventsourcing.readers.retrying import Retrying
from libs.eventsourcing.stream.subscription import Arrival
from libs.eventsourcing.writing.engine import Engine
from libs.eventsourcing.writing.transaction import Transaction

log = structlog.stdlib.get_logger()

RETRY_SECONDS = (0.02, 0.1, 0.5, 2.0)
"""Delays, in seconds, before an event that failed alone is retried; after the last it becomes a dead letter.
"""

_TRANSACTION_SECONDS = 0.1
"""The target duration of a transaction, in seconds."""
_FIRST_BATCH, _MAX_BATCH = 50, 1000


class Handling:
    """Handles events for one reader, on the connection that holds its lock."""

    def __init__(self, name: str, engine: Engine, tables: Sequence[Projection], reactions: Reactions) -> None:
        self.checkpoints: dict[str, Cursor] = {}
        """The reader's checkpoints, by service."""
        self.dead_letters = DeadLetters(name)
        self._name = name
        self._applying = Applying(name, engine, tables, reactions)
        self._retrying = Retrying(name, self._applying, self.dead_letters)
        self._batch_size = _FIRST_BATCH

    @property
    def events(self) -> list[type[Event]]:
        """The event types that are handled."""
        return self._applying.events

    @property
    def handled(self) -> frozenset[str]:
        """The names of `events`."""
        return self._applying.handled

    async def check_tables(self, connection: "asyncpg.Connection[asyncpg.Record]") -> None:
        """See `Applying.check_tables`."""
        await self._applying.check_tables(connection)

    async def retry(self, connection: "asyncpg.Connection[asyncpg.Record]") -> None:
        """Retry the blocked streams of which it was requested, a part of each."""
        await self._retrying.run(connection)

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
            batch, left = left[:count], left[count:]
            began = time.monotonic()
            await self._handle_batch(connection, batch, left, reached)
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
            except EventFailed as found:
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
        if self._applying.folds or len(arrivals) == 1:
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

        Makes dead letters of the events in `poison`, and then writes event by event: `EventFailed` names the
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
                    with blamed(number, arrival.envelope.cursor):
                        await self._applying.apply(transaction, arrival)
                        if poison is not None:
                            await transaction.flush()
            if poison is None:  # any of them may be at fault; handled alone, the failing one is found
                with blamed(len(arrivals) - 1, arrivals[-1].envelope.cursor):
                    await transaction.flush()
            await transaction.flush()
            await self._advance(connection, arrivals, offset)

        await self._applying.transact(connection, work)
        for arrival in arrivals:
            self.checkpoints[arrival.source] = arrival.envelope.cursor
        for source_stream, error in failed.items():
            self.dead_letters.block(source_stream)
            log.error("reader.dead_letter", reader=self._name, stream=source_stream.stream, error=repr(error))

    async def _advance(
        self,
        connection: "asyncpg.Connection[asyncpg.Record]",
        arrivals: Sequence[Arrival],
        offset: ResumeOffset,
    ) -> None:
        reached = {arrival.source: arrival.envelope.cursor for arrival in arrivals}
        if any(self.checkpoints.get(source, START) == START for source in reached):
            await self.check_tables(connection)
        await advance(connection, self._name, self.checkpoints, reached, offset)


def _source_stream(arrival: Arrival) -> SourceStream:
    return SourceStream(arrival.source, arrival.envelope.stream)
