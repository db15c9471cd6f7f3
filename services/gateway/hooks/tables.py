"""State table: webhooks."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from libs.events.gateway import (
    HookAdded,
    HookChanged,
    HookDeleted,
    HookId,
    HookOffReason,
    HookSwitchedOff,
    HookSwitchedOn,
)
from libs.events.values import AccountId
from libs.eventsourcing import Projection, Row, Sql, TableSql
from services.gateway.hooks.commands import HookSettings

HOOKS = Projection(
    "hooks",
    version=1,
    ddl="""
    -- sent to unless off_why says why not
    create table hooks (
        hook uuid primary key,
        account uuid not null,
        url text not null,
        events text[] not null,
        description text not null,
        added_at timestamptz not null,
        off_why text,
        off_detail text not null default '',
        off_at timestamptz
    );
    create index on hooks (account, added_at);
    """,
)
"""One row for each webhook until it is deleted; at most ten of an account."""


@dataclass(frozen=True)
class KnownHook:
    """A webhook that is not deleted."""

    hook: HookId
    account: AccountId
    settings: HookSettings
    added_at: datetime
    off_why: HookOffReason | None
    """None: it is on."""
    off_detail: str
    off_at: datetime | None


@HOOKS.on(HookAdded)
async def added(event: HookAdded, sql: TableSql) -> None:
    """Add the webhook."""
    await sql.insert(
        hook=event.hook,
        account=event.account,
        url=event.url,
        events=list(event.events),
        description=event.description,
        added_at=sql.at,
    )


@HOOKS.on(HookChanged)
async def changed(event: HookChanged, sql: TableSql) -> None:
    """Store the settings."""
    await sql.execute(
        "update hooks set url = $2, events = $3, description = $4 where hook = $1",
        event.hook,
        event.url,
        list(event.events),
        event.description,
    )


@HOOKS.on(HookSwitchedOff)
async def switched_off(event: HookSwitchedOff, sql: TableSql) -> None:
    """Store why."""
    await sql.execute(
        "update hooks set off_why = $2, off_detail = $3, off_at = $4 where hook = $1",
        event.hook,
        event.why,
        event.detail,
        sql.at,
    )


@HOOKS.on(HookSwitchedOn)
async def switched_on(event: HookSwitchedOn, sql: TableSql) -> None:
    """Store that it is on."""
    await sql.execute(
        "update hooks set off_why = null, off_detail = '', off_at = null where hook = $1", event.hook
    )


@HOOKS.on(HookDeleted)
async def deleted(event: HookDeleted, sql: TableSql) -> None:
    """Delete the webhook."""
    await sql.execute("delete from hooks where hook = $1", event.hook)


async def hooks_of(sql: Sql, account: AccountId) -> list[KnownHook]:
    """Return an account's webhooks, the latest first."""
    rows = await sql.fetch(
        "select * from hooks where account = $1 order by added_at desc, hook desc", account
    )
    return [_known(row) for row in rows]


async def hook_of(sql: Sql, account: AccountId, hook: UUID) -> KnownHook | None:
    """Return a webhook of an account."""
    row = await sql.fetchrow("select * from hooks where account = $1 and hook = $2", account, hook)
    return None if row is None else _known(row)


def _known(row: Row) -> KnownHook:
    return KnownHook(
        hook=HookId(row["hook"]),
        account=AccountId(row["account"]),
        settings=HookSettings(row["url"], tuple(row["events"]), row["description"]),
        added_at=row["added_at"],
        off_why=None if row["off_why"] is None else HookOffReason(row["off_why"]),
        off_detail=row["off_detail"],
        off_at=row["off_at"],
    )
