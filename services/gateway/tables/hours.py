"""Read model: what each adbot, and all of them, sent in each hour; `periods` queries it."""

from collections import defaultdict
from datetime import UTC, datetime, timedelta

from libs.events.forwarder import CycleStarted, DeliveriesRecorded
from libs.events.values import ResultClass
from libs.eventsourcing import Projection, TableSql

KEPT = timedelta(days=35)
"""For how long hours are kept."""

HOURS = Projection(
    "hours",
    version=1,
    ddl="""
    -- `hour` is the beginning of an hour in UTC
    create table adbot_hours (
        adbot uuid not null,
        hour timestamptz not null,
        sent integer not null,
        failed integer not null,
        left_out integer not null,
        cycles integer not null,
        primary key (adbot, hour)
    ) with (fillfactor = 70);
    create index on adbot_hours (hour);
    -- the sums over all adbots
    create table all_hours (
        hour timestamptz primary key,
        sent bigint not null,
        failed bigint not null,
        left_out bigint not null,
        cycles bigint not null
    ) with (fillfactor = 70);
    """,
)
"""`adbot_hours` grows with adbots and hours: 840 rows for each adbot at most; `all_hours` with hours.

Hours end after 35 days, with the next cycle of any adbot. Deliveries that were not attempted, as the adbot
was stopped, are not counted.
"""

_ADDED = """
with added as materialized (
    select * from unnest($2::timestamptz[], $3::integer[], $4::integer[], $5::integer[], $6::integer[])
        as added (hour, sent, failed, left_out, cycles)
), of_adbot as (
    insert into adbot_hours as h select $1, hour, sent, failed, left_out, cycles from added
    on conflict (adbot, hour) do update set sent = h.sent + excluded.sent,
        failed = h.failed + excluded.failed, left_out = h.left_out + excluded.left_out,
        cycles = h.cycles + excluded.cycles
)
insert into all_hours as h select hour, sent, failed, left_out, cycles from added
on conflict (hour) do update set sent = h.sent + excluded.sent, failed = h.failed + excluded.failed,
    left_out = h.left_out + excluded.left_out, cycles = h.cycles + excluded.cycles
"""
_FIELDS = ("sent", "failed", "left_out", "cycles")


@HOURS.on(CycleStarted)
async def cycle_started(event: CycleStarted, sql: TableSql) -> None:
    """Count the cycle, and delete the hours of what is long past."""
    hour = hour_of(event.started_at)
    if hour >= sql.at - KEPT:
        await sql.execute(_ADDED, event.adbot, [hour], [0], [0], [0], [1])
    await sql.execute("delete from adbot_hours where hour < $1", sql.at - KEPT)
    await sql.execute("delete from all_hours where hour < $1", sql.at - KEPT)


@HOURS.on(DeliveriesRecorded)
async def recorded(event: DeliveriesRecorded, sql: TableSql) -> None:
    """Count the results by hour, in one statement; those of hours that are not kept any more are left out."""
    counts: defaultdict[datetime, dict[str, int]] = defaultdict(lambda: dict.fromkeys(_FIELDS, 0))
    for line in {delivery.group: delivery for delivery in event.deliveries}.values():
        field, hour = _counted_as(line.result), hour_of(line.at)
        if field is not None and hour >= sql.at - KEPT:
            counts[hour][field] += 1
    if counts:
        columns = ([one[field] for one in counts.values()] for field in _FIELDS)
        await sql.execute(_ADDED, event.adbot, list(counts), *columns)


def hour_of(at: datetime) -> datetime:
    """Return the beginning of the hour in UTC that an instant is in."""
    return at.astimezone(UTC).replace(minute=0, second=0, microsecond=0)


def _counted_as(result: ResultClass) -> str | None:
    if result.delivered:
        return "sent"
    if result is ResultClass.STOPPED:
        return None
    return "left_out" if result is ResultClass.LEFT_OUT else "failed"
