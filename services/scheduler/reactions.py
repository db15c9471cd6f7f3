"""What follows for schedules when a plan ends, a seat is lost, or a post turns out to be gone."""

from datetime import timedelta

import structlog

from libs.events.forwarder import SourceBroken
from libs.events.provisioning import AdbotExpired, SeatLost
from libs.eventsourcing.reactions import Reactions
from libs.eventsourcing.unit import UnitOfWork
from services.scheduler.schedule.domain import SCHEDULE, EndWithPlan, EndWithSource
from services.scheduler.schedule.tables import look_soon

log = structlog.stdlib.get_logger()

SETTLING = timedelta(seconds=1)
"""How long after a lost seat the adbot is looked at: a replacement from stock follows at once, and the read
model, which another reader fills, knows of both by then."""

reactions = Reactions()


@reactions.to(AdbotExpired)
async def end_with_plan(event: AdbotExpired, unit: UnitOfWork) -> None:
    """Stop an adbot whose plan ended."""
    if await unit.execute(SCHEDULE, event.adbot, EndWithPlan(unit.at)):
        log.info("adbot.stopped", adbot=event.adbot, reason="expired")


@reactions.to(SourceBroken)
async def end_with_source(event: SourceBroken, unit: UnitOfWork) -> None:
    """Stop an adbot whose post is gone or may not be forwarded."""
    if await unit.execute(SCHEDULE, event.adbot, EndWithSource(event.cycle, event.error, unit.at)):
        log.info("adbot.stopped", adbot=event.adbot, reason="source_broken", error=event.error)


@reactions.to(SeatLost)
async def look_for_seats(event: SeatLost, unit: UnitOfWork) -> None:
    """Have the adbot looked at soon: without any seat it then stops."""
    await look_soon(unit.sql, event.adbot, unit.at + SETTLING, unit.cause.envelope.id)
