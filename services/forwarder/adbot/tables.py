"""When adbots were stopped, so that nothing that was due before is sent after."""

from libs.events.scheduler import AdbotStopped
from libs.events.values import AdbotId
from libs.eventsourcing.projection import Projection, Sql, TableSql
from libs.eventsourcing.record import START, Cursor

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


@STOPS.on(AdbotStopped)
async def stopped(event: AdbotStopped, sql: TableSql) -> None:
    """Remember where in the scheduler's order this was said."""
    await sql.execute(
        "insert into stops values ($1, $2, $3) on conflict (adbot) do update set xid = $2, position = $3",
        event.adbot,
        *sql.recorded.cursor,
    )


async def last_stop(sql: Sql, adbot: AdbotId) -> Cursor:
    """Return where in the scheduler's order an adbot was stopped last."""
    row = await sql.fetchrow("select xid, position from stops where adbot = $1", adbot)
    return START if row is None else Cursor(row["xid"], row["position"])
