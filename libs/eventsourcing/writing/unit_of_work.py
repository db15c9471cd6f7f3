"""A unit of work: the decisions that one command, reaction or due time leads to."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import datetime
from typing import Any, TypeVar
from uuid import UUID

from libs.eventsourcing.model.decider import Decider
from libs.eventsourcing.model.envelope import Cause, Causes, Cursor, Recorded
from libs.eventsourcing.model.errors import InvalidAppend
from libs.eventsourcing.model.event import Event
from libs.eventsourcing.model.limits import MAX_UNIT_BYTES, MAX_UNIT_EVENTS
from libs.eventsourcing.projections.sql import Row, Sql
from libs.eventsourcing.store.addition import Addition
from libs.eventsourcing.store.connections import Connection
from libs.eventsourcing.writing.transaction import Transaction

CommandT = TypeVar("CommandT")
StateT = TypeVar("StateT")
EventT = TypeVar("EventT", bound=Event)


class Uncorrelated(LookupError):
    """A service's own work names no cause, and its aggregate declares no correlation id."""


class UnitOfWork:
    """Decides within a transaction, which commits as a whole or not at all.

    It may run several times before that: do nothing in it that can't be taken back.
    """

    def __init__(
        self,
        transaction: Transaction,
        causes: Causes,
        *,
        cause: Recorded | None = None,
        command: UUID | None = None,
    ) -> None:
        self.flushed = FlushingSql(transaction.connection, transaction.flush)
        """Flush what was decided, then run a statement: it sees this unit's own events and table rows."""
        self.unflushed = Sql(transaction.connection)
        """Run a statement without a flush; it misses what this transaction decided since the last one.

        Use it for rows that never change once they are there, and ask `flushed` when a row is missing: fewer
        flushes make larger batches.
        """
        self.at: datetime = transaction.clock()
        """When this unit began, UTC-aware: the timestamp of its events."""
        self.recorded: list[Recorded] = []
        """The events it has appended; complete once the transaction is flushed."""
        self.decided = False
        """Whether it decided any event."""
        self._events, self._bytes = 0, 0
        self._transaction = transaction
        self._causes = causes
        self._cause = cause
        self._command = command

    @property
    def cause(self) -> Recorded:
        """The event that is reacted to, None outside of reactions."""
        if self._cause is None:
            message = "this unit of work is no reaction to an event"
            raise LookupError(message)
        return self._cause

    @property
    def written(self) -> Cursor | None:
        """The cursor of the last event that it appended, once the transaction is flushed."""
        return self.recorded[-1].cursor if self.recorded else None

    @property
    def untouched(self) -> bool:
        """Whether it can be left out of its group as if it had not run."""
        return not (self.decided or self.flushed.asked)

    async def load(self, decider: Decider[CommandT, StateT, EventT], key: object) -> StateT | None:
        """Return an aggregate's current state, None if it has no events."""
        return await self._transaction.state(decider, decider.stream(key))

    async def execute(
        self,
        decider: Decider[CommandT, StateT, EventT],
        key: object,
        command: CommandT,
        *,
        because: Cause | None = None,
    ) -> list[EventT]:
        """Decide, append the events and fold them into the state tables; return the events.

        `because` is the cause that a due row keeps; without it see `Decider` for the correlation id. Raises
        `Refused`, `InvalidAppend` or `Uncorrelated`. A stale state, or a duplicate of the unit's command, is
        found later: then the whole unit runs again, or is rolled back.
        """
        stream = decider.stream(key)
        events = await self._transaction.decide(decider, stream, command)
        if events:
            expected = self._transaction.version(stream)
            causes = await self._causes_of(decider, stream, command, because)
            addition = Addition.of(stream, expected, events, causes, self.at)
            self._measure(addition)
            self._transaction.add(decider, addition, self.recorded, self._command)
            self.decided = True
        return events

    async def _causes_of(
        self,
        decider: Decider[CommandT, StateT, EventT],
        stream: str,
        command: CommandT,
        because: Cause | None,
    ) -> Causes:
        """Return the causes of what is appended; the first of these rules that applies decides.

        The row's cause. The aggregate's word for this command. The event that is reacted to. A stream that
        continues: what the unit decides next bears its correlation id too. Else what led to the unit, which
        is nothing, and an error, where a service acts by itself.
        """
        if because is not None:
            return Causes(because.correlation_id, because.causation_id, self._causes.actor)
        declared = decider.correlated_with(command, stream) if decider.correlated_with else None
        if isinstance(declared, str):
            declared = await self._transaction.correlation_id(declared)
        if declared is not None:
            return replace(self._causes, correlation_id=declared, correlated=True)
        if self._cause is None and decider.continues:
            begun = await self._transaction.correlation_id(stream)
            if begun is not None:
                self._causes = replace(self._causes, correlation_id=begun, correlated=True)
        if not self._causes.correlated:
            message = f"what led to the {type(command).__name__} of {stream}? Give `because`"
            raise Uncorrelated(message)
        return self._causes

    def _measure(self, addition: Addition) -> None:
        """Raise `InvalidAppend` if this unit appends more than readers can buffer."""
        self._events += len(addition.events)
        self._bytes += sum(map(len, addition.data))
        if self._events > MAX_UNIT_EVENTS or self._bytes > MAX_UNIT_BYTES:
            message = (
                f"{self._events} events of {self._bytes} bytes in one unit of work, with {addition.stream}: "
                f"at most {MAX_UNIT_EVENTS} of {MAX_UNIT_BYTES} can become visible at once; handle fewer"
            )
            raise InvalidAppend(message)


class FlushingSql(Sql):
    """The statements of a unit of work, each behind a flush of what was decided before it."""

    def __init__(self, connection: Connection, flush: Callable[[], Awaitable[None]]) -> None:
        super().__init__(connection)
        self._flush = flush
        self.asked = False
        """Whether there was any statement."""

    async def execute(self, statement: str, *arguments: object) -> int:
        """See `Sql.execute`."""
        await self._before()
        return await super().execute(statement, *arguments)

    async def fetch(self, query: str, *arguments: object) -> list[Row]:
        """See `Sql.fetch`."""
        await self._before()
        return await super().fetch(query, *arguments)

    async def fetchrow(self, query: str, *arguments: object) -> Row | None:
        """See `Sql.fetchrow`."""
        await self._before()
        return await super().fetchrow(query, *arguments)

    async def fetchval(self, query: str, *arguments: object) -> Any:  # noqa: ANN401 - a column of any type
        """See `Sql.fetchval`."""
        await self._before()
        return await super().fetchval(query, *arguments)

    async def _before(self) -> None:
        self.asked = True
        await self._flush()
