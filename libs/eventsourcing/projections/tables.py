"""The tables that a program folds, and their version guards: writers share the lock, a swap excludes them."""

import asyncio
import hashlib
from collections.abc import AsyncGenerator, Iterable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from enum import StrEnum

import asyncpg

from libs.eventsourcing.model.catalogue import EventCatalogue
from libs.eventsourcing.model.errors import OutdatedTables, Poison, Transient
from libs.eventsourcing.projections.projection import Projection
from libs.eventsourcing.store.connections import APPLICATION, Connection, connect
from libs.eventsourcing.store.errors import postgres_errors

READ_MODELS = "read-models"
"""The name of the reader that folds a service's read models."""

_BEGIN = "begin isolation level repeatable read"
_LOCK_TIMEOUTS = (0.3, 0.3, 0.5, 0.5, 1.0, 1.0, 2.0, 2.0)
"""Lock timeouts, in seconds: so long writers queue behind a request for the exclusive lock, at most."""
_PAUSE_SECONDS = 0.2


class TablesBusy(Transient):
    """The tables could not be locked exclusively for several seconds; try again later."""


class Kind(StrEnum):
    """Who folds a table."""

    STATE = "state"
    """Whoever appends an event, in the same transaction."""
    READ = "read"
    """The reader of read models."""


@dataclass(frozen=True)
class ServiceTables:
    """A service's database, and the tables that this program folds there."""

    service: str
    url: str = field(repr=False)
    catalogue: EventCatalogue
    state_tables: Sequence[Projection] = ()
    read_models: Sequence[Projection] = ()
    application: str = APPLICATION
    """The `application_name` of this program's connections."""

    @property
    def all(self) -> tuple[Projection, ...]:
        """All tables that this program knows."""
        return (*self.state_tables, *self.read_models)

    @property
    def schemas(self) -> list[str]:
        """Their schemas."""
        return [table.name for table in self.all]

    def of(self, kind: Kind) -> Sequence[Projection]:
        """Return the tables of one kind."""
        return self.state_tables if kind is Kind.STATE else self.read_models

    def kind(self, table: Projection) -> Kind:
        """Return who folds a table."""
        return Kind.STATE if table in self.state_tables else Kind.READ

    def find(self, name: str) -> Projection | None:
        """Return the table of that name, None if there is none."""
        return next((table for table in self.all if table.name == name), None)

    def guard(self, kind: Kind) -> str:
        """Return the name of the version guard of this program's tables of one kind."""
        return guard_of(kind, ((table.name, table.version) for table in self.of(kind)))

    async def connect(self, schema: str | None = None) -> "asyncpg.Connection[asyncpg.Record]":
        """Return a connection whose search path has the running tables, or one schema only."""
        schemas = self.schemas if schema is None else [schema]
        return await connect(self.url, schemas=schemas, application=self.application)


def guard_of(kind: Kind, tables: Iterable[tuple[str, int]]) -> str:
    """Return the name of a version guard: an empty table that exists only while exactly these tables run.

    So the lock that a transaction takes also proves that it folds the right tables.
    """
    described = ",".join(f"{name}:{version}" for name, version in sorted(tables))
    return f"engine.{kind}_{hashlib.sha256(described.encode()).hexdigest()[:16]}"


@asynccontextmanager
async def shared_lock(connection: Connection, *guards: str) -> AsyncGenerator[None]:
    """Run a repeatable-read transaction that holds a shared lock on version guards, so that no swap happens.

    `lock table` takes no snapshot, so a transaction that waited for a swap sees the new tables' rows; an
    advisory lock would leave it with the rows of before. The lock is sent with `begin`, without a round trip
    of its own. Raises `OutdatedTables` if the running tables are not those that this program folds.
    """
    lock = f"; lock table {', '.join(guards)} in access share mode" if guards else ""
    try:
        await connection.execute(_BEGIN + lock)
    except asyncpg.UndefinedTableError as error:
        await _roll_back(connection)
        message = "the database holds other tables than this program folds; is it an older or a newer one?"
        raise OutdatedTables(message) from error
    except BaseException:
        await _roll_back(connection)
        raise
    try:
        yield
    except BaseException:
        await _roll_back(connection)
        raise
    if await connection.execute("commit") != "COMMIT":
        message = "a statement of this transaction failed, and its error was passed over"
        raise asyncpg.InFailedSQLTransactionError(message)


async def _roll_back(connection: Connection) -> None:
    with suppress(Transient, Poison), postgres_errors():  # the error that led here says more
        await connection.execute("rollback")


@asynccontextmanager
async def exclusive_lock(connection: Connection, guards: Sequence[str]) -> AsyncGenerator[None]:
    """Run a read-committed transaction that holds an exclusive lock on version guards.

    Nobody folds their tables meanwhile. The lock is requested with a short timeout, again and again, so that
    writers never queue behind it for long. Raises `TablesBusy`.
    """
    for seconds in (*_LOCK_TIMEOUTS, None):
        if seconds is None:
            message = "the tables have been written to without a pause for several seconds; try again later"
            raise TablesBusy(message)
        await connection.execute(f"begin; set local lock_timeout = '{int(seconds * 1000)}ms'")
        try:
            if guards:
                await connection.execute(f"lock table {', '.join(guards)} in access exclusive mode")
            break
        except (asyncpg.LockNotAvailableError, asyncpg.DeadlockDetectedError):
            await connection.execute("rollback")
            await asyncio.sleep(_PAUSE_SECONDS)
        except BaseException:
            await _roll_back(connection)
            raise
    try:
        yield
    except BaseException:
        await _roll_back(connection)
        raise
    await connection.execute("commit")


async def create_guard(connection: Connection, guard: str) -> None:
    """Create a version guard unless it exists."""
    await connection.execute(f"create table if not exists {guard} ()")


async def running_guard(connection: Connection, kind: Kind) -> str | None:
    """Return the version guard of the running tables of a kind, None if there is none yet."""
    name = await connection.fetchval(
        "select relname from pg_class where relnamespace = 'engine'::regnamespace and relkind = 'r' "
        "and relname like $1",
        f"{kind}\\_%",
    )
    return None if name is None else f"engine.{name}"
