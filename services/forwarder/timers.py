"""The timers of the forwarder: a pause of everything aborts the cycles that ran."""

from libs.eventsourcing import Timers, UnitOfWork
from services.forwarder.context import Context
from services.forwarder.pool.pausing import abort_some, next_abort

timers = Timers[Context]()


@timers.due("paused cycles", earliest=next_abort)
async def abort_paused(unit: UnitOfWork) -> int:
    """Abort the next cycles that ran when everything was paused."""
    return await abort_some(unit)
