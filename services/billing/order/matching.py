"""Matching of payment reports and orders; pure functions."""

from decimal import Decimal
from typing import Literal

from libs.events.billing import PaymentRequested, UnmatchedPaymentReported
from libs.eventsourcing import Refused
from services.billing.order.payment_report import PaymentReport
from services.billing.order.payment_state import PaymentState
from services.billing.order.state import Event, Order, Requested

PRICE_CURRENCY = "USD"
MOST_UNMATCHED = 20
"""The limit of unmatched reports per order, since anyone may pay to an address repeatedly."""

_NOTHING = Decimal(0)
SETTLED = frozenset({PaymentState.PARTIALLY_PAID, PaymentState.FINISHED})
"""Statuses with which the received amount is final and counts."""
Mismatch = Literal["wrong_payment", "wrong_amount"]


def is_for(report: PaymentReport, order: Requested, request: PaymentRequested) -> bool:
    """Return whether a report is of the order's payment or of a deposit to it, and names no other order."""
    if report.order not in {None, order.placed.order}:
        return False
    if request.payment in {report.payment, report.parent}:
        return True
    return order.money.is_deposit(report.payment)


def is_asked(report: PaymentReport, order: Requested, request: PaymentRequested) -> bool:
    """Return whether the report has the price and amount that were requested, as far as it has any.

    Deposits and payments in another coin have other amounts. A refund is valid whatever its amounts are.
    """
    if report.payment != request.payment or not in_its_coin(report, request):
        return True
    if report.status is None or report.status is PaymentState.REFUNDED:
        return True
    asked = (order.placed.plan.price_usd, PRICE_CURRENCY, request.amount)
    stated = (report.price, report.price_currency, report.amount)
    return all(one is None or one == meant for one, meant in zip(stated, asked, strict=True))


def in_its_coin(report: PaymentReport, request: PaymentRequested) -> bool:
    """Return whether a report is in the order's coin, or names no coin."""
    return report.currency is None or report.coin == request.coin


def unmatched(report: PaymentReport, order: Order, why: Mismatch) -> list[Event]:
    """Return an event for new unmatched money, once and within a limit; raise `Refused` otherwise."""
    reported = UnmatchedPaymentReported(
        order=order.placed.order,
        payment=report.payment,
        parent=report.parent,
        why=why,
        status=report.status_text,
        paid=report.received,
        amount=report.amount or _NOTHING,
        currency=report.currency or "",
        price=report.price or _NOTHING,
        price_currency=report.price_currency or "",
    )
    known = order.money.unmatched
    before = max((past.paid for past in known if past.payment == reported.payment), default=_NOTHING)
    is_money = report.status in SETTLED or report.received > before
    again = any(past.model_copy(update={"status": reported.status}) == reported for past in known)
    if not is_money or again or len(known) >= MOST_UNMATCHED:
        raise refusal(reported)
    return [reported]


def refusal(reported: UnmatchedPaymentReported) -> Refused:
    """Return the error for an unmatched report."""
    match reported.why:
        case "wrong_payment":
            return Refused(reported.why, f"payment {reported.payment} is not that of {reported.order}")
        case "wrong_amount":
            return Refused(
                reported.why, "the price, the amount or what was received is not what was asked for"
            )
