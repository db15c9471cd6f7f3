"""The accounts whose adbots may name chats by private ids."""

from libs.events.scheduler import PrivateIdsAllowed, PrivateIdsForbidden
from libs.eventsourcing import Projection, TableSql

PRIVATE_IDS = Projection("private_ids", version=1, ddl="create table private_ids (account uuid primary key)")
"""One row per account with the permission."""


@PRIVATE_IDS.on(PrivateIdsAllowed)
async def allowed(event: PrivateIdsAllowed, sql: TableSql) -> None:
    """Add the account."""
    await sql.insert(account=event.account)


@PRIVATE_IDS.on(PrivateIdsForbidden)
async def forbidden(event: PrivateIdsForbidden, sql: TableSql) -> None:
    """Remove the account."""
    await sql.execute("delete from private_ids where account = $1", event.account)
