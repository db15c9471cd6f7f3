"""Read model of running cycles: how many of their groups have an outcome."""

from datetime import datetime
from typing import Annotated

from pydantic import Field

from libs.events.forwarder import CycleAborted, CycleFinished, CycleStarted, DeliveriesRecorded
from libs.events.scheduler import CycleDue, SkipReason
from libs.events.values import ResultClass
from libs.eventsourcing import Projection, TableSql
from services.gateway.tables.values import View

RUNNING_CYCLES = Projection(
    "running_cycles",
    version=1,
    ddl="""
    create table running_cycles (
        adbot uuid primary key,
        cycle uuid not null,
        number integer not null,
        due_at timestamptz not null,
        groups integer not null,
        started_at timestamptz,
        sent integer not null default 0,
        failed integer not null default 0,
        left_out integer not null default 0
    );
    """,
)
"""Has at most one row for each adbot, from the time when a cycle is due until it has ended."""

_NOT_FAILED = {ResultClass.STOPPED, ResultClass.LEFT_OUT}


class RunningCycle(View):
    """The cycle that is running, and how far it has come."""

    number: int
    """The number of the cycle among the adbot's."""
    due_at: datetime
    started_at: datetime | None
    """When its groups were distributed over the seats; null while it waits for that."""
    groups: int
    """How many groups it is to send to."""
    sent: int
    """How many of them have received the post."""
    failed: int
    """How many of them refused it."""
    left_out: int
    """How many of them were left out, though nobody refused."""


class Cycles(View):
    """An adbot's last cycle that came due, the last due time without one, and the due time of the next."""

    last_number: int | None
    """The number of the last cycle; null before the first one."""
    last_due_at: datetime | None
    """When it was due."""
    beyond_limit: Annotated[
        int | None,
        Field(
            description="How many groups the last cycle left out, as lists have more by now than the adbot "
            "may have: the last ones of its lists."
        ),
    ]
    skipped_at: datetime | None
    """The last due time without a cycle."""
    skip_reason: SkipReason | None
    """Why there was none."""
    next_due_at: datetime | None
    """When the next cycle is due; null while the adbot does not run."""
    running: RunningCycle | None
    """The cycle that is running now, with its progress; null if none is."""


@RUNNING_CYCLES.on(CycleDue)
async def due(event: CycleDue, sql: TableSql) -> None:
    """Store the cycle, in place of an earlier one."""
    await sql.execute(
        "insert into running_cycles (adbot, cycle, number, due_at, groups) values ($1, $2, $3, $4, $5) "
        "on conflict (adbot) do update set cycle = $2, number = $3, due_at = $4, groups = $5, "
        "started_at = null, sent = 0, failed = 0, left_out = 0",
        event.adbot,
        event.cycle,
        event.number,
        event.due_at,
        len(event.groups),
    )


@RUNNING_CYCLES.on(CycleStarted)
async def started(event: CycleStarted, sql: TableSql) -> None:
    """Store when the cycle was started."""
    await sql.execute(
        "update running_cycles set started_at = $3 where adbot = $1 and cycle = $2",
        event.adbot,
        event.cycle,
        event.started_at,
    )


@RUNNING_CYCLES.on(DeliveriesRecorded)
async def recorded(event: DeliveriesRecorded, sql: TableSql) -> None:
    """Count the outcomes."""
    results = [delivery.result for delivery in event.deliveries]
    sent = sum(result.delivered for result in results)
    left_out = sum(result is ResultClass.LEFT_OUT for result in results)
    failed = sum(not result.delivered and result not in _NOT_FAILED for result in results)
    await sql.execute(
        "update running_cycles set sent = sent + $3, failed = failed + $4, left_out = left_out + $5 "
        "where adbot = $1 and cycle = $2",
        event.adbot,
        event.cycle,
        sent,
        failed,
        left_out,
    )


@RUNNING_CYCLES.on(CycleFinished)
async def finished(event: CycleFinished, sql: TableSql) -> None:
    """Delete the cycle."""
    await _delete(event, sql)


@RUNNING_CYCLES.on(CycleAborted)
async def aborted(event: CycleAborted, sql: TableSql) -> None:
    """Delete the cycle."""
    await _delete(event, sql)


async def _delete(event: CycleFinished | CycleAborted, sql: TableSql) -> None:
    await sql.execute("delete from running_cycles where adbot = $1 and cycle = $2", event.adbot, event.cycle)
