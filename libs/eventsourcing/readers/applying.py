"""Applies events: folds them into tables and runs the reactions, in the transactions of one reader."""

import asyncio
from collections.abc import Awaitable, Callable, Generator, Sequence
from contextlib import contextmanager

import asyncpg

from libs.eventsourcing.model.envelope import Cursor, Recorded
from libs.eventsourcing.model.errors import Conflict, OutdatedTables, Poison, Transient
from libs.eventsourcing.model.event import Event
from libs.eventsourcing.projections.projection import Projection, outdated
from libs.eventsourcing.projections.tables import READ_MODELS, Kind
from libs.eventsourcing.readers.reactions import Reactions
from libs.eventsourcing.store.errors import family_of, postgres_errors
from libs.eventsourcing.stream.subscription import Arrival
from libs.eventsourcing.writing.engine import ATTEMPTS, Engine
from libs.eventsourcing.writing.transaction import Transaction
from libs.eventsourcing.writing.unit_of_work import UnitOfWork


class EventFailed(Poison):
    """The event with this number and cursor of a unit can't be decoded, folded or reacted to."""

    def __init__(self, number: int, cursor: Cursor, error: Exception) -> None:
        super().__init__(repr(error))
        self.number, self.cursor, self.error = number, cursor, error


@contextmanager
def blamed(number: int, cursor: Cursor) -> Generator[None]:
    """Attribute exceptions raised inside to one event, unless they are transient.

    Statements of the events before it must have been flushed.
    """
    try:
        yield
    except Exception as error:
        if issubclass(family_of(error) or Poison, Transient):
            raise
        raise EventFailed(number, cursor, error) from error


class Applying:
    """The tables and reactions of one reader."""

    def __init__(self, name: str, engine: Engine, tables: Sequence[Projection], reactions: Reactions) -> None:
        self.folds = bool(tables)
        """Whether there are tables, so that half a unit of work could be seen."""
        self._engine = engine
        self._tables = tables
        self._reactions = reactions
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

    async def transact(
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
                self._engine.announce(transaction.recorded)
                return

    async def apply(self, transaction: Transaction, arrival: Arrival) -> None:
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

    async def check_tables(self, connection: "asyncpg.Connection[asyncpg.Record]") -> None:
        """Raise `OutdatedTables` unless the tables are of the versions that this program folds."""
        if stale := await outdated(connection, self._tables):
            names = ", ".join(table.name for table in stale)
            message = f"the database holds another version of {names}"
            raise OutdatedTables(message)
