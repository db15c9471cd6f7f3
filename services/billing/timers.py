"""Billing's timers: orders expire when their time to pay is over."""

from libs.eventsourcing import Timers, UnitOfWork
from services.billing.context import Context
from services.billing.order.commands import Expire
from services.billing.order.domain import ORDER
from services.billing.order.tables import due_timeouts, earliest_timeout

_AT_ONCE = 100

timers = Timers[Context]()


@timers.due("order-timeouts", earliest=earliest_timeout)
async def expire(unit: UnitOfWork) -> int:
    """Expire orders that were not paid in time."""
    orders = await due_timeouts(unit.flushed, unit.at, _AT_ONCE)
    for order in orders:
        await unit.execute(ORDER, order, Expire(unit.at))
    return len(orders)
