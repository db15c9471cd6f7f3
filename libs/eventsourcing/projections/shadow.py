"""Shadow tables: being built, being checked, or archived for a rollback. Stored names call them `beside`."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from libs.eventsourcing.model.envelope import START, Cursor, Envelope
from libs.eventsourcing.projections.projection import Projection
from libs.eventsourcing.projections.tables import READ_MODELS, Kind
from libs.eventsourcing.store.connections import Connection

_SELECT = """
select beside.*, (
    select coalesce(jsonb_object_agg(source, jsonb_build_array(xid, position)), '{{}}')
    from engine.beside_checkpoints as reached where reached.schema = beside.schema
)::text as reached
from engine.beside where {condition} order by name, version desc, schema
"""


class Purpose(StrEnum):
    """The purpose of shadow tables."""

    BUILDING = "building"
    CHECKING = "checking"
    ARCHIVED = "kept"


@dataclass(frozen=True)
class ShadowTables:
    """The shadow tables of a projection in a schema of their own, and how far they are folded."""

    schema: str
    name: str
    version: int
    kind: Kind
    purpose: Purpose
    begun_at: datetime
    folded: int
    """How many events have been folded into it."""
    stream_made: datetime | None
    sequence: int
    with_partitions: bool
    """No older program, which reads no partitions, has moved `sequence`."""
    checkpoints: Mapping[str, Cursor]

    def reached(self, source: str) -> Cursor:
        """Return the cursor of the last event of a source that is folded."""
        return self.checkpoints.get(source, START)


def schema_of(table: Projection, purpose: Purpose) -> str:
    """Return the schema in which a table is built or checked."""
    return f"{table.name}__check" if purpose is Purpose.CHECKING else f"{table.name}__v{table.version}"


def archived_schema(name: str, version: int) -> str:
    """Return the schema of an archived version."""
    return f"{name}__old_v{version}"


async def create(connection: Connection, table: Projection, kind: Kind, purpose: Purpose) -> ShadowTables:
    """Create empty shadow tables; older ones in the same schema are dropped."""
    schema = schema_of(table, purpose)
    async with connection.transaction():
        await drop(connection, schema)
        await connection.execute(f'create schema "{schema}"')
        await connection.execute(f'set local search_path to "{schema}"')
        await connection.execute(table.ddl)
        await connection.execute(
            "insert into engine.beside (schema, name, version, kind, purpose, ddl) "
            "values ($1, $2, $3, $4, $5, $6)",
            schema,
            table.name,
            table.version,
            kind,
            purpose,
            table.ddl,
        )
    return await found(connection, schema)


async def drop(connection: Connection, schema: str) -> None:
    """Drop a shadow schema."""
    await connection.execute(f'drop schema if exists "{schema}" cascade')
    await connection.execute("delete from engine.beside where schema = $1", schema)


async def begun(connection: Connection, table: Projection) -> ShadowTables | None:
    """Return unfinished shadow tables of this version and DDL, None if there are none."""
    found = await _select(
        connection,
        "name = $1 and version = $2 and purpose = 'building' and ddl = $3 "
        "and to_regnamespace(quote_ident(schema)) is not null",
        table.name,
        table.version,
        table.ddl,
    )
    return found[0] if found else None


async def found(connection: Connection, schema: str) -> ShadowTables:
    """Return the shadow tables of a schema; raise `LookupError` if there are none."""
    for tables in await _select(connection, "schema = $1", schema):
        return tables
    message = f"there are no shadow tables in {schema}"
    raise LookupError(message)


async def list_all(connection: Connection) -> list[ShadowTables]:
    """Return all shadow tables, by name, the newest first."""
    return await _select(connection, "true")


async def _select(connection: Connection, condition: str, *values: object) -> list[ShadowTables]:
    """Return shadow tables as of one moment: a builder may swap them in at any time."""
    rows = await connection.fetch(_SELECT.format(condition=condition), *values)
    return [
        ShadowTables(
            schema=row["schema"],
            name=row["name"],
            version=row["version"],
            kind=Kind(row["kind"]),
            purpose=Purpose(row["purpose"]),
            begun_at=row["begun_at"],
            folded=row["folded"],
            stream_made=row["stream_made"],
            sequence=row["sequence"],
            with_partitions=row.get("sequence_with_partitions") == row["sequence"],
            checkpoints={source: Cursor(*cursor) for source, cursor in json.loads(row["reached"]).items()},
        )
        for row in rows
    ]


async def advance(connection: Connection, schema: str, reached: Mapping[str, Cursor], folded: int) -> None:
    """Store how far a schema's tables are folded, in the transaction that folds them."""
    for source, cursor in reached.items():
        await connection.execute(
            "insert into engine.beside_checkpoints values ($1, $2, $3, $4) "
            "on conflict (schema, source) do update set xid = $3, position = $4",
            schema,
            source,
            *cursor,
        )
    await connection.execute(
        "update engine.beside set folded = folded + $2 where schema = $1", schema, folded
    )


async def store_resume_offset(
    connection: Connection, schema: str, stream_made: datetime, sequence: int
) -> None:
    """Store from which sequence number of which stream to resume."""
    await connection.execute(
        "update engine.beside set stream_made = $2, sequence = $3, sequence_with_partitions = $3 "
        "where schema = $1",
        schema,
        stream_made,
        sequence,
    )


async def skip(connection: Connection, schema: str, source: str, envelope: Envelope) -> None:
    """Store that an event is skipped, because it is a dead letter of the reader."""
    await connection.execute(
        "insert into engine.beside_skipped values ($1, $2, $3, $4, $5::text::jsonb) on conflict do nothing",
        schema,
        source,
        *envelope.cursor,
        envelope.to_json().decode(),
    )


async def missed(connection: Connection, schema: str) -> list[tuple[str, Envelope]]:
    """Return skipped dead letters that the reader has handled since."""
    rows = await connection.fetch(
        "select source, envelope::text as envelope from engine.beside_skipped s where schema = $1 "
        "and not exists (select from engine.parked p where p.reader = $2 and p.source = s.source "
        "and p.xid = s.xid and p.position = s.position) "
        "and not exists (select from engine.dropped d where d.reader = $2 and d.source = s.source "
        "and d.xid = s.xid and d.position = s.position) order by source, xid, position",
        schema,
        READ_MODELS,
    )
    return [(row["source"], Envelope.from_json(row["envelope"])) for row in rows]


async def forget_skipped(connection: Connection, schema: str, source: str, cursor: Cursor) -> None:
    """Store that a skipped event is folded now."""
    await connection.execute(
        "delete from engine.beside_skipped where schema = $1 and source = $2 and xid = $3 and position = $4",
        schema,
        source,
        *cursor,
    )


async def reader_checkpoints(connection: Connection) -> dict[str, Cursor]:
    """Return the checkpoints of the reader of read models."""
    rows = await connection.fetch(
        "select source, xid, position from engine.checkpoints where reader = $1", READ_MODELS
    )
    return {row["source"]: Cursor(row["xid"], row["position"]) for row in rows}
