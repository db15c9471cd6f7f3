"""Read model: provisioning's free sessions, and seats that await them."""

from libs.events.provisioning import (
    AdbotExpired,
    AdbotExtended,
    AdbotProvisioned,
    AdbotRestored,
    AdbotSuspended,
    SeatFilled,
    SeatLost,
    SeatsReleased,
    SessionAssigned,
    SessionLost,
    SessionReleased,
    SessionStocked,
)
from libs.eventsourcing import Projection, TableSql

FREE_SESSIONS = Projection(
    "free_sessions",
    version=2,
    ddl="""
    create table free_sessions (
        session uuid primary key
    );
    create table served_orders (
        order_no text primary key
    );
    create table adbots (
        adbot     uuid primary key,
        sessions  integer not null,
        missing   integer not null,
        expired   boolean not null default false,
        suspended boolean not null default false,
        waiting   boolean not null generated always as (missing > 0 and not expired and not suspended) stored
    );
    create index waiting_adbots on adbots (adbot) where waiting;
    """,
)
"""Free sessions, orders that got their sessions, and adbots with empty seats.

One reader folds all three tables, so that they are consistent with one another. New sessions go to awaiting
seats, which are paid for, before they are sold.
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
    await sql.execute(
        "insert into adbots (adbot, sessions, missing) values ($1, $2, $3)",
        event.adbot,
        event.plan.sessions,
        event.plan.sessions - len(event.seats),
    )


@FREE_SESSIONS.on(SeatFilled)
async def _filled(event: SeatFilled, sql: TableSql) -> None:
    await sql.execute("update adbots set missing = missing - 1 where adbot = $1", event.adbot)


@FREE_SESSIONS.on(SeatLost)
async def _lost(event: SeatLost, sql: TableSql) -> None:
    await sql.execute("update adbots set missing = missing + 1 where adbot = $1", event.adbot)


@FREE_SESSIONS.on(SeatsReleased)
async def _released(event: SeatsReleased, sql: TableSql) -> None:
    await sql.execute("update adbots set missing = sessions where adbot = $1", event.adbot)


async def _expires(event: AdbotExpired | AdbotExtended, sql: TableSql) -> None:
    expired = isinstance(event, AdbotExpired)
    await sql.execute("update adbots set expired = $2 where adbot = $1", event.adbot, expired)


FREE_SESSIONS.on(AdbotExpired)(_expires)
FREE_SESSIONS.on(AdbotExtended)(_expires)


async def _suspends(event: AdbotSuspended | AdbotRestored, sql: TableSql) -> None:
    suspended = isinstance(event, AdbotSuspended)
    await sql.execute("update adbots set suspended = $2 where adbot = $1", event.adbot, suspended)


FREE_SESSIONS.on(AdbotSuspended)(_suspends)
FREE_SESSIONS.on(AdbotRestored)(_suspends)
