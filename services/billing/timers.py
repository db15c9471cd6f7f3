"""What billing does when time is up."""

from libs.eventsourcing import Engine, Timer, UnitOfWork
from services.billing.order.commands import Expire
from services.billing.order.domain import ORDER
from services.billing.order.tables import due_timeouts, earliest_timeout

_AT_ONCE = 100


def order_timeouts(engine: Engine) -> Timer:
    """Return the timer that expires orders which were not paid in time."""
    return Timer("order-timeouts", engine, earliest=earliest_timeout, take=_expire)


async def _expire(unit: UnitOfWork) -> int:
    orders = await due_timeouts(unit.flushed, unit.at, _AT_ONCE)
    for order in orders:
        await unit.execute(ORDER, order, Expire(unit.at))
    return len(orders)
