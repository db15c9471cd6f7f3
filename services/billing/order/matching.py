"""Whether a payment report matches its order, and what follows where it does not; pure."""

from decimal import Decimal
from typing import Literal

from libs.events.billing import PaymentRequested, UnmatchedPaymentReported
from libs.eventsourcing import Refused
from services.billing.order.payment_report import PaymentReport
from services.billing.order.payment_state import PaymentState
from services.billing.order.state import Event, Order, Requested

PRICE_CURRENCY = "USD"
MOST_UNMATCHED = 20
"""The most unmatched payments reported per order; anyone may send to an address again and again."""

_NOTHING = Decimal(0)
SETTLED = frozenset({PaymentState.PARTIALLY_PAID, PaymentState.FINISHED})
"""What came by such a payment is certain, and counts."""
Mismatch = Literal["wrong_payment", "wrong_amount"]


def is_for(report: PaymentReport, order: Requested, request: PaymentRequested) -> bool:
    """Say whether a report is of the order's payment or of a deposit to it, and names no other order."""
    if report.order not in {None, order.placed.order}:
        return False
    if request.payment in {report.payment, report.parent}:
        return True
    return order.money.is_deposit(report.payment)


def is_asked(report: PaymentReport, order: Requested, request: PaymentRequested) -> bool:
    """Say whether a report of the order's own payment asks for what was asked for, as far as it says so.

    A deposit asks for something else, and so does what came in another coin; what was given back was so
    whatever was asked for.
    """
    if report.payment != request.payment or not in_its_coin(report, request):
        return True
    if report.status is None or report.status is PaymentState.REFUNDED:
        return True
    asked = (order.placed.plan.price_usd, PRICE_CURRENCY, request.amount)
    stated = (report.price, report.price_currency, report.amount)
    return all(one is None or one == meant for one, meant in zip(stated, asked, strict=True))


def in_its_coin(report: PaymentReport, request: PaymentRequested) -> bool:
    """Say whether a report is in the order's coin, as far as it says so."""
    return report.currency is None or report.coin == request.coin


def unmatched(report: PaymentReport, order: Order, why: Mismatch) -> list[Event]:
    """Report money that can't be counted, once and within bounds; refuse all else that does not match."""
    reported = UnmatchedPaymentReported(
        order=order.placed.order,
        payment=report.payment,
        parent=report.parent,
        why=why,
        status=report.status_text,
        paid=report.came,
        amount=report.amount or _NOTHING,
        currency=report.currency or "",
        price=report.price or _NOTHING,
        price_currency=report.price_currency or "",
    )
    known = order.money.unmatched
    before = max((past.paid for past in known if past.payment == reported.payment), default=_NOTHING)
    is_money = report.status in SETTLED or report.came > before
    again = any(past.model_copy(update={"status": reported.status}) == reported for past in known)
    if not is_money or again or len(known) >= MOST_UNMATCHED:
        raise refusal(reported)
    return [reported]


def refusal(reported: UnmatchedPaymentReported) -> Refused:
    """Return the refusal of a report for which this event is appended, or would be."""
    match reported.why:
        case "wrong_payment":
            return Refused(reported.why, f"payment {reported.payment} is not that of {reported.order}")
        case "wrong_amount":
            return Refused(
                reported.why, "the price, the amount or what was received is not what was asked for"
            )
