"""Compares the running tables with a fresh fold of all events."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import asyncpg

from libs.eventsourcing.model.errors import OutdatedTables
from libs.eventsourcing.projections import shadow
from libs.eventsourcing.projections.migration import Progress, builder, catch_up
from libs.eventsourcing.projections.projection import Projection
from libs.eventsourcing.projections.shadow import Purpose, ShadowTables
from libs.eventsourcing.projections.swap import fold_into
from libs.eventsourcing.projections.tables import ServiceTables, exclusive_lock, running_guard
from libs.eventsourcing.readers.stream_catch_up import source_of
from libs.eventsourcing.store.connections import Connection, close
from libs.eventsourcing.stream.event_stream import EventStream

SHOWN = 5
"""How many differing rows of each table are reported in full."""

_PATIENCE_SECONDS = 3600.0
_TABLES = """
select relname from pg_class
where relnamespace = to_regnamespace(quote_ident($1)) and relkind in ('r', 'p') and not relispartition
order by relname
"""
_COLUMNS = """
select attname from pg_attribute
where attrelid = to_regclass($1) and attnum > 0 and not attisdropped
  and attidentity = '' and attgenerated = ''
order by attnum
"""


@dataclass(frozen=True)
class RowDifferences:
    """The differences of one table from a fresh fold."""

    table: str
    rows: int
    """The number of rows in the fresh fold."""
    missing: int
    """Rows that the running table lacks."""
    surplus: int
    """Rows that it has too many."""
    examples: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    """A few of both, as `{"row": {…}, "is": "missing" | "surplus"}`."""


@dataclass(frozen=True)
class TableReport:
    """The result of comparing one projection's tables with a fresh fold."""

    service: str
    name: str
    version: int
    events: int
    """The number of events that were folded."""
    tables: list[RowDifferences]

    @property
    def sound(self) -> bool:
        """The running tables equal the fresh fold."""
        return not any(table.missing or table.surplus for table in self.tables)


async def verify_table(
    tables: ServiceTables,
    table: Projection,
    *,
    stream: EventStream | None = None,
    report: Callable[[Progress], None] | None = None,
) -> TableReport:
    """Fold shadow tables, compare them with the running ones at one moment, and drop them.

    Writers wait for the moment that it takes to bring both to the same event; the rows are compared after
    that, in a snapshot of that moment. Columns that no event decides, or that the database generates, are
    left out. Raises `OutdatedTables` if another version runs, `FoldFailed`, `StreamIncomplete` or
    `TablesBusy`.
    """
    async with builder(tables) as connection:
        version = await connection.fetchval(
            "select version from engine.projections where name = $1", table.name
        )
        if version != table.version:
            message = f"version {version} of {table.name} runs, this program folds {table.version}"
            raise OutdatedTables(message)
        into = await shadow.create(connection, table, tables.kind(table), Purpose.CHECKING)
        try:
            await catch_up(tables, table, into, source=source_of(stream), report=report or (lambda _: None))
            return await _compare(tables, table, into, stream)
        finally:
            await shadow.drop(connection, into.schema)


async def _compare(
    tables: ServiceTables, table: Projection, into: ShadowTables, stream: EventStream | None
) -> TableReport:
    holder = await tables.connect()
    folder: asyncpg.Connection[asyncpg.Record] = await tables.connect(into.schema)
    looker = await tables.connect()
    try:
        guard = await running_guard(holder, into.kind)
        async with looker.transaction(isolation="repeatable_read", readonly=True):
            async with exclusive_lock(holder, [guard] if guard else []):
                fold = fold_into(
                    tables, table, await shadow.found(folder, into.schema), folder, source_of(stream)
                )
                await fold.finish()
                await looker.fetchval("select 1")  # its snapshot is taken here, and seen through to the end
            found = await shadow.found(looker, into.schema)
            return TableReport(
                tables.service,
                table.name,
                table.version,
                found.folded,
                await _differences(looker, table, into),
            )
    finally:
        for connection in (holder, folder, looker):
            await close(connection)


async def _differences(connection: Connection, table: Projection, into: ShadowTables) -> list[RowDifferences]:
    found: list[RowDifferences] = []
    for row in await connection.fetch(_TABLES, into.schema):
        name = row["relname"]
        fresh, running = f'"{into.schema}"."{name}"', f'"{table.name}"."{name}"'
        columns = [
            column["attname"]
            for column in await connection.fetch(_COLUMNS, fresh)
            if f"{name}.{column['attname']}" not in table.undecided
        ]
        listed = ", ".join(f'"{column}"' for column in columns)
        missing = await _only_in(connection, fresh, running, listed)
        surplus = await _only_in(connection, running, fresh, listed)
        found.append(
            RowDifferences(
                table=name,
                rows=await connection.fetchval(f"select count(*) from {fresh}", timeout=_PATIENCE_SECONDS),  # noqa: S608 - names of our own
                missing=missing[0],
                surplus=surplus[0],
                examples=[
                    *({"row": one, "is": "missing"} for one in missing[1]),
                    *({"row": one, "is": "surplus"} for one in surplus[1]),
                ],
            )
        )
    return found


async def _only_in(
    connection: Connection, one: str, other: str, columns: str
) -> tuple[int, list[dict[str, Any]]]:
    row = await connection.fetchrow(
        f"with found as materialized (select {columns} from {one} except all select {columns} from {other}) "  # noqa: S608 - names of our own
        f"select (select count(*) from found) as count, "
        f"array(select row_to_json(found)::text from found limit {SHOWN}) as examples",
        timeout=_PATIENCE_SECONDS,
    )
    assert row is not None  # noqa: S101 - the query always returns a row
    return row["count"], [json.loads(one) for one in row["examples"]]
