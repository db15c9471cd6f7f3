"""The engine of one service: its database, its state tables, and running units of work."""

import asyncio
import random
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, NoReturn, TypeVar, cast
from uuid import UUID

import asyncpg
import structlog

from libs.eventsourcing.model.catalogue import EventCatalogue
from libs.eventsourcing.model.envelope import START, Causes, Cursor, Recorded, utc_now
from libs.eventsourcing.model.errors import CarriedOut, Conflict, DuplicateRow, OutdatedTables, Refused
from libs.eventsourcing.projections.migration import migrate
from libs.eventsourcing.projections.projection import Projection
from libs.eventsourcing.projections.sql import Sql
from libs.eventsourcing.projections.tables import Kind, ServiceTables, shared_lock
from libs.eventsourcing.store.connections import APPLICATION, ISOLATION, Connection, Pool, connect_pool
from libs.eventsourcing.store.deadlines import database_seconds
from libs.eventsourcing.store.errors import postgres_errors
from libs.eventsourcing.store.restored_clusters import refuse_future
from libs.eventsourcing.store.schema import make_schema
from libs.eventsourcing.store.state_cache import StateCache
from libs.eventsourcing.writing.group_commit import GroupCommit, Member, Outcome, carry_out_all
from libs.eventsourcing.writing.transaction import Transaction
from libs.eventsourcing.writing.unit_of_work import UnitOfWork

T = TypeVar("T")
log = structlog.stdlib.get_logger()

ATTEMPTS = 20
RELEASE_SECONDS = 1.0
"""How long the server has to confirm that a statement was cancelled; else its connection is closed."""
KNOWN_STATES = 2000
"""How many streams' states a process caches."""


@dataclass(frozen=True)
class Done(Generic[T]):
    """A unit of work's return value, and the cursor of the last event that it appended."""

    value: T
    written: Cursor | None


class Engine:
    """A service's store and tables. One per process."""

    def __init__(
        self,
        service: str,
        url: str,
        catalogue: EventCatalogue,
        *,
        state_tables: Sequence[Projection] = (),
        read_models: Sequence[Projection] = (),
        application: str = APPLICATION,
        clock: Callable[[], datetime] = utc_now,
    ) -> None:
        self.service = service
        self.catalogue = catalogue
        self.state_tables = tuple(state_tables)
        self.read_models = tuple(read_models)
        self.tables = ServiceTables(service, url, catalogue, self.state_tables, self.read_models, application)
        self._guards = {kind: self.tables.guard(kind) for kind in Kind}
        self.outdated = asyncio.Event()
        """Set once the database holds other table versions than this program folds."""
        self._pool: Pool | None = None
        self._clock = clock
        self._known = StateCache(KNOWN_STATES)
        self._group = GroupCommit(self)
        self._listeners: list[Callable[[Sequence[Recorded]], None]] = []
        self._change_listeners: list[Callable[[], None]] = []

    @property
    def schemas(self) -> list[str]:
        """The schemas that hold this service's tables."""
        return self.tables.schemas

    @property
    def pool(self) -> Pool:
        """The service's connections; raises unless `start` was called."""
        if self._pool is None:
            message = f"the engine of {self.service} was not started"
            raise RuntimeError(message)
        return self._pool

    async def start(self, *, pool_size: int = 8, read_models: bool = True) -> None:
        """Connect, create missing tables, and migrate projections that are new or changed.

        Without `read_models` these are left for later, to be migrated from the stream. Raises
        `OutdatedTables` if the database holds newer tables, and `RestoredElsewhere`.
        """
        self._pool = await connect_pool(
            self.tables.url, schemas=self.schemas, size=pool_size, application=self.tables.application
        )
        async with self.pool.acquire() as connection:
            await make_schema(connection)
            await refuse_future(connection)
        await migrate(self.tables, Kind.STATE)
        if read_models:
            await migrate(self.tables, Kind.READ)

    async def stop(self) -> None:
        """Close the service's connections, waiting a little for those in use."""
        await self._group.stop()
        if self._pool is not None:
            try:
                await asyncio.wait_for(self._pool.close(), timeout=5)
            except TimeoutError:
                self._pool.terminate()
            self._pool = None

    @asynccontextmanager
    async def connection(self) -> AsyncGenerator[Connection]:
        """Yield a connection of the pool; raise `Unavailable` after the context's `database_deadline`."""
        with postgres_errors():
            async with asyncio.timeout(database_seconds()):
                connection = await self.pool.acquire()
                try:
                    yield connection
                finally:
                    await self.pool.release(connection, timeout=RELEASE_SECONDS)

    async def connect(self) -> "asyncpg.Connection[asyncpg.Record]":
        """Return a connection outside of the pool, for holding a lock on it."""
        return await self.tables.connect()

    def on_commit(self, listener: Callable[[Sequence[Recorded]], None]) -> None:
        """Call `listener` with the events of every transaction that appended some here."""
        self._listeners.append(listener)

    def on_change(self, listener: Callable[[], None]) -> None:
        """Call `listener` whenever `changed` is called."""
        self._change_listeners.append(listener)

    def changed(self) -> None:
        """Tell the listeners that a reader, or another process of the service, may have changed rows."""
        for listener in self._change_listeners:
            listener()

    def announce(self, recorded: Sequence[Recorded]) -> None:
        """Tell the listeners that these events were committed, if there are any."""
        if recorded:
            for listener in self._listeners:
                listener(recorded)

    def transaction(self, connection: Connection) -> Transaction:
        """Return a transaction for units of work, on a connection inside a database transaction."""
        return Transaction(connection, self.catalogue, self.state_tables, self._known, self._clock)

    @asynccontextmanager
    async def table_transaction(self, connection: Connection, *kinds: Kind) -> AsyncGenerator[None]:
        """Run a transaction during which no tables of these kinds are swapped; see `shared_lock`."""
        guards = [self._guards[kind] for kind in kinds]
        try:
            async with shared_lock(connection, *guards):
                yield
        except OutdatedTables:
            self.outdated.set()
            raise

    async def until_outdated(self) -> NoReturn:
        """Wait until other table versions run than this program folds, and raise `OperatorNeeded`."""
        await self.outdated.wait()
        message = "the database holds other tables than this program folds: start the program that knows them"
        raise OutdatedTables(message)

    async def run(
        self,
        work: Callable[[UnitOfWork], Awaitable[T]],
        causes: Causes,
        *,
        command: UUID | None = None,
        grouped: bool = False,
    ) -> Done[T | None]:
        """Run `work` in one transaction, retried on conflict, and return its value.

        For a `command` that was carried out before, nothing is changed: the cursor of its events is returned,
        and no value. That is found out as late as possible, since it is rare. Work that is `grouped` shares
        its transaction with others that come at the same time: it should be short, and wait for nothing but
        the database.
        """
        if grouped:
            outcome = await self._group.run(work, causes, command)
        else:
            outcome = await self.run_alone(work, causes, command)
        return Done(cast("T | None", outcome.value), outcome.written)

    async def run_alone(
        self, work: Callable[[UnitOfWork], Awaitable[T]], causes: Causes, command: UUID | None
    ) -> Outcome:
        """See `run`."""
        for attempt in range(1, ATTEMPTS + 1):
            try:
                async with self.connection() as connection:
                    outcome = await self._attempt(connection, work, causes, command)
            except (
                Conflict,
                DuplicateRow,
            ) as conflict:
                # a duplicate row: two units that each found it missing may both insert it
                if attempt == ATTEMPTS:
                    raise
                log.debug("unit.conflict", service=self.service, attempt=attempt, error=repr(conflict))
                await asyncio.sleep(random.uniform(0, 0.005 * attempt))
            else:
                return outcome
        raise AssertionError

    async def _attempt(
        self,
        connection: Connection,
        work: Callable[[UnitOfWork], Awaitable[T]],
        causes: Causes,
        command: UUID | None,
    ) -> Outcome:
        try:
            async with self.table_transaction(connection, Kind.STATE):
                transaction = self.transaction(connection)
                unit = UnitOfWork(transaction, causes, command=command)
                value = await work(unit)
                await transaction.flush()
                if command is not None and not unit.decided:
                    await _refuse_repeat(connection, command)
        except (CarriedOut, Refused):
            # for a duplicate command, the first result counts, not that it is refused now
            if command is None or (first := await _carried_out(connection, command)) is None:
                raise
            return Outcome(None, first)
        transaction.committed()
        self.announce(transaction.recorded)
        return Outcome(value, unit.written)

    async def run_group(self, members: Sequence[Member]) -> list[Outcome]:
        """Run units of work in one transaction; if any fails, raise and roll all back.

        On a conflict all of them are retried once, on freshly loaded states.
        """
        try:
            return await self._attempt_group(members)
        except Conflict as conflict:
            log.debug("units.conflict", service=self.service, error=repr(conflict))
            return await self._attempt_group(members)

    async def _attempt_group(self, members: Sequence[Member]) -> list[Outcome]:
        async with self.connection() as connection:
            async with self.table_transaction(connection, Kind.STATE):
                transaction = self.transaction(connection)
                outcomes = await carry_out_all(
                    transaction, members, lambda command: _refuse_repeat(connection, command)
                )
            transaction.committed()
        self.announce(transaction.recorded)
        return outcomes

    async def query(self, question: Callable[[Sql], Awaitable[T]]) -> T:
        """Query the tables, outside of any unit of work."""
        async with self.connection() as connection:
            return await question(Sql(connection))

    async def view(self, question: Callable[[Sql], Awaitable[T]]) -> T:
        """Run several queries on one snapshot."""
        async with (
            self.connection() as connection,
            connection.transaction(isolation=ISOLATION, readonly=True),
        ):
            return await question(Sql(connection))

    async def checkpoint(self, reader: str, source: str) -> Cursor:
        """Return a reader's checkpoint in a source's events."""
        return (await self.checkpoints(reader, [source]))[source]

    async def checkpoints(self, reader: str, sources: Sequence[str]) -> dict[str, Cursor]:
        """Return a reader's checkpoints in the events of several sources."""
        rows = await self.query(
            lambda sql: sql.fetch(
                "select source, xid, position from engine.checkpoints where reader = $1 and source = any($2)",
                reader,
                sources,
            )
        )
        found = {row["source"]: Cursor(row["xid"], row["position"]) for row in rows}
        return {source: found.get(source, START) for source in sources}


async def _refuse_repeat(connection: Connection, command: UUID) -> None:
    """Raise `CarriedOut` if a command that is a no-op now was carried out before."""
    if await _carried_out(connection, command) is not None:
        raise CarriedOut(str(command))


async def _carried_out(connection: Connection, command: UUID) -> Cursor | None:
    """Return the cursor of the last event that a command appended, None if it was never carried out."""
    row = await connection.fetchrow(
        "select xid::text as xid, position from engine.commands where id = $1", command
    )
    return None if row is None else Cursor(int(row["xid"]), row["position"])
