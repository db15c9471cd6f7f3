"""The scheduler's timer, which raises due cycles."""

from uuid import UUID

import structlog

from libs.events.scheduler import GroupListId
from libs.events.values import AccountId, CycleId
from libs.eventsourcing import Cause, Timers, UnitOfWork
from libs.eventsourcing.values import new_id
from services.scheduler.context import Context
from services.scheduler.group_lists.tables import lists_of, lists_used
from services.scheduler.operations.tables import switches
from services.scheduler.schedule.adbot import Adbot
from services.scheduler.schedule.commands import RunDue
from services.scheduler.schedule.domain import SCHEDULE
from services.scheduler.schedule.switches import Switches
from services.scheduler.schedule.tables import Waking, looked_at, next_wake, take_waking
from services.scheduler.schedule.taking_part import GroupList
from services.scheduler.tables.adbots import adbots_known

log = structlog.stdlib.get_logger()

timers = Timers[Context]()


@timers.due("cycles", earliest=lambda sql, _: next_wake(sql), context=True)
async def run_due(unit: UnitOfWork, context: Context) -> int:
    """Check running adbots whose check is due: raise a cycle, skip it, or stop the adbot."""
    now = await switches(unit.flushed)
    waking = await take_waking(unit.flushed, unit.at)
    adbots = [row.adbot for row in waking]
    await looked_at(unit.flushed, adbots)
    known = await adbots_known(unit.flushed, adbots)
    used = await lists_used(unit.flushed, adbots)
    read: dict[AccountId, dict[GroupListId, GroupList]] = {}
    for row in waking:
        if (adbot := known.get(row.adbot)) is not None:
            wanted = used.get(row.adbot, ())
            of_account = read.setdefault(adbot.account, {})
            lists = await lists_of(unit.flushed, adbot.account, wanted, of_account) if wanted else ()
            await _look_at(row, adbot, lists, now, unit, context)
    return len(waking)


async def _look_at(
    row: Waking, adbot: Adbot, lists: tuple[GroupList, ...], now: Switches, unit: UnitOfWork, context: Context
) -> None:
    cause = Cause(adbot.correlation_id, await _led_to(row, adbot, now, unit))
    cycle = CycleId(new_id())
    command = RunDue(adbot, cycle, context.pacing, context.cycle_timeout, unit.at, now, lists, context.limits)
    for event in await unit.execute(SCHEDULE, row.adbot, command, because=cause):
        log.info("schedule.advanced", adbot=row.adbot, what=type(event).__name__)


async def _led_to(row: Waking, adbot: Adbot, now: Switches, unit: UnitOfWork) -> UUID:
    """Return the id of the event that leads to what is decided.

    A stop is caused by the event that made the adbot unfit to run, or blocked its post, all else by the
    start.
    """
    if row.look_because is None:
        return row.started_by
    schedule = await unit.load(SCHEDULE, row.adbot)
    advertisement = schedule.advertisement if schedule else None
    blocked = advertisement is not None and now.blocked_source(advertisement.posts) is not None
    return row.look_because if blocked or adbot.unfit(unit.at) else row.started_by
