"""Lets cycles come due."""

from collections.abc import Awaitable, Callable
from datetime import timedelta

import structlog

from libs.events.values import CycleId, Pacing
from libs.eventsourcing import Cause, Engine, Timer, UnitOfWork, new_id
from services.scheduler.schedule.commands import RunDue
from services.scheduler.schedule.domain import SCHEDULE
from services.scheduler.schedule.tables import Waking, looked_at, next_wake, take_waking
from services.scheduler.tables.adbots import adbot_known

log = structlog.stdlib.get_logger()


def run_due(pacing: Pacing, patience: timedelta) -> Callable[[UnitOfWork], Awaitable[int]]:
    """Return what a timer does with running adbots whose time has come."""

    async def take(unit: UnitOfWork) -> int:
        waking = await take_waking(unit.flushed, unit.at)
        await looked_at(unit.flushed, [row.adbot for row in waking])
        for row in waking:
            await look_at(row, unit)
        return len(waking)

    async def look_at(row: Waking, unit: UnitOfWork) -> None:
        adbot = await adbot_known(unit.flushed, row.adbot)
        if adbot is None:
            return
        # a look that finds it unfit was caused by what made it so, all else by the start
        because = row.look_because if adbot.unfit(unit.at) else None
        cause = Cause(adbot.correlation_id, because or row.started_by)
        command = RunDue(adbot, CycleId(new_id()), pacing, patience, unit.at)
        for event in await unit.execute(SCHEDULE, row.adbot, command, because=cause):
            log.info("schedule.advanced", adbot=row.adbot, what=type(event).__name__)

    return take


def cycles(engine: Engine, pacing: Pacing, patience: timedelta) -> Timer:
    """Return the timer that lets cycles come due."""
    return Timer("cycles", engine, earliest=next_wake, take=run_due(pacing, patience))
