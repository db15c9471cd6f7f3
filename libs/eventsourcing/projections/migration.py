"""Migrates projections: the running tables become those that this program folds."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

import asyncpg
import structlog

from libs.eventsourcing.model.errors import OutdatedTables, Remedy
from libs.eventsourcing.projections import shadow
from libs.eventsourcing.projections.catch_up import PAGE, ReadModelSource, StreamIncomplete
from libs.eventsourcing.projections.projection import Projection
from libs.eventsourcing.projections.shadow import Purpose, ShadowTables
from libs.eventsourcing.projections.swap import empty, fold_into, swap_in
from libs.eventsourcing.projections.tables import (
    Kind,
    ServiceTables,
    TablesBusy,
    running_guard,
)
from libs.eventsourcing.store.connections import Connection, close, hold_lock

log = structlog.stdlib.get_logger()

WAIT_SECONDS = 0.5
LOCK = "tables"
"""The advisory lock of the one session that builds tables in a service's database."""


@dataclass(frozen=True)
class Progress:
    """The progress of a build."""

    table: str
    passed: int
    """Events that this run has read."""
    remaining: int
    """Events that were to be read when it began."""


Report = Callable[[Progress], None]


def _silent(_: Progress) -> None:
    """Report nothing."""


async def migrate(tables: ServiceTables, kind: Kind, *, source: ReadModelSource | None = None) -> None:
    """Migrate the projections of this kind to this program's versions.

    What is new or changed is built in shadow tables, and swapped in at the end. Read models whose reader
    has a checkpoint need a source for this; without it, all of them begin anew, empty, and the reader too.
    Raises `OutdatedTables` if the database holds newer tables, or some that this program does not know.
    """
    connection = await tables.connect()
    try:
        if not tables.of(kind) and await running_guard(connection, kind) is not None:
            return  # a program that folds nothing leaves what others fold as it is
        if not await _lacking(connection, tables, kind):
            return
        await hold_lock(connection, LOCK)
        while await _lacking(connection, tables, kind):
            try:
                await _migrate(connection, tables, kind, source)
            except (StreamIncomplete, TablesBusy) as wait:
                log.info("tables.waiting", service=tables.service, why=str(wait))
                await asyncio.sleep(WAIT_SECONDS)
    finally:
        await close(connection)


async def _migrate(
    connection: Connection, tables: ServiceTables, kind: Kind, source: ReadModelSource | None
) -> None:
    changed = await _changed(connection, tables, kind)
    if kind is Kind.READ and not await shadow.reader_checkpoints(connection):
        await empty(tables, kind, changed, forget=False)
    elif kind is Kind.READ and changed and source is None:
        await empty(tables, kind, tables.read_models, forget=True)
    else:
        built = [await build(tables, table, source=source) for table in changed]
        await swap_in(tables, kind, built, source)
    log.info("tables.ready", service=tables.service, tables=[table.name for table in changed])


async def _lacking(connection: Connection, tables: ServiceTables, kind: Kind) -> bool:
    """Return whether a migration is needed; raise `OutdatedTables` if this program can't do it."""
    await _name_kinds(connection, tables)
    rows = await connection.fetch("select name, version, kind from engine.projections")
    versions = {table.name: table.version for table in tables.all}
    for row in rows:
        if row["name"] in versions and row["version"] > versions[row["name"]]:
            raise OutdatedTables(
                f"the database holds version {row['version']} of {row['name']}, this program folds "
                f"{versions[row['name']]}",
                Remedy.ROLL_BACK,
                service=tables.service,
                table=row["name"],
            )
        if row["name"] not in versions and row["kind"] == kind:
            raise OutdatedTables(
                f"the database holds the table {row['name']}, which this program does not fold",
                Remedy.RETIRE,
                service=tables.service,
                table=row["name"],
            )
    if await _changed(connection, tables, kind):
        return True
    return await running_guard(connection, kind) != tables.guard(kind)


async def _name_kinds(connection: Connection, tables: ServiceTables) -> None:
    """Store the kind of each table, where a program that did not know of kinds created it."""
    for table in tables.all:
        await connection.execute(
            "update engine.projections set kind = $2 where name = $1 and kind is null",
            table.name,
            tables.kind(table),
        )


async def _changed(connection: Connection, tables: ServiceTables, kind: Kind) -> list[Projection]:
    rows = await connection.fetch("select name, version from engine.projections where kind = $1", kind)
    running = {row["name"]: row["version"] for row in rows}
    return [table for table in tables.of(kind) if running.get(table.name) != table.version]


@asynccontextmanager
async def builder(tables: ServiceTables) -> AsyncGenerator[Connection]:
    """Hold the lock of the builder in this database; raise `TablesBusy` if another one does."""
    connection = await tables.connect()
    try:
        if not await connection.fetchval("select pg_try_advisory_lock(hashtext($1))", LOCK):
            message = f"someone else builds or checks tables of {tables.service} just now"
            raise TablesBusy(message)
        yield connection
    finally:
        await close(connection)


async def build(
    tables: ServiceTables,
    table: Projection,
    *,
    source: ReadModelSource | None = None,
    again: bool = False,
    report: Report = _silent,
) -> ShadowTables:
    """Catch shadow tables up until few events are missing; resume what another builder began.

    `again` throws away what was begun. Raises `FoldFailed`.
    """
    maker = await tables.connect()
    try:
        into = None if again else await shadow.begun(maker, table)
        if into is None:
            into = await shadow.create(maker, table, tables.kind(table), Purpose.BUILDING)
    finally:
        await close(maker)
    await catch_up(tables, table, into, source=source, report=report)
    return into


_LAST_FEW = 100
"""So many events are folded in a few milliseconds, for which the exclusive lock may keep writers waiting."""


async def catch_up(
    tables: ServiceTables,
    table: Projection,
    into: ShadowTables,
    *,
    source: ReadModelSource | None,
    report: Report = _silent,
) -> None:
    """Fold nearly all events that shadow tables lack, while the running ones are in use.

    Where events never cease to come there is always one more: the last few, or what does not become less, is
    left to the swap, which holds the exclusive lock.
    """
    connection: asyncpg.Connection[asyncpg.Record] = await tables.connect(into.schema)
    try:
        fold = fold_into(tables, table, into, connection, source)
        remaining, passed = await fold.remaining(), 0
        report(Progress(table.name, 0, remaining))
        before = remaining
        while step := await fold.step():
            passed += step
            report(Progress(table.name, passed, max(remaining, passed)))
            if step < PAGE:  # counting is expensive while many events are missing
                left = await fold.remaining()
                if left <= _LAST_FEW or left >= before:
                    return
                before = left
    finally:
        await close(connection)
