"""The timers of provisioning: adbots expire, and their seats are released later."""

from libs.eventsourcing import Timers, UnitOfWork
from services.provisioning.adbot.commands import Expire, ReleaseSeats
from services.provisioning.adbot.domain import ADBOT
from services.provisioning.adbot.tables import next_end, next_release, take_ended, take_graceless
from services.provisioning.context import Context
from services.provisioning.seating import fill_waiting, release

timers = Timers[Context]()


@timers.due("expiry", earliest=next_end)
async def expire(unit: UnitOfWork) -> int:
    """Expire adbots whose validity has ended."""
    ended = await take_ended(unit.flushed, unit.at)
    for adbot in ended:
        await unit.execute(ADBOT, adbot, Expire(unit.at))
    return len(ended)


@timers.due("releases", earliest=lambda sql, context: next_release(sql, context.grace), context=True)
async def release_seats(unit: UnitOfWork, context: Context) -> int:
    """Release the seats of adbots whose grace time has ended; the sessions return to stock."""
    graceless = await take_graceless(unit.flushed, unit.at, context.grace)
    for adbot in graceless:
        await release(adbot, ReleaseSeats(context.grace, unit.at), unit)
    if graceless:
        await fill_waiting(unit, context.choose)
    return len(graceless)
