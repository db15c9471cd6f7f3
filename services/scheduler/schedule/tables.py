"""When each running adbot is to be looked at next."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import cast
from uuid import UUID

from libs.events.scheduler import AdbotStarted, AdbotStopped, CycleDue, CycleSkipped
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
"""A row for each running adbot. `started_by` is the event that started it; `look_at` asks for a look before
the next due time, because of the event `look_because`: it is no state, a lost look only comes later."""

LIMIT = 100
"""How many adbots one transaction looks at."""


@dataclass(frozen=True)
class Waking:
    """An adbot that is to be looked at now."""

    adbot: AdbotId
    started_by: UUID
    look_because: UUID | None


async def next_wake(sql: Sql) -> datetime | None:
    """Return when the next adbot is to be looked at.

    One that was not heard of yet, as when a read model is being filled again, is left alone.
    """
    return cast(
        "datetime | None",
        await sql.fetchval(
            "select wake_at from schedules s where exists (select from adbots a where a.adbot = s.adbot) "
            "order by wake_at limit 1"
        ),
    )


async def take_waking(sql: Sql, at: datetime) -> list[Waking]:
    """Return adbots that are to be looked at, kept from other replicas for the length of the transaction."""
    rows = await sql.fetch(
        "select adbot, started_by, look_because from schedules s "
        "where wake_at <= $1 and exists (select from adbots a where a.adbot = s.adbot) "
        "order by wake_at limit $2 for update of s skip locked",
        at,
        LIMIT,
    )
    return [Waking(AdbotId(row["adbot"]), row["started_by"], row["look_because"]) for row in rows]


async def looked_at(sql: Sql, adbots: Sequence[AdbotId]) -> None:
    """Let these adbots be, until they are due again."""
    await sql.execute(
        "update schedules set look_at = null, look_because = null "
        "where adbot = any($1) and look_at is not null",
        adbots,
    )


async def look_soon(sql: Sql, adbot: AdbotId, at: datetime, because: UUID) -> None:
    """Have an adbot looked at then, if it is running."""
    await sql.execute(
        "update schedules set look_at = $2, look_because = $3 where adbot = $1", adbot, at, because
    )


@SCHEDULES.on(AdbotStarted)
async def started(event: AdbotStarted, sql: TableSql) -> None:
    """Due at its anchor."""
    await sql.insert(
        adbot=event.adbot,
        started_by=sql.recorded.envelope.id,
        interval_seconds=event.interval_seconds,
        next_due=event.anchor,
    )


@SCHEDULES.on(AdbotStopped)
async def stopped(event: AdbotStopped, sql: TableSql) -> None:
    """Due no more."""
    await sql.execute("delete from schedules where adbot = $1", event.adbot)


@SCHEDULES.on(CycleDue)
async def came_due(event: CycleDue, sql: TableSql) -> None:
    """Due again when the event says."""
    await _due_after(event, sql)


@SCHEDULES.on(CycleSkipped)
async def skipped(event: CycleSkipped, sql: TableSql) -> None:
    """Due again when the event says."""
    await _due_after(event, sql)


async def _due_after(event: CycleDue | CycleSkipped, sql: TableSql) -> None:
    """Set the next due time; events of schema 1 leave it to the cadence."""
    await sql.execute(
        "update schedules set "
        "next_due = coalesce($2, $3::timestamptz + make_interval(secs => interval_seconds)) where adbot = $1",
        event.adbot,
        event.next_due,
        event.due_at,
    )
