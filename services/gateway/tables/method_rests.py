"""Read model: until when sessions do not call single methods of Telegram."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from libs.events.forwarder import MethodRested, SessionDied
from libs.eventsourcing import Projection, Sql, TableSql
from services.gateway.tables.values import View

METHOD_RESTS = Projection(
    "method_rests",
    version=1,
    ddl="""
    create table method_rests (
        session uuid not null,
        method text not null,
        until timestamptz not null,
        error text not null,
        primary key (session, method)
    )
    """,
)
"""One row for each session and method that rested; deleted with the session."""


class MethodRest(View):
    """A method that a session does not call before an instant, because Telegram asked it to wait."""

    method: str
    until: datetime
    error: str


@METHOD_RESTS.on(MethodRested)
async def rested(event: MethodRested, sql: TableSql) -> None:
    """Store the latest end."""
    await sql.execute(
        "insert into method_rests (session, method, until, error) values ($1, $2, $3, $4) "
        "on conflict (session, method) do update set until = excluded.until, error = excluded.error",
        event.session,
        event.method,
        event.until,
        event.error,
    )


@METHOD_RESTS.on(SessionDied)
async def died(event: SessionDied, sql: TableSql) -> None:
    """Delete the rests of a session that is not used any more."""
    await sql.execute("delete from method_rests where session = $1", event.session)


async def method_rests_of(sql: Sql, sessions: Sequence[UUID], at: datetime) -> dict[UUID, list[MethodRest]]:
    """Return the rests of sessions that have not ended, by method."""
    rows = await sql.fetch(
        "select session, method, until, error from method_rests "
        "where session = any($1::uuid[]) and until > $2 order by method",
        sessions,
        at,
    )
    found: dict[UUID, list[MethodRest]] = {}
    for row in rows:
        rest = MethodRest(method=row["method"], until=row["until"], error=row["error"])
        found.setdefault(row["session"], []).append(rest)
    return found
