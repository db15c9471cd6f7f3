"""Free sessions, as provisioning tells of them; a read model."""

from libs.events.provisioning import (
    AdbotProvisioned,
    SessionAssigned,
    SessionLost,
    SessionReleased,
    SessionStocked,
)
from libs.eventsourcing.projection import Projection, TableSql

FREE_SESSIONS = Projection(
    "free_sessions",
    version=1,
    ddl="""
    create table free_sessions (
        session uuid primary key
    );
    create table served_orders (
        order_no text primary key
    );
    """,
)
"""Sessions in stock, and the orders whose sessions have left it.

Both are folded by the same reader, so that together they always show one and the same moment.
"""


async def _free(event: SessionStocked | SessionReleased, sql: TableSql) -> None:
    await sql.execute("insert into free_sessions values ($1) on conflict do nothing", event.session)


async def _taken(event: SessionAssigned | SessionLost, sql: TableSql) -> None:
    await sql.execute("delete from free_sessions where session = $1", event.session)


FREE_SESSIONS.on(SessionStocked)(_free)
FREE_SESSIONS.on(SessionReleased)(_free)
FREE_SESSIONS.on(SessionAssigned)(_taken)
FREE_SESSIONS.on(SessionLost)(_taken)


@FREE_SESSIONS.on(AdbotProvisioned)
async def _served(event: AdbotProvisioned, sql: TableSql) -> None:
    await sql.execute("insert into served_orders values ($1) on conflict do nothing", event.order)
