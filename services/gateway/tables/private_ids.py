"""Read model: the accounts that may use private ids, since when and why."""

from datetime import datetime

from libs.events.scheduler import PrivateIdsAllowed, PrivateIdsForbidden
from libs.events.values import AccountId
from libs.eventsourcing import Projection, Sql, TableSql
from services.gateway.tables.paging import Key, KeyType, PagedList, holds, instant
from services.gateway.tables.values import View

PRIVATE_IDS = Projection(
    "private_ids",
    version=2,
    ddl="""
    create table private_ids (
        account uuid primary key,
        since timestamptz not null,
        reason text not null
    );
    create index on private_ids (since, account);
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


PERMISSIONS = PagedList(
    name="private-ids",
    fields=f"""
        true as allowed, {instant("p.since")} as since, p.reason, p.account, nullif(e.email, '') as email
    """,
    source="private_ids p join accounts using (account) join personal.addresses e using (account)",
    sorts={"created_at": (Key("p.since", KeyType.INSTANT), Key("p.account", KeyType.ID))},
    filters={"text": holds("e.email", "p.reason")},
)
"""The accounts with the permission."""


async def private_ids_of(sql: Sql, account: AccountId) -> PrivateIds:
    """Return an account's permission to use private ids."""
    row = await sql.fetchrow("select since, reason from private_ids where account = $1", account)
    return PrivateIds(allowed=False) if row is None else PrivateIds(allowed=True, **dict(row))
