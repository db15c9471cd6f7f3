"""Decisions on whether the received sum pays an order, too little or too much; pure functions."""

from dataclasses import dataclass
from decimal import Decimal

from libs.events.billing import (
    PaymentFinished,
    PaymentOverpaid,
    PaymentPartiallyPaid,
    PaymentRequested,
)
from services.billing.order.state import Awaiting, Event, Lapsed, Pending, Refunded, Requested

_NOTHING = Decimal(0)
_LARGEST_SHARE = Decimal("0.5")
"""The tolerance never accepts less than one half, however cheap the plan is."""


@dataclass(frozen=True, slots=True)
class Tolerance:
    """The tolerated shortfall: an amount that either measure allows; none by default.

    `percent` is of the requested amount; `usd` is the shortfall's worth at the order's own rate.
    """

    percent: Decimal = _NOTHING
    usd: Decimal = _NOTHING

    def allows(self, missing: Decimal, asked: Decimal, price_usd: Decimal) -> bool:
        """Return whether this shortfall of the requested amount is tolerated."""
        if missing > asked * _LARGEST_SHARE:
            return False
        return missing * 100 <= asked * self.percent or missing * price_usd <= asked * self.usd


NO_TOLERANCE = Tolerance()


def settle(
    total: Decimal, order: Awaiting, tolerance: Tolerance, *, still_coming: bool = False
) -> list[Event]:
    """Return the events of a new total of an unpaid order.

    While the order's own payment is still on its way, no shortfall is reported.
    """
    asked = order.request.amount
    missing = max(_NOTHING, asked - total)
    if tolerance.allows(missing, asked, order.placed.plan.price_usd):
        return [finished(order, total, tolerated=missing), *overpaid(total, order, order.request)]
    return [] if still_coming else short(total, order)


def short(total: Decimal, order: Awaiting) -> list[Event]:
    """Return the event of a partial payment, unless this total was reported before."""
    if total <= order.money.total_reported:
        return []
    return [
        PaymentPartiallyPaid(
            order=order.placed.order,
            payment=order.request.payment,
            paid=total,
            missing=order.request.amount - total,
            coin=order.request.coin,
        )
    ]


def overpaid(total: Decimal, order: Requested, request: PaymentRequested) -> list[Event]:
    """Return the event of an overpayment, unless this total was reported before."""
    if isinstance(order, Refunded) or total <= max(request.amount, order.money.total_reported):
        return []
    return [
        PaymentOverpaid(
            order=order.placed.order, paid=total, excess=total - request.amount, coin=request.coin
        )
    ]


def finished(
    order: Pending | Lapsed | Awaiting,
    paid: Decimal,
    *,
    by_hand: bool = False,
    tolerated: Decimal = _NOTHING,
) -> PaymentFinished:
    """Return the event that an order is paid, with this total, and may be delivered."""
    placed = order.placed
    return PaymentFinished(
        order=placed.order,
        account=placed.account,
        plan=placed.plan,
        renews=placed.renews,
        payment=order.request.payment if isinstance(order, Awaiting) else None,
        paid=paid,
        tolerated=tolerated,
        coin=placed.coin,
        by_hand=by_hand,
    )
