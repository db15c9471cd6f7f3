"""Read model: the sessions that were lost in the last day."""

from datetime import datetime, timedelta

from libs.events.provisioning import SessionLost
from libs.eventsourcing import Projection, Sql, TableSql

LOST_SESSIONS = Projection(
    "lost_sessions",
    version=1,
    ddl="""
    create table lost_sessions (
        session uuid primary key,
        at timestamptz not null
    );
    create index on lost_sessions (at);
    """,
)
"""One row for each session; ended by the next loss a day later."""


@LOST_SESSIONS.on(SessionLost)
async def lost(event: SessionLost, sql: TableSql) -> None:
    """Add the session, and delete those that were lost more than a day before."""
    await sql.execute("delete from lost_sessions where at < $1", sql.at - timedelta(days=1))
    await sql.insert(session=event.session, at=sql.at)


async def lost_since(sql: Sql, at: datetime) -> int:
    """Return how many sessions were lost since an instant, of the last day."""
    found: int = await sql.fetchval("select count(*) from lost_sessions where at > $1", at)
    return found
