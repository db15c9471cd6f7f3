"""The adbot and the Telegram application of each session, for what it has to do apart from sends."""

from libs.events.forwarder import SessionImported
from libs.events.provisioning import SessionAssigned, SessionLost, SessionReleased
from libs.events.values import ApplicationId, SessionId
from libs.eventsourcing import Projection, Sql, TableSql

ASSIGNMENTS = Projection(
    "assignments",
    version=1,
    ddl="""
    -- sessions that are not lost; `adbot` is null in stock, `pair` while a session never had one
    create table assignments (
        session uuid primary key,
        adbot   uuid,
        pair    uuid
    );
    """,
)


@ASSIGNMENTS.on(SessionImported)
async def imported(event: SessionImported, sql: TableSql) -> None:
    """Add a session, unless provisioning's event of it was handled before."""
    await sql.execute(
        "insert into assignments values ($1, null, $2) on conflict (session) do nothing",
        event.session,
        event.pair,
    )


@ASSIGNMENTS.on(SessionAssigned)
async def assigned(event: SessionAssigned, sql: TableSql) -> None:
    """Store the adbot and the application."""
    await sql.execute(
        "insert into assignments values ($1, $2, $3) "
        "on conflict (session) do update set adbot = excluded.adbot, pair = excluded.pair",
        event.session,
        event.adbot,
        event.pair,
    )


@ASSIGNMENTS.on(SessionReleased)
async def released(event: SessionReleased, sql: TableSql) -> None:
    """Return the session to stock; it keeps its application."""
    await sql.execute("update assignments set adbot = null where session = $1", event.session)


@ASSIGNMENTS.on(SessionLost)
async def lost(event: SessionLost, sql: TableSql) -> None:
    """Delete a lost session."""
    await sql.execute("delete from assignments where session = $1", event.session)


async def application_of(sql: Sql, session: SessionId) -> ApplicationId | None:
    """Return the Telegram application that a session connects with; None if it has none yet."""
    found: ApplicationId | None = await sql.fetchval(
        "select pair from assignments where session = $1", session
    )
    return found
