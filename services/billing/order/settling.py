"""Decide whether the money received pays an order, is too little or too much; pure."""

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
"""No tolerance lets an order be paid by less than one half, however cheap the plan is."""


@dataclass(frozen=True, slots=True)
class Tolerance:
    """The tolerated shortfall of a payment: the larger of both limits, none by default.

    `percent` is of what was asked for; `usd` is what the shortfall is worth at the order's own rate.
    """

    percent: Decimal = _NOTHING
    usd: Decimal = _NOTHING

    def allows(self, missing: Decimal, asked: Decimal, price_usd: Decimal) -> bool:
        """Say whether so much may be missing of what was asked for."""
        if missing > asked * _LARGEST_SHARE:
            return False
        return missing * 100 <= asked * self.percent or missing * price_usd <= asked * self.usd


NO_TOLERANCE = Tolerance()


def settle(
    total: Decimal, order: Awaiting, tolerance: Tolerance, *, still_coming: bool = False
) -> list[Event]:
    """Return what a new total means for an order that is not paid yet.

    While the order's own payment is still on its way no event reports that something is missing.
    """
    asked = order.request.amount
    missing = max(_NOTHING, asked - total)
    if tolerance.allows(missing, asked, order.placed.plan.price_usd):
        return [finished(order, total, tolerated=missing), *overpaid(total, order, order.request)]
    return [] if still_coming else short(total, order)


def short(total: Decimal, order: Awaiting) -> list[Event]:
    """Return the event for an incomplete payment, unless this total was reported."""
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
    """Return the event for an overpayment, unless this total was reported."""
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
    """Return that an order is paid, with so much in all, and may be delivered."""
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
