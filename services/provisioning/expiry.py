"""Ends adbots whose validity is over."""

from libs.eventsourcing.engine import Engine
from libs.eventsourcing.timer import Timer
from libs.eventsourcing.unit import UnitOfWork
from services.provisioning.adbot.domain import ADBOT, Expire
from services.provisioning.adbot.tables import next_end, take_ended


async def expire(unit: UnitOfWork) -> int:
    """Expire adbots whose time is over and return how many were looked at."""
    ended = await take_ended(unit.sql, unit.at)
    for adbot in ended:
        await unit.follow_stream(ADBOT.stream(adbot))
        await unit.execute(ADBOT, adbot, Expire(unit.at))
    return len(ended)


def expiry(engine: Engine) -> Timer:
    """Return the timer that expires adbots within a second of their end."""
    return Timer("expiry", engine, earliest=next_end, take=expire)
