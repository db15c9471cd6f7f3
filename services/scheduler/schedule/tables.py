"""State table of running adbots with the instant at which each is checked next."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import cast
from uuid import UUID

from libs.events.scheduler import AdbotStarted, AdbotStopped, CycleDue, CycleSkipped, PacingSet
from libs.events.values import AdbotId
from libs.eventsourcing import Projection, Sql, TableSql

SCHEDULES = Projection(
    "schedules",
    version=1,
    ddl="""
    create table schedules (
        adbot            uuid primary key,
        started_by       uuid not null,
        interval_seconds integer not null,
        next_due         timestamptz not null,
        look_at          timestamptz,
        look_because     uuid,
        wake_at          timestamptz not null generated always as (least(next_due, look_at)) stored
    );
    create index waking_schedules on schedules (wake_at);
    """,
    undecided=("schedules.look_at", "schedules.look_because"),
)
"""One row per running adbot.

`started_by` is the event that started it. `look_at` requests a check before the next due time, caused by the
event `look_because`: both are not folded, for a lost request only delays the check.
"""

LIMIT = 25
"""How many adbots are checked in one transaction."""


@dataclass(frozen=True)
class Waking:
    """An adbot whose check is due."""

    adbot: AdbotId
    started_by: UUID
    look_because: UUID | None


_KNOWN = "exists (select from adbots a where a.adbot = s.adbot)"
_PAUSED = "exists (select from paused)"


async def next_wake(sql: Sql) -> datetime | None:
    """Return the instant of the next check, ignoring adbots that the read model does not contain yet.

    While all adbots are paused, only requested checks count.
    """
    return cast(
        "datetime | None",
        await sql.fetchval(
            f"(select wake_at from schedules s where not {_PAUSED} and {_KNOWN} order by wake_at limit 1) "  # noqa: S608 - constants
            "union all (select look_at from schedules s "
            f"where {_PAUSED} and look_at is not null and {_KNOWN} order by look_at limit 1)"
        ),
    )


async def take_waking(sql: Sql, at: datetime) -> list[Waking]:
    """Return adbots whose check is due, and lock them against other replicas until the commit."""
    rows = await sql.fetch(
        "select adbot, started_by, look_because from schedules s "  # noqa: S608 - constants
        f"where wake_at <= $1 and (look_at <= $1 or not {_PAUSED}) and {_KNOWN} "
        "order by wake_at limit $2 for update of s skip locked",
        at,
        LIMIT,
    )
    return [Waking(AdbotId(row["adbot"]), row["started_by"], row["look_because"]) for row in rows]


async def looked_at(sql: Sql, adbots: Sequence[AdbotId]) -> None:
    """Remove the requests to check these adbots before their next due time."""
    await sql.execute(
        "update schedules set look_at = null, look_because = null "
        "where adbot = any($1) and look_at is not null",
        adbots,
    )


async def look_soon(sql: Sql, adbot: AdbotId, at: datetime, because: UUID) -> None:
    """Request a check of an adbot at an instant, if it is running."""
    await sql.execute(
        "update schedules set look_at = $2, look_because = $3 where adbot = $1", adbot, at, because
    )


async def look_at_all(sql: Sql, at: datetime, because: UUID) -> None:
    """Request a check of all running adbots at an instant."""
    await sql.execute("update schedules set look_at = $1, look_because = $2", at, because)


@SCHEDULES.on(AdbotStarted)
async def started(event: AdbotStarted, sql: TableSql) -> None:
    """Schedule the first cycle at its anchor."""
    await sql.insert(
        adbot=event.adbot,
        started_by=sql.recorded.envelope.id,
        interval_seconds=event.interval_seconds,
        next_due=event.anchor,
    )


@SCHEDULES.on(PacingSet)
async def paced(event: PacingSet, sql: TableSql) -> None:
    """Schedule the next cycle of a running adbot anew."""
    await sql.execute("update schedules set next_due = $2 where adbot = $1", event.adbot, event.next_due)


@SCHEDULES.on(AdbotStopped)
async def stopped(event: AdbotStopped, sql: TableSql) -> None:
    """Remove the schedule."""
    await sql.execute("delete from schedules where adbot = $1", event.adbot)


@SCHEDULES.on(CycleDue)
async def came_due(event: CycleDue, sql: TableSql) -> None:
    """Schedule the next cycle at the event's `next_due`."""
    await _due_after(event, sql)


@SCHEDULES.on(CycleSkipped)
async def skipped(event: CycleSkipped, sql: TableSql) -> None:
    """Schedule the next cycle at the event's `next_due`."""
    await _due_after(event, sql)


async def _due_after(event: CycleDue | CycleSkipped, sql: TableSql) -> None:
    """Set the next due time; for events of schema 1 it is computed from the interval."""
    await sql.execute(
        "update schedules set "
        "next_due = coalesce($2, $3::timestamptz + make_interval(secs => interval_seconds)) where adbot = $1",
        event.adbot,
        event.next_due,
        event.due_at,
    )
