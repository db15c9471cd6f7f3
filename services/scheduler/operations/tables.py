"""State table of the operator's switches."""

from libs.events.scheduler import (
    AllPaused,
    AllResumed,
    SourceBlocked,
    SourceUnblocked,
    TargetBlocked,
    TargetUnblocked,
)
from libs.eventsourcing import Projection, Sql, TableSql
from services.scheduler.schedule.switches import Switches

OPERATIONS_TABLES = Projection(
    "operations",
    version=1,
    ddl="""
    create table paused (since timestamptz primary key);
    create table blocked_targets (chat text primary key);
    create table blocked_sources (chat text primary key);
    """,
)
"""`paused` has one row while all adbots are paused."""


async def switches(sql: Sql) -> Switches:
    """Return the operator's switches."""
    rows = await sql.fetch(
        "select 'target' as kind, chat from blocked_targets "
        "union all select 'source', chat from blocked_sources union all select 'paused', '' from paused"
    )
    found = {kind: frozenset(row["chat"] for row in rows if row["kind"] == kind) for kind in _KINDS}
    return Switches(targets=found["target"], sources=found["source"], paused=bool(found["paused"]))


_KINDS = ("target", "source", "paused")


@OPERATIONS_TABLES.on(AllPaused)
async def paused(event: AllPaused, sql: TableSql) -> None:
    """Store the pause."""
    del event
    await sql.execute("insert into paused (since) values ($1)", sql.at)


@OPERATIONS_TABLES.on(AllResumed)
async def resumed(event: AllResumed, sql: TableSql) -> None:
    """Remove the pause."""
    del event
    await sql.execute("delete from paused")


@OPERATIONS_TABLES.on(TargetBlocked)
async def target_blocked(event: TargetBlocked, sql: TableSql) -> None:
    """Add the group."""
    await sql.execute("insert into blocked_targets (chat) values ($1)", event.target)


@OPERATIONS_TABLES.on(TargetUnblocked)
async def target_unblocked(event: TargetUnblocked, sql: TableSql) -> None:
    """Remove the group."""
    await sql.execute("delete from blocked_targets where chat = $1", event.target)


@OPERATIONS_TABLES.on(SourceBlocked)
async def source_blocked(event: SourceBlocked, sql: TableSql) -> None:
    """Add the channel."""
    await sql.execute("insert into blocked_sources (chat) values ($1)", event.source)


@OPERATIONS_TABLES.on(SourceUnblocked)
async def source_unblocked(event: SourceUnblocked, sql: TableSql) -> None:
    """Remove the channel."""
    await sql.execute("delete from blocked_sources where chat = $1", event.source)
