"""Read model: accounts that are suspended."""

from typing import cast

from libs.events.gateway import AccountRestored, AccountSuspended
from libs.events.values import AccountId
from libs.eventsourcing import Projection, Sql, TableSql

SUSPENDED_ACCOUNTS = Projection(
    "suspended_accounts",
    version=1,
    ddl="""
    create table suspended_accounts (
        account uuid primary key,
        reason  text not null
    )
    """,
)
"""A row for each suspended account, until it is restored.

It may lag by a moment. An adbot that is delivered right after the suspension may not be suspended; nobody
can start it, since nobody can use the account. One that is delivered right after the restoration may be
suspended: then an operator restores it.
"""


@SUSPENDED_ACCOUNTS.on(AccountSuspended)
async def suspended(event: AccountSuspended, sql: TableSql) -> None:
    """Add the account."""
    await sql.execute(
        "insert into suspended_accounts (account, reason) values ($1, $2) "
        "on conflict (account) do update set reason = excluded.reason",
        event.account,
        event.reason,
    )


@SUSPENDED_ACCOUNTS.on(AccountRestored)
async def restored(event: AccountRestored, sql: TableSql) -> None:
    """Delete the account."""
    await sql.execute("delete from suspended_accounts where account = $1", event.account)


async def suspended_for(sql: Sql, account: AccountId) -> str | None:
    """Return why an account is suspended, None if it is not."""
    return cast(
        "str | None",
        await sql.fetchval("select reason from suspended_accounts where account = $1", account),
    )
