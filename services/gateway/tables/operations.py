"""Read model: the operator's switches, a pause of all adbots and blocked groups and channels."""

from collections.abc import Collection
from datetime import datetime

from libs.events.scheduler import (
    AllPaused,
    AllResumed,
    SourceBlocked,
    SourceUnblocked,
    TargetBlocked,
    TargetUnblocked,
)
from libs.eventsourcing import Projection, Sql, TableSql
from services.gateway.tables.paging import Key, KeyType, PagedList, holds, instant
from services.gateway.tables.values import View

OPERATIONS = Projection(
    "operations",
    version=2,
    ddl="""
    create table pauses (since timestamptz primary key, reason text not null);
    create table blocked_targets (chat text primary key, since timestamptz not null, reason text not null);
    create table blocked_sources (chat text primary key, since timestamptz not null, reason text not null);
    create index on blocked_targets (since, chat);
    create index on blocked_sources (since, chat);
    """,
)
"""`pauses` has one row while all adbots are paused. Grows with the groups and channels that are blocked."""


class Pause(View):
    """A pause of all adbots."""

    since: datetime
    reason: str


class BlockedChat(View):
    """A group or a channel that the operator blocked, in its canonical form."""

    chat: str
    since: datetime
    reason: str


class Operations(View):
    """The operator's switches; the latest blocks are first."""

    pause: Pause | None
    blocked_targets: list[BlockedChat]
    blocked_sources: list[BlockedChat]


def _blocked(table: str) -> PagedList:
    return PagedList(
        name=table,
        fields=f"chat, {instant('since')} as since, reason",
        source=table,
        sorts={
            "created_at": (Key("since", KeyType.INSTANT), Key("chat", KeyType.TEXT)),
            "chat": (Key("chat", KeyType.TEXT),),
        },
        filters={"text": holds("chat", "reason")},
    )


BLOCKED_TARGETS = _blocked("blocked_targets")
BLOCKED_SOURCES = _blocked("blocked_sources")


async def operations_of(sql: Sql) -> Operations:
    """Return the operator's switches."""
    pause = await sql.fetchrow("select since, reason from pauses")
    targets = await sql.fetch("select chat, since, reason from blocked_targets order by since desc, chat")
    sources = await sql.fetch("select chat, since, reason from blocked_sources order by since desc, chat")
    return Operations(
        pause=None if pause is None else Pause(**dict(pause)),
        blocked_targets=[BlockedChat(**dict(row)) for row in targets],
        blocked_sources=[BlockedChat(**dict(row)) for row in sources],
    )


async def blocked_of(sql: Sql, chats: Collection[str]) -> set[str]:
    """Return those of these groups that are blocked."""
    rows = await sql.fetch("select chat from blocked_targets where chat = any($1::text[])", list(chats))
    return {row["chat"] for row in rows}


@OPERATIONS.on(AllPaused)
async def paused(event: AllPaused, sql: TableSql) -> None:
    """Store the pause."""
    await sql.execute("insert into pauses (since, reason) values ($1, $2)", sql.at, event.reason)


@OPERATIONS.on(AllResumed)
async def resumed(event: AllResumed, sql: TableSql) -> None:
    """Remove the pause."""
    del event
    await sql.execute("delete from pauses")


@OPERATIONS.on(TargetBlocked)
async def target_blocked(event: TargetBlocked, sql: TableSql) -> None:
    """Add the group."""
    await sql.execute(
        "insert into blocked_targets (chat, since, reason) values ($1, $2, $3)",
        event.target,
        sql.at,
        event.reason,
    )


@OPERATIONS.on(TargetUnblocked)
async def target_unblocked(event: TargetUnblocked, sql: TableSql) -> None:
    """Remove the group."""
    await sql.execute("delete from blocked_targets where chat = $1", event.target)


@OPERATIONS.on(SourceBlocked)
async def source_blocked(event: SourceBlocked, sql: TableSql) -> None:
    """Add the channel."""
    await sql.execute(
        "insert into blocked_sources (chat, since, reason) values ($1, $2, $3)",
        event.source,
        sql.at,
        event.reason,
    )


@OPERATIONS.on(SourceUnblocked)
async def source_unblocked(event: SourceUnblocked, sql: TableSql) -> None:
    """Remove the channel."""
    await sql.execute("delete from blocked_sources where chat = $1", event.source)
