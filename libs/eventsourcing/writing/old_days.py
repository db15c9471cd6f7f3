"""Ends the memory of tables that are partitioned by day: days that are old enough are dropped.

`engine.make_day` (in `store/schema.sql`) makes the partitions; a projection calls it before it inserts rows.
It inserts none from before `engine.kept_since`, so that a rebuild folds no day anew that was dropped.
"""

from datetime import UTC, datetime, time, timedelta

import asyncpg
import structlog

from libs.eventsourcing.model.envelope import utc_now
from libs.eventsourcing.model.errors import Unavailable
from libs.eventsourcing.projections.migration import LOCK
from libs.eventsourcing.projections.projection import Projection
from libs.eventsourcing.store.connections import Connection
from libs.eventsourcing.store.errors import postgres_errors
from libs.eventsourcing.writing.engine import Engine

log = structlog.stdlib.get_logger()

_EVERY_SECONDS = 3600.0
_AGAIN_SECONDS = 60.0
_TRY_LOCK = "select pg_try_advisory_xact_lock(hashtext($1))"
_LOCK_TIMEOUT = "set local lock_timeout = '1s'"
"""So long at most do those who read and write the table queue behind a drop."""
_KEEP = """
insert into engine.kept_since as kept values ($1, $2)
on conflict (projection) do update set since = greatest(kept.since, excluded.since)
"""
_DAYS = r"""
select inhrelid::regclass::text as partition, to_date(right(day.relname, 8), 'YYYYMMDD') as day
from pg_inherits
join pg_class parent on parent.oid = inhparent
join pg_class day on day.oid = inhrelid
where parent.relnamespace = to_regnamespace(quote_ident($1)) and day.relname ~ '_\d{8}$'
order by day
"""


async def forget_days(engine: Engine, projection: Projection, kept: timedelta) -> float:
    """Drop the days of a projection's tables that ended longer ago than `kept`.

    Nothing is dropped while tables are built or checked, which fold the same days. Return after how many
    seconds to do so again.
    """
    since = datetime.combine((utc_now() - kept).date(), time(), UTC)
    try:
        with postgres_errors():
            async with engine.pool.acquire() as connection, connection.transaction():
                if not await connection.fetchval(_TRY_LOCK, LOCK):
                    return _AGAIN_SECONDS
                await connection.execute(_KEEP, projection.name, since)
                await _drop(connection, projection.name, since)
    except Unavailable as trouble:
        if not isinstance(trouble.__cause__, asyncpg.LockNotAvailableError):
            raise
        return _AGAIN_SECONDS
    return _EVERY_SECONDS


async def _drop(connection: Connection, schema: str, since: datetime) -> None:
    partitions = [
        row["partition"] for row in await connection.fetch(_DAYS, schema) if row["day"] < since.date()
    ]
    await connection.execute(_LOCK_TIMEOUT)
    for partition in partitions:
        await connection.execute(f"drop table {partition}")
        log.info("day.dropped", partition=partition)
