"""Which tables a program folds, and the lock that all who fold them share."""

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
_PATIENCE = (0.3, 0.3, 0.5, 0.5, 1.0, 1.0, 2.0, 2.0)
"""Seconds that those who fold are made to wait, at most, before they are let pass once more."""
_BREATH_SECONDS = 0.2


class TablesBusy(Transient):
    """Someone who folds these tables has not come to an end for several seconds: try again later."""


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
    """What this program's connections are called on the server."""

    @property
    def all(self) -> tuple[Projection, ...]:
        """All tables that this program knows."""
        return (*self.state_tables, *self.read_models)

    @property
    def schemas(self) -> list[str]:
        """The schemas that hold them."""
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

    def mark(self, kind: Kind) -> str:
        """Return the relation that is locked by those who fold this program's set of tables."""
        return mark_of(kind, ((table.name, table.version) for table in self.of(kind)))

    async def connect(self, schema: str | None = None) -> "asyncpg.Connection[asyncpg.Record]":
        """Return a connection that finds the running tables, or only those in one schema."""
        schemas = self.schemas if schema is None else [schema]
        return await connect(self.url, schemas=schemas, application=self.application)


def mark_of(kind: Kind, tables: Iterable[tuple[str, int]]) -> str:
    """Return the name of an empty relation that exists only while just these tables are the running ones.

    So the lock that a transaction takes is also the proof that it folds the right tables.
    """
    described = ",".join(f"{name}:{version}" for name, version in sorted(tables))
    return f"engine.{kind}_{hashlib.sha256(described.encode()).hexdigest()[:16]}"


@asynccontextmanager
async def folding(connection: Connection, *marks: str) -> AsyncGenerator[None]:
    """Be in a transaction in which no table of these marks is swapped for another.

    `lock table` takes no snapshot. So one who had to wait during a swap sees them as they are
    now; an advisory lock would leave it with the rows of before. It travels with `begin`, at no further cost.
    Raises `OutdatedTables` if the tables were swapped for others than this program knows.
    """
    lock = f"; lock table {', '.join(marks)} in access share mode" if marks else ""
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
    with suppress(Transient, Poison), postgres_errors():  # what led here says more
        await connection.execute("rollback")


@asynccontextmanager
async def holding_off(connection: Connection, marks: Sequence[str]) -> AsyncGenerator[None]:
    """Be in a transaction (read committed) during which nobody folds the tables of these marks.

    Whoever folds is never made to wait for long: the lock is asked for again and again. Raises `TablesBusy`.
    """
    for seconds in (*_PATIENCE, None):
        if seconds is None:
            message = "those who fold these tables have not paused for several seconds; try again later"
            raise TablesBusy(message)
        await connection.execute(f"begin; set local lock_timeout = '{int(seconds * 1000)}ms'")
        try:
            if marks:
                await connection.execute(f"lock table {', '.join(marks)} in access exclusive mode")
            break
        except (asyncpg.LockNotAvailableError, asyncpg.DeadlockDetectedError):
            await connection.execute("rollback")
            await asyncio.sleep(_BREATH_SECONDS)
        except BaseException:
            await _roll_back(connection)
            raise
    try:
        yield
    except BaseException:
        await _roll_back(connection)
        raise
    await connection.execute("commit")


async def make_mark(connection: Connection, mark: str) -> None:
    """Make a mark where it is missing."""
    await connection.execute(f"create table if not exists {mark} ()")


async def standing_mark(connection: Connection, kind: Kind) -> str | None:
    """Return the mark of the running tables of a kind, None if there is none yet."""
    name = await connection.fetchval(
        "select relname from pg_class where relnamespace = 'engine'::regnamespace and relkind = 'r' "
        "and relname like $1",
        f"{kind}\\_%",
    )
    return None if name is None else f"engine.{name}"
