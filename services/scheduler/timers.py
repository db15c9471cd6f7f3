"""The scheduler's timer, which raises due cycles."""

import structlog

from libs.events.values import CycleId
from libs.eventsourcing import Cause, Timers, UnitOfWork
from libs.eventsourcing.values import new_id
from services.scheduler.context import Context
from services.scheduler.schedule.commands import RunDue
from services.scheduler.schedule.domain import SCHEDULE
from services.scheduler.schedule.tables import Waking, looked_at, next_wake, take_waking
from services.scheduler.tables.adbots import adbot_known

log = structlog.stdlib.get_logger()

timers = Timers[Context]()


@timers.due("cycles", earliest=lambda sql, _: next_wake(sql), context=True)
async def run_due(unit: UnitOfWork, context: Context) -> int:
    """Check running adbots whose check is due: raise a cycle, skip it, or stop the adbot."""
    waking = await take_waking(unit.flushed, unit.at)
    await looked_at(unit.flushed, [row.adbot for row in waking])
    for row in waking:
        await _look_at(row, unit, context)
    return len(waking)


async def _look_at(row: Waking, unit: UnitOfWork, context: Context) -> None:
    adbot = await adbot_known(unit.flushed, row.adbot)
    if adbot is None:
        return
    # a stop is caused by the event that made the adbot unfit to run, all else by the start
    because = row.look_because if adbot.unfit(unit.at) else None
    cause = Cause(adbot.correlation_id, because or row.started_by)
    command = RunDue(adbot, CycleId(new_id()), context.pacing, context.cycle_timeout, unit.at)
    for event in await unit.execute(SCHEDULE, row.adbot, command, because=cause):
        log.info("schedule.advanced", adbot=row.adbot, what=type(event).__name__)
