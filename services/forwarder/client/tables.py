"""The sessions that the forwarder may use, and those that are paused or dead."""

from collections.abc import Sequence
from datetime import timedelta

from libs.events.forwarder import SeatRested, SessionDied, SessionImported
from libs.events.values import SessionId
from libs.eventsourcing import Projection, Sql, TableSql

CLIENTS = Projection(
    "clients",
    version=2,
    ddl="""
    create table clients (
        session       uuid primary key,
        telegram_user bigint not null,
        alive         boolean not null default true,
        rests_until   timestamptz,
        rest_result   text,
        rest_error    text
    );
    create index clients_by_user on clients (telegram_user) where alive;
    """,
)


@CLIENTS.on(SessionImported)
async def imported(event: SessionImported, sql: TableSql) -> None:
    """Add a usable session."""
    await sql.insert(session=event.session, telegram_user=event.telegram_user)


@CLIENTS.on(SeatRested)
async def rested(event: SeatRested, sql: TableSql) -> None:
    """Store the end of the session's pause."""
    await sql.execute(
        "update clients set rests_until = $2, rest_result = $3, rest_error = $4 where session = $1",
        event.session,
        event.until,
        event.result,
        event.error,
    )


@CLIENTS.on(SessionDied)
async def died(event: SessionDied, sql: TableSql) -> None:
    """Mark the session dead."""
    await sql.execute("update clients set alive = false where session = $1", event.session)


async def usable(sql: Sql, sessions: Sequence[SessionId]) -> frozenset[SessionId]:
    """Return the given sessions that are imported and alive."""
    rows = await sql.fetch("select session from clients where alive and session = any($1)", list(sessions))
    return frozenset(row["session"] for row in rows)


async def has_session(sql: Sql, telegram_user: int) -> bool:
    """Say whether a Telegram account has a session that is alive."""
    found = await sql.fetchval(
        "select true from clients where telegram_user = $1 and alive limit 1", telegram_user
    )
    return bool(found)


async def paused(sql: Sql, sessions: Sequence[SessionId], longer_than: timedelta) -> frozenset[SessionId]:
    """Return the given sessions whose pause lasts longer than this from now on."""
    rows = await sql.fetch(
        "select session from clients where session = any($1) and rests_until > clock_timestamp() + $2",
        list(sessions),
        longer_than,
    )
    return frozenset(row["session"] for row in rows)
