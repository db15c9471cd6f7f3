"""The sessions that the forwarder may use, those that are paused or dead, and their resting methods."""

from collections.abc import Sequence
from datetime import timedelta

from libs.events.forwarder import MethodRested, SeatRested, SessionDied, SessionImported
from libs.events.values import SessionId
from libs.eventsourcing import Projection, Sql, TableSql

CLIENTS = Projection(
    "clients",
    version=3,
    ddl="""
    create table clients (
        session       uuid primary key,
        telegram_user bigint not null,
        imported_at   timestamptz not null,
        alive         boolean not null default true,
        rests_until   timestamptz,
        rest_result   text,
        rest_error    text
    );
    create index clients_by_user on clients (telegram_user) where alive;
    """,
)

METHOD_RESTS = Projection(
    "method_rests",
    version=1,
    ddl="""
    create table method_rests (
        session uuid not null,
        method  text not null,
        until   timestamptz not null,
        error   text not null,
        primary key (session, method)
    );
    """,
)
"""The last rest of each method of a session; deleted with the session."""


@CLIENTS.on(SessionImported)
async def imported(event: SessionImported, sql: TableSql) -> None:
    """Add a usable session."""
    await sql.insert(session=event.session, telegram_user=event.telegram_user, imported_at=sql.at)


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


@METHOD_RESTS.on(MethodRested)
async def method_rested(event: MethodRested, sql: TableSql) -> None:
    """Store the end of the method's rest."""
    await sql.execute(
        "insert into method_rests (session, method, until, error) values ($1, $2, $3, $4) "
        "on conflict (session, method) do update set until = excluded.until, error = excluded.error",
        event.session,
        event.method,
        event.until,
        event.error,
    )


@METHOD_RESTS.on(SessionDied)
async def methods_died(event: SessionDied, sql: TableSql) -> None:
    """Delete the rests of a session that is never used again."""
    await sql.execute("delete from method_rests where session = $1", event.session)


async def usable(sql: Sql, sessions: Sequence[SessionId]) -> frozenset[SessionId]:
    """Return the given sessions that are imported and alive."""
    rows = await sql.fetch("select session from clients where alive and session = any($1)", list(sessions))
    return frozenset(row["session"] for row in rows)


async def has_session(sql: Sql, telegram_user: int) -> bool:
    """Return whether a Telegram account has a session that is alive."""
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
