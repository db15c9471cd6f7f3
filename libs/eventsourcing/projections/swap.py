"""Swaps shadow tables in."""

from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack

import asyncpg

from libs.eventsourcing.model.envelope import Cursor
from libs.eventsourcing.model.errors import OutdatedTables
from libs.eventsourcing.projections import shadow
from libs.eventsourcing.projections.catch_up import Fold, ReadModelSource, StoreFold
from libs.eventsourcing.projections.projection import Projection
from libs.eventsourcing.projections.shadow import Purpose, ShadowTables
from libs.eventsourcing.projections.tables import (
    READ_MODELS,
    Kind,
    ServiceTables,
    create_guard,
    exclusive_lock,
    guard_of,
    running_guard,
)
from libs.eventsourcing.store.connections import Connection, close
from libs.eventsourcing.store.postgres import last_event

_COLUMNS = """
select a.attname as name, i.indisprimary is not null as key
from pg_attribute a
left join pg_index i on i.indrelid = a.attrelid and i.indisprimary and a.attnum = any(i.indkey)
where a.attrelid = to_regclass($1) and a.attnum > 0 and not a.attisdropped
"""
_FORGET_READER = """
delete from engine.checkpoints where reader = '{reader}';
delete from engine.bookmarks where reader = '{reader}';
delete from engine.parked where reader = '{reader}';
delete from engine.retries where reader = '{reader}';
delete from engine.readers where name = '{reader}';
"""


def fold_into(
    tables: ServiceTables,
    table: Projection,
    into: ShadowTables,
    connection: "asyncpg.Connection[asyncpg.Record]",
    source: ReadModelSource | None,
) -> Fold:
    """Return what catches shadow tables up; read models need a source."""
    if into.kind is Kind.STATE:
        return StoreFold(tables, table, into, connection)
    if source is None:
        message = f"{table.name} is folded from the stream, and none is given"
        raise ValueError(message)
    return source(tables, table, into, connection)


async def swap_in(
    tables: ServiceTables, kind: Kind, built: Sequence[ShadowTables], source: ReadModelSource | None
) -> None:
    """Catch shadow tables up completely and swap them in; archive the ones that ran.

    Whoever folds waits meanwhile; those of another set of tables are `OutdatedTables` from then on.
    Raises `TablesBusy`, `FoldFailed` or `StreamIncomplete`; all is as before then.
    """
    async with AsyncExitStack() as stack:
        holder = await _connection(tables, None, stack)
        folds: list[Fold] = []
        for into in built:
            connection = await _connection(tables, into.schema, stack)
            begun = await shadow.found(connection, into.schema)
            folds.append(fold_into(tables, _table(tables, into), begun, connection, source))
        guard = await running_guard(holder, kind)
        async with exclusive_lock(holder, [guard] if guard else []):
            for fold in folds:
                await fold.finish()
            for into in built:
                fresh = await shadow.found(holder, into.schema)
                await _swap(holder, _table(tables, into), fresh)
            await _reread(holder, tables, kind, guard)
            await _rename_guard(holder, tables, kind, guard)


async def empty(tables: ServiceTables, kind: Kind, chosen: Sequence[Projection], *, forget: bool) -> None:
    """Swap in empty tables and drop the ones that ran; with `forget`, their reader begins anew."""
    async with AsyncExitStack() as stack:
        holder = await _connection(tables, None, stack)
        built = [await shadow.create(holder, table, kind, Purpose.BUILDING) for table in chosen]
        guard = await running_guard(holder, kind)
        async with exclusive_lock(holder, [guard] if guard else []):
            for into in built:
                await _swap(holder, _table(tables, into), into, archive=False)
            await _reread(holder, tables, kind, guard)
            if forget:
                await holder.execute(_FORGET_READER.format(reader=READ_MODELS))
            await _rename_guard(holder, tables, kind, guard)


async def retire(tables: ServiceTables, name: str) -> None:
    """Archive a table that no program folds any more, so that programs without it can start."""
    async with AsyncExitStack() as stack:
        holder = await _connection(tables, None, stack)
        row = await holder.fetchrow("select version, kind from engine.projections where name = $1", name)
        if row is None:
            message = f"no table called {name} is folded"
            raise LookupError(message)
        kind = Kind(row["kind"])
        guard = await running_guard(holder, kind)
        async with exclusive_lock(holder, [guard] if guard else []):
            await _archive(holder, name, await _running_checkpoints(holder, tables, kind))
            await holder.execute("delete from engine.projections where name = $1", name)
            await _rename_guard(holder, tables, kind, guard, from_database=True)


async def _connection(
    tables: ServiceTables, schema: str | None, stack: AsyncExitStack
) -> "asyncpg.Connection[asyncpg.Record]":
    connection = await tables.connect(schema)
    stack.push_async_callback(close, connection)
    return connection


def _table(tables: ServiceTables, into: ShadowTables) -> Projection:
    table = tables.find(into.name)
    if table is None or table.version != into.version:
        message = f"this program does not know version {into.version} of {into.name}"
        raise OutdatedTables(message)
    return table


async def _running_checkpoints(
    connection: Connection, tables: ServiceTables, kind: Kind
) -> dict[str, Cursor]:
    if kind is Kind.READ:
        return await shadow.reader_checkpoints(connection)
    last = await last_event(connection)
    return {tables.service: last}


async def _swap(
    connection: Connection, table: Projection, into: ShadowTables, *, archive: bool = True
) -> None:
    running = await connection.fetchval("select version from engine.projections where name = $1", table.name)
    if running is not None and archive:
        await _carry_over(connection, table, into.schema)
        await _archive(connection, table.name, into.checkpoints)
    else:
        await connection.execute(f'drop schema if exists "{table.name}" cascade')
    await connection.execute(f'alter schema "{into.schema}" rename to "{table.name}"')
    await connection.execute("delete from engine.beside where schema = $1", into.schema)
    await connection.execute(
        "insert into engine.projections (name, version, kind) values ($1, $2, $3) "
        "on conflict (name) do update set version = $2, kind = $3",
        table.name,
        table.version,
        into.kind,
    )


async def _archive(connection: Connection, name: str, reached: Mapping[str, Cursor]) -> None:
    """Rename the running tables, and store their checkpoints and the reader's dead letters with them."""
    version = await connection.fetchval("select version from engine.projections where name = $1", name)
    archived = shadow.archived_schema(name, version)
    await shadow.drop(connection, archived)
    await connection.execute(f'alter schema "{name}" rename to "{archived}"')
    await connection.execute(
        "insert into engine.beside (schema, name, version, kind, purpose, ddl) "
        "select $1, name, version, kind, $2, '' from engine.projections where name = $3",
        archived,
        Purpose.ARCHIVED,
        name,
    )
    await shadow.advance(connection, archived, reached, 0)
    await connection.execute(
        "insert into engine.beside_skipped select $1, source, xid, position, envelope from engine.parked "
        "where reader = $2 and exists (select from engine.projections where name = $3 and kind = $4)",
        archived,
        READ_MODELS,
        name,
        Kind.READ,
    )


async def _carry_over(connection: Connection, table: Projection, schema: str) -> None:
    """Copy what no event decides from the running tables, which nobody writes to until the swap."""
    for name in sorted({column.partition(".")[0] for column in table.undecided}):
        old, new = f'"{table.name}"."{name}"', f'"{schema}"."{name}"'
        old_columns = {row["name"] for row in await connection.fetch(_COLUMNS, old)}
        new_columns = await connection.fetch(_COLUMNS, new)
        keys = [row["name"] for row in new_columns if row["key"]]
        copied = [
            row["name"]
            for row in new_columns
            if f"{name}.{row['name']}" in table.undecided and row["name"] in old_columns
        ]
        if not copied or not keys or not old_columns.issuperset(keys):
            continue
        await connection.execute(f"lock table {old} in exclusive mode")
        assigned = ", ".join(f'"{column}" = old."{column}"' for column in copied)
        same = " and ".join(f'new."{column}" = old."{column}"' for column in keys)
        await connection.execute(f"update {new} new set {assigned} from {old} old where {same}")  # noqa: S608 - names of our own


async def _reread(connection: Connection, tables: ServiceTables, kind: Kind, running: str | None) -> None:
    """Reset the resume offset of the reader if it folds other tables now.

    It may fold types of events that it passed by until now; what it has handled it knows by its checkpoints.
    """
    if kind is Kind.READ and running != tables.guard(kind):
        await connection.execute("delete from engine.bookmarks where reader = $1", READ_MODELS)
        await connection.execute("update engine.readers set complete_at = null where name = $1", READ_MODELS)


async def _rename_guard(
    connection: Connection,
    tables: ServiceTables,
    kind: Kind,
    running: str | None,
    *,
    from_database: bool = False,
) -> None:
    wanted = tables.guard(kind)
    if from_database:
        rows = await connection.fetch("select name, version from engine.projections where kind = $1", kind)
        wanted = guard_of(kind, [(row["name"], row["version"]) for row in rows])
    if running is None:
        await create_guard(connection, wanted)
    elif running != wanted:
        await connection.execute(f"alter table {running} rename to {wanted.partition('.')[2]}")
