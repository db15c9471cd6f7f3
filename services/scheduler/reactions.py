"""Reactions that stop schedules: adbots that may not run any more, or whose post may not be sent."""

from datetime import timedelta

import structlog

from libs.events.forwarder import SourceBroken
from libs.events.provisioning import AdbotExpired, AdbotSuspended, SeatLost
from libs.events.scheduler import PrivateIdsForbidden, SourceBlocked, StopReason
from libs.events.values import AdbotId
from libs.eventsourcing import Reactions, UnitOfWork
from services.scheduler.context import Context
from services.scheduler.group_lists.tables import lists_for
from services.scheduler.schedule.commands import EndPrivate, EndUnfit, EndWithSource
from services.scheduler.schedule.domain import SCHEDULE
from services.scheduler.schedule.tables import look_at_all, look_soon
from services.scheduler.tables.adbots import adbot_known, adbots_of

log = structlog.stdlib.get_logger()

SETTLING = timedelta(seconds=1)
"""How long after such an event the adbot is checked.

A replacement of a lost seat follows at once, and the read model, which another reader fills, contains both by
then.
"""

reactions = Reactions[Context]()


@reactions.to(AdbotExpired)
async def end_with_plan(event: AdbotExpired, unit: UnitOfWork) -> None:
    """Stop an adbot that expired."""
    await _end_unfit(event.adbot, StopReason.EXPIRED, unit)


@reactions.to(AdbotSuspended)
async def end_with_suspension(event: AdbotSuspended, unit: UnitOfWork) -> None:
    """Stop an adbot that was suspended."""
    await _end_unfit(event.adbot, StopReason.SUSPENDED, unit)


async def _end_unfit(adbot: AdbotId, reason: StopReason, unit: UnitOfWork) -> None:
    """Stop an adbot at once; if it was started since, check it soon."""
    if await unit.execute(SCHEDULE, adbot, EndUnfit(reason, unit.cause.at, unit.at)):
        log.info("adbot.stopped", adbot=adbot, reason=reason.value)
    else:
        await look_soon(unit.flushed, adbot, unit.at + SETTLING, unit.cause.envelope.id)


@reactions.to(PrivateIdsForbidden)
async def end_with_permission(event: PrivateIdsForbidden, unit: UnitOfWork) -> None:
    """Stop the account's adbots that name private ids; one unknown to the read model stops when it is due."""
    for adbot in await adbots_of(unit.flushed, event.account):
        known = await adbot_known(unit.flushed, adbot)
        if await unit.execute(SCHEDULE, adbot, EndPrivate(known, await lists_for(unit.flushed, known))):
            log.info("adbot.stopped", adbot=adbot, reason=StopReason.PRIVATE_IDS.value)


@reactions.to(SourceBroken)
async def end_with_source(event: SourceBroken, unit: UnitOfWork) -> None:
    """Stop an adbot whose post is gone or may not be forwarded."""
    if await unit.execute(SCHEDULE, event.adbot, EndWithSource(event.cycle, event.error, unit.at)):
        log.info("adbot.stopped", adbot=event.adbot, reason="source_broken", error=event.error)


@reactions.to(SourceBlocked)
async def look_for_posts(event: SourceBlocked, unit: UnitOfWork) -> None:
    """Schedule a check of all running adbots: those that send a post of the channel stop."""
    del event
    await look_at_all(unit.flushed, unit.at, unit.cause.envelope.id)


@reactions.to(SeatLost)
async def look_for_seats(event: SeatLost, unit: UnitOfWork) -> None:
    """Schedule a check of the adbot, which stops if it has no seat."""
    await look_soon(unit.flushed, event.adbot, unit.at + SETTLING, unit.cause.envelope.id)
