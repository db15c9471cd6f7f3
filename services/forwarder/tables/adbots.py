"""The last stop of each adbot and the sessions released from it, so that earlier cycles are not sent."""

from collections.abc import Sequence

from libs.events.provisioning import SessionAssigned, SessionReleased
from libs.events.scheduler import AdbotStopped
from libs.events.values import AdbotId, SessionId
from libs.eventsourcing import Projection, Sql, TableSql
from libs.eventsourcing.values import START, Cursor

STOPS = Projection(
    "stops",
    version=1,
    ddl="""
    -- the scheduler's latest word on each adbot, by its place in the scheduler's own order
    create table stops (
        adbot    uuid primary key,
        xid      bigint not null,
        position bigint not null
    );
    """,
)

RELEASES = Projection(
    "releases",
    version=1,
    ddl="""
    create table releases (
        session uuid primary key,
        adbot   uuid not null
    );
    """,
)
"""The adbot that each session was released from last, until it returns to it: at most one row per session."""


@RELEASES.on(SessionReleased)
async def released(event: SessionReleased, sql: TableSql) -> None:
    """Store the adbot that the session was released from."""
    await sql.execute(
        "insert into releases values ($1, $2) on conflict (session) do update set adbot = $2",
        event.session,
        event.adbot,
    )


@RELEASES.on(SessionAssigned)
async def assigned(event: SessionAssigned, sql: TableSql) -> None:
    """Delete the release if the session returned to the same adbot."""
    await sql.execute("delete from releases where session = $1 and adbot = $2", event.session, event.adbot)


async def released_from(sql: Sql, adbot: AdbotId, sessions: Sequence[SessionId]) -> frozenset[SessionId]:
    """Return the given sessions that were released from the adbot, even if an older cycle names them."""
    rows = await sql.fetch(
        "select session from releases where adbot = $1 and session = any($2)", adbot, list(sessions)
    )
    return frozenset(SessionId(row["session"]) for row in rows)


@STOPS.on(AdbotStopped)
async def stopped(event: AdbotStopped, sql: TableSql) -> None:
    """Store the cursor of the stop in the scheduler's events."""
    await sql.execute(
        "insert into stops values ($1, $2, $3) on conflict (adbot) do update set xid = $2, position = $3",
        event.adbot,
        *sql.recorded.cursor,
    )


async def last_stop(sql: Sql, adbot: AdbotId) -> Cursor:
    """Return the cursor of an adbot's last stop in the scheduler's events; `START` if there is none."""
    row = await sql.fetchrow("select xid, position from stops where adbot = $1", adbot)
    return START if row is None else Cursor(row["xid"], row["position"])
