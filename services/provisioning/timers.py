"""Ends adbots whose validity is over, and takes their seats when their grace time is over too."""

from datetime import datetime, timedelta

from libs.eventsourcing import Engine, Sql, Timer, UnitOfWork
from services.provisioning.adbot.commands import Expire, ReleaseSeats
from services.provisioning.adbot.domain import ADBOT
from services.provisioning.adbot.tables import next_end, next_release, take_ended, take_graceless
from services.provisioning.seating import NextSeat, fill_waiting, release


async def expire(unit: UnitOfWork) -> int:
    """Expire adbots whose time is over and return how many were looked at."""
    ended = await take_ended(unit.flushed, unit.at)
    for adbot in ended:
        await unit.execute(ADBOT, adbot, Expire(unit.at))
    return len(ended)


def expiry(engine: Engine) -> Timer:
    """Return the timer that expires adbots within a second of their end."""
    return Timer("expiry", engine, earliest=next_end, take=expire)


def releases(engine: Engine, grace: timedelta, choose: NextSeat) -> Timer:
    """Return the timer that puts the sessions of adbots that expired so long ago back into stock."""

    async def earliest(sql: Sql) -> datetime | None:
        return await next_release(sql, grace)

    async def take(unit: UnitOfWork) -> int:
        graceless = await take_graceless(unit.flushed, unit.at, grace)
        for adbot in graceless:
            await release(adbot, ReleaseSeats(grace, unit.at), unit)
        if graceless:
            await fill_waiting(unit, choose)
        return len(graceless)

    return Timer("releases", engine, earliest=earliest, take=take)
