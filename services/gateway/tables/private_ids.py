"""Read model: the accounts that may use private ids, since when and why."""

from datetime import datetime

from libs.events.scheduler import PrivateIdsAllowed, PrivateIdsForbidden
from libs.events.values import AccountId
from libs.eventsourcing import Projection, Sql, TableSql
from services.gateway.tables.values import View

PRIVATE_IDS = Projection(
    "private_ids",
    version=1,
    ddl="""
    create table private_ids (
        account uuid primary key,
        since timestamptz not null,
        reason text not null
    )
    """,
)
"""A row for each account with the permission; the row is deleted when that ends."""


class PrivateIds(View):
    """The permission of an account to use private ids."""

    allowed: bool
    since: datetime | None = None
    reason: str | None = None


@PRIVATE_IDS.on(PrivateIdsAllowed)
async def allowed(event: PrivateIdsAllowed, sql: TableSql) -> None:
    """Add the account."""
    await sql.insert(account=event.account, since=sql.at, reason=event.reason)


@PRIVATE_IDS.on(PrivateIdsForbidden)
async def forbidden(event: PrivateIdsForbidden, sql: TableSql) -> None:
    """Delete the account."""
    await sql.execute("delete from private_ids where account = $1", event.account)


async def private_ids_of(sql: Sql, account: AccountId) -> PrivateIds:
    """Return an account's permission to use private ids."""
    row = await sql.fetchrow("select since, reason from private_ids where account = $1", account)
    return PrivateIds(allowed=False) if row is None else PrivateIds(allowed=True, **dict(row))
