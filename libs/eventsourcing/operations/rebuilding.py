"""The operators' actions on tables: rebuild in shadow tables, roll back to archived ones, discard."""

from collections.abc import Sequence
from dataclasses import dataclass

from libs.eventsourcing.model.errors import OutdatedTables
from libs.eventsourcing.projections import shadow
from libs.eventsourcing.projections.migration import Progress, Report, build, builder, catch_up
from libs.eventsourcing.projections.projection import Projection
from libs.eventsourcing.projections.shadow import Purpose, ShadowTables
from libs.eventsourcing.projections.swap import fold_into, swap_in
from libs.eventsourcing.projections.tables import Kind, ServiceTables
from libs.eventsourcing.readers.stream_catch_up import source_of
from libs.eventsourcing.store.connections import ISOLATION, Connection, close
from libs.eventsourcing.stream.event_stream import EventStream

__all__ = ["Plan", "Progress", "discard", "plan", "rebuild", "rollback", "shadow_tables"]


@dataclass(frozen=True)
class Plan:
    """The plan of a rebuild."""

    service: str
    table: str
    kind: Kind
    running: int | None
    """The version that runs; None if none does."""
    version: int
    """The version that this program folds."""
    begun: ShadowTables | None
    """Unfinished shadow tables that this rebuild would resume."""
    archived: ShadowTables | None
    """The archived tables that a rollback would swap in."""
    events: int
    """How many events it reads: those of its types in the store, or all of the stream."""

    @property
    def outdates(self) -> bool:
        """Programs that fold the running version stop at the swap."""
        return self.running is not None and self.running != self.version


async def plan(
    tables: ServiceTables, table: Projection, *, stream: EventStream | None = None, again: bool = False
) -> Plan:
    """Return the plan of a rebuild; nothing is changed."""
    kind = tables.kind(table)
    connection = await tables.connect()
    try:
        async with connection.transaction(isolation=ISOLATION, readonly=True):  # others may build
            running = await connection.fetchval(
                "select version from engine.projections where name = $1", table.name
            )
            begun = None if again else await shadow.begun(connection, table)
            into = begun or await _blank(connection, table, kind)
            archived = _archived(table, await shadow.list_all(connection))
        return Plan(
            service=tables.service,
            table=table.name,
            kind=kind,
            running=running,
            version=table.version,
            begun=begun,
            archived=archived,
            events=await fold_into(tables, table, into, connection, source_of(stream)).remaining(),
        )
    finally:
        await close(connection)


async def _blank(connection: Connection, table: Projection, kind: Kind) -> ShadowTables:
    """Return the description of empty shadow tables, without creating them."""
    schema, now = shadow.schema_of(table, Purpose.BUILDING), await connection.fetchval("select now()")
    return ShadowTables(
        schema=schema,
        name=table.name,
        version=table.version,
        kind=kind,
        purpose=Purpose.BUILDING,
        begun_at=now,
        folded=0,
        stream_made=None,
        sequence=0,
        with_partitions=True,
        checkpoints={},
    )


async def rebuild(
    tables: ServiceTables,
    table: Projection,
    *,
    stream: EventStream | None = None,
    again: bool = False,
    swap: bool = True,
    report: Report = lambda _: None,
) -> ShadowTables:
    """Fold shadow tables from all events and swap them in; the old ones are archived.

    Interrupted, it resumes where it stopped when called again, unless `again`. Without `swap` the shadow
    tables stay, for a later call or the start of a program of their version. The service goes on meanwhile.
    Raises `FoldFailed`, `StreamIncomplete`, `TablesBusy`; the running tables are unchanged then.
    """
    async with builder(tables) as connection:
        into = await build(tables, table, source=source_of(stream), again=again, report=report)
        if swap:
            await _check_others(tables, [table])
            await swap_in(tables, tables.kind(table), [into], source_of(stream))
            return into
        return await shadow.found(connection, into.schema)


async def rollback(
    tables: ServiceTables,
    chosen: Sequence[Projection],
    *,
    stream: EventStream | None = None,
    report: Report = lambda _: None,
) -> list[ShadowTables]:
    """Catch up the archived tables of this program's version and swap them in.

    What ran is archived in their place. The tables must be of one kind. Raises `LookupError` if one is not
    archived, and what `rebuild` does.
    """
    async with builder(tables) as connection:
        there = await shadow.list_all(connection)
        archived = [_archived(table, there) for table in chosen]
        for table, one in zip(chosen, archived, strict=True):
            if one is None:
                message = f"no version {table.version} of {table.name} is archived"
                raise LookupError(message)
        built: list[ShadowTables] = []
        for table, one in zip(chosen, archived, strict=True):
            if one is not None:
                built.append(await _resume(connection, table, one))
                await catch_up(tables, table, built[-1], source=source_of(stream), report=report)
        await _check_others(tables, chosen)
        await swap_in(tables, tables.kind(chosen[0]), built, source_of(stream))
        return built


async def _resume(connection: Connection, table: Projection, archived: ShadowTables) -> ShadowTables:
    """Make archived tables shadow tables under construction again."""
    schema = shadow.schema_of(table, Purpose.BUILDING)
    async with connection.transaction():
        await shadow.drop(connection, schema)
        await connection.execute(f'alter schema "{archived.schema}" rename to "{schema}"')
        await connection.execute(
            "update engine.beside set schema = $2, purpose = $3, ddl = $4 where schema = $1",
            archived.schema,
            schema,
            Purpose.BUILDING,
            table.ddl,
        )
    return await shadow.found(connection, schema)


async def shadow_tables(tables: ServiceTables) -> list[ShadowTables]:
    """Return all shadow tables."""
    connection = await tables.connect()
    try:
        return await shadow.list_all(connection)
    finally:
        await close(connection)


async def discard(tables: ServiceTables, name: str, purposes: frozenset[Purpose]) -> list[ShadowTables]:
    """Drop a table's shadow tables of these purposes, and return them."""
    async with builder(tables) as connection:
        found = [
            one for one in await shadow.list_all(connection) if one.name == name and one.purpose in purposes
        ]
        for one in found:
            async with connection.transaction():
                await shadow.drop(connection, one.schema)
        return found


def _archived(table: Projection, there: Sequence[ShadowTables]) -> ShadowTables | None:
    for one in there:
        if (one.name, one.version, one.purpose) == (table.name, table.version, Purpose.ARCHIVED):
            return one
    return None


async def _check_others(tables: ServiceTables, chosen: Sequence[Projection]) -> None:
    """Raise `OutdatedTables` if other tables run in versions unlike this program's."""
    connection = await tables.connect()
    try:
        rows = await connection.fetch("select name, version from engine.projections")
    finally:
        await close(connection)
    running = {row["name"]: row["version"] for row in rows}
    for other in tables.of(tables.kind(chosen[0])):
        if other not in chosen and running.get(other.name) != other.version:
            message = (
                f"version {running.get(other.name)} of {other.name} runs, this program folds "
                f"{other.version}; the shadow tables stay, a start of the service swaps all in"
            )
            raise OutdatedTables(message)
