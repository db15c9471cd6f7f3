"""Read model and query of adbots' statistics."""

from collections import Counter
from datetime import datetime

from pydantic import BaseModel

from libs.events.forwarder import CycleStarted, DeliveriesRecorded
from libs.events.scheduler import CycleSkipped
from libs.events.values import AdbotId, ResultClass
from libs.eventsourcing import Projection, Sql, TableSql

STATISTICS = Projection(
    "statistics",
    version=1,
    ddl="""
    create table statistics (
        adbot uuid primary key,
        cycles integer not null default 0,
        cycles_skipped integer not null default 0,
        last_activity timestamptz
    );
    create table statistics_results (
        adbot uuid not null,
        result text not null,
        count bigint not null,
        primary key (adbot, result)
    );
    """,
)


class Statistics(BaseModel):
    """The statistics of an adbot since it was created."""

    cycles: int
    """The number of cycles that were started."""
    cycles_skipped: int
    posts: int
    """The number of deliveries that were attempted: successes and failures."""
    successes: int
    failures: dict[ResultClass, int]
    """The number of failures by Telegram's error class."""
    not_sent: int
    """The number of deliveries that were not attempted, because the adbot was stopped."""
    last_activity: datetime | None


@STATISTICS.on(CycleStarted)
async def cycle_started(event: CycleStarted, sql: TableSql) -> None:
    """Count the cycle."""
    await sql.execute(
        "insert into statistics as s (adbot, cycles) values ($1, 1) "
        "on conflict (adbot) do update set cycles = s.cycles + 1",
        event.adbot,
    )


@STATISTICS.on(CycleSkipped)
async def cycle_skipped(event: CycleSkipped, sql: TableSql) -> None:
    """Count the skipped cycle."""
    await sql.execute(
        "insert into statistics as s (adbot, cycles_skipped) values ($1, 1) "
        "on conflict (adbot) do update set cycles_skipped = s.cycles_skipped + 1",
        event.adbot,
    )


@STATISTICS.on(DeliveriesRecorded)
async def recorded(event: DeliveriesRecorded, sql: TableSql) -> None:
    """Count the results by class."""
    counts = Counter(delivery.result for delivery in event.deliveries)
    await sql.execute(
        "insert into statistics_results as r (adbot, result, count) "
        "select $1, * from unnest($2::text[], $3::bigint[]) "
        "on conflict (adbot, result) do update set count = r.count + excluded.count",
        event.adbot,
        list(counts),
        list(counts.values()),
    )
    await sql.execute(
        "insert into statistics as s (adbot, last_activity) values ($1, $2) "
        "on conflict (adbot) do update set last_activity = greatest(s.last_activity, $2)",
        event.adbot,
        max(delivery.at for delivery in event.deliveries),
    )


async def statistics_of(sql: Sql, adbot: AdbotId) -> Statistics:
    """Return an adbot's statistics, zeros if it has no cycles."""
    row = await sql.fetchrow("select * from statistics where adbot = $1", adbot)
    results = await sql.fetch("select result, count from statistics_results where adbot = $1", adbot)
    counts = {ResultClass(line["result"]): int(line["count"]) for line in results}
    successes = sum(count for result, count in counts.items() if result.delivered)
    not_sent = counts.get(ResultClass.STOPPED, 0)
    return Statistics(
        cycles=row["cycles"] if row else 0,
        cycles_skipped=row["cycles_skipped"] if row else 0,
        posts=sum(counts.values()) - not_sent,
        successes=successes,
        failures={
            result: count
            for result, count in sorted(counts.items())
            if not result.delivered and result is not ResultClass.STOPPED
        },
        not_sent=not_sent,
        last_activity=row["last_activity"] if row else None,
    )
