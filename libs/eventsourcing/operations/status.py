"""The status of a database: its store, its tables, and who else is connected."""

from dataclasses import dataclass

from libs.eventsourcing.store.connections import Connection

_OTHERS = """
select count(*) from pg_stat_activity
where datname = current_database() and application_name = $1 and pid <> pg_backend_pid()
"""
_USAGE = """
select pg_database_size(current_database()) as bytes,
       (select count(*) from pg_stat_activity where datname = current_database()) as connections
"""
_TABLES = """
select p.name, p.version, p.kind, coalesce(sum(pg_total_relation_size(c.oid)), 0)::bigint as bytes,
       coalesce(sum(pg_stat_get_live_tuples(c.oid)), 0)::bigint as rows
from (select name, version, kind, name as schema from engine.projections
      union all select name, version, purpose, schema from engine.beside) as p
left join pg_class c on c.relnamespace = to_regnamespace(quote_ident(p.schema)) and c.relkind = 'r'
group by p.name, p.version, p.kind, p.schema order by p.name, p.schema
"""


@dataclass(frozen=True)
class StoredTable:
    """A projection's tables as a database holds them: running, or shadow tables."""

    name: str
    version: int
    kind: str | None
    """`state` or `read` where they run; else the purpose of the shadow tables."""
    bytes: int
    rows: int
    """As the database's statistics estimate them."""


@dataclass(frozen=True)
class DatabaseUsage:
    """How large a database is, and how many connections it has."""

    bytes: int
    connections: int


async def holds_store(connection: Connection) -> bool:
    """Return whether the database holds an event store."""
    return bool(await connection.fetchval("select to_regclass('engine.events') is not null"))


async def holds_shadow_tables(connection: Connection) -> bool:
    """Return whether the store is of a version that has shadow tables."""
    return bool(await connection.fetchval("select to_regclass('engine.beside') is not null"))


async def connected_as(connection: Connection, application: str) -> int:
    """Return how many other connections of an application the database has now."""
    await connection.execute("select pg_stat_clear_snapshot()")  # else a transaction sees its first result
    return int(await connection.fetchval(_OTHERS, application))


async def stored_tables(connection: Connection) -> list[StoredTable]:
    """Return all tables that are folded from events, shadow tables included."""
    return [StoredTable(**dict(row.items())) for row in await connection.fetch(_TABLES)]


async def database_usage(connection: Connection) -> DatabaseUsage:
    """Return how large the database is, and how many connections it has."""
    row = await connection.fetchrow(_USAGE)
    return DatabaseUsage(0, 0) if row is None else DatabaseUsage(row["bytes"], row["connections"])
