"""Decisions on the provider's reports of a payment; pure functions."""

from decimal import Decimal
from typing import Literal

from libs.events.billing import (
    DepositReceived,
    OrderExpired,
    PaymentConfirmed,
    PaymentConfirming,
    PaymentExpired,
    PaymentFailed,
    PaymentRefunded,
    PaymentRequested,
    PaymentSending,
    UncountedMoneyReported,
    UnknownStatusReported,
    UnmatchedPaymentReported,
    WrongCoinReceived,
)
from libs.eventsourcing import Refused
from services.billing.order.commands import RecordStatus
from services.billing.order.payment_report import PaymentReport
from services.billing.order.settling import Tolerance, overpaid, settle, short
from services.billing.order.state import (
    ON_THE_WAY,
    STEP,
    Awaiting,
    Event,
    Fulfilled,
    Lapsed,
    Order,
    Paid,
    PaymentState,
    Pending,
    Refunded,
    Requested,
)

PRICE_CURRENCY = "USD"
MOST_UNMATCHED = 20
"""The limit of unmatched reports per order, since anyone may pay to an address repeatedly."""

_NOTHING = Decimal(0)
_SETTLED = frozenset({PaymentState.PARTIALLY_PAID, PaymentState.FINISHED})
"""Statuses with which the received amount is final and counts."""
_UNCERTAIN = ON_THE_WAY | {PaymentState.WAITING}
_EVENT_OF_STATUS: dict[
    PaymentState,
    type[PaymentConfirming | PaymentConfirmed | PaymentSending | PaymentFailed | PaymentExpired],
] = {
    PaymentState.CONFIRMING: PaymentConfirming,
    PaymentState.CONFIRMED: PaymentConfirmed,
    PaymentState.SENDING: PaymentSending,
    PaymentState.FAILED: PaymentFailed,
    PaymentState.EXPIRED: PaymentExpired,
}
Mismatch = Literal["wrong_payment", "wrong_amount"]


def record_status(command: RecordStatus, order: Order) -> list[Event]:
    """Return the events of a report; none for a duplicate and for a step that is past.

    Money that was not reported before is counted, or put into an event for a person. A report that does not
    match the order raises `Refused`; but if it brings money, the only event is `UnmatchedPaymentReported`,
    and `refusal` returns the error for the provider.
    """
    report = command.report
    request = None if isinstance(order, Pending | Lapsed) else order.request
    if isinstance(order, Pending | Lapsed) or request is None or not _is_for(report, order, request):
        return _unmatched(report, order, "wrong_payment")
    if not _is_asked(report, order, request):
        return _unmatched(report, order, "wrong_amount")
    if report.status in _SETTLED:
        return _settled(report, order, request, command.tolerance)
    return [*_uncounted(report, order, request), *_step(report, order, request)]


def _is_for(report: PaymentReport, order: Requested, request: PaymentRequested) -> bool:
    """Return whether a report is of the order's payment or of a deposit to it, and names no other order."""
    if report.order not in {None, order.placed.order}:
        return False
    if request.payment in {report.payment, report.parent}:
        return True
    return order.money.is_deposit(report.payment)


def _is_asked(report: PaymentReport, order: Requested, request: PaymentRequested) -> bool:
    """Return whether the report has the price and amount that were requested, as far as it has any.

    Deposits and payments in another coin have other amounts. A refund is valid whatever its amounts are.
    """
    if report.payment != request.payment or not _in_its_coin(report, request):
        return True
    if report.status is None or report.status is PaymentState.REFUNDED:
        return True
    asked = (order.placed.plan.price_usd, PRICE_CURRENCY, request.amount)
    told = (report.price, report.price_currency, report.amount)
    return all(said is None or said == meant for said, meant in zip(told, asked, strict=True))


def _in_its_coin(report: PaymentReport, request: PaymentRequested) -> bool:
    """Return whether a report is in the order's coin, or names no coin."""
    return report.currency is None or report.coin == request.coin


# -- what does not match the order


def _unmatched(report: PaymentReport, order: Order, why: Mismatch) -> list[Event]:
    """Return an event for new unmatched money, once and within a limit; raise `Refused` otherwise."""
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
    is_money = report.status in _SETTLED or report.came > before
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


# -- money that does not count: not settled, or in another coin


def _uncounted(report: PaymentReport, order: Requested, request: PaymentRequested) -> list[Event]:
    """Return an event for money whose status is not final, if it exceeds what was reported before.

    A refund of counted money is reported separately; without a sum, it is of all that is counted.

    While the order's own payment is on its way to an unpaid order, the events of its steps report it.
    """
    on_the_way = report.status in _UNCERTAIN
    own, in_its_coin = report.payment == request.payment, _in_its_coin(report, request)
    if own and on_the_way and in_its_coin and _is_on_its_way(report, order):
        return []
    key, money = (report.payment, report.currency or ""), order.money
    counted = _counted(report, order, request)
    known = max(counted, money.given_up.get(key, _NOTHING))
    if on_the_way:
        known = max(known, money.on_the_way.get(key, _NOTHING))
    paid = report.came
    if _takes_back(report, order, request) and counted:
        paid, known = paid or counted, money.refunded.get(key, _NOTHING)
    if paid <= known:
        return []
    return [
        UncountedMoneyReported(
            order=order.placed.order,
            payment=report.payment,
            status=report.status_text,
            on_the_way=on_the_way,
            paid=paid,
            uncounted=max(_NOTHING, paid - counted),
            currency=report.currency or "",
            coin=request.coin if in_its_coin else None,
        )
    ]


def _takes_back(report: PaymentReport, order: Requested, request: PaymentRequested) -> bool:
    """Return whether a refund leaves the order as it is, so that a person must act."""
    if report.status is not PaymentState.REFUNDED:
        return False
    return report.payment != request.payment or not (
        isinstance(order, Refunded) or _ends(report, order, request)
    )


def _is_on_its_way(report: PaymentReport, order: Requested) -> bool:
    """Return whether an unpaid order's own payment is on its way, including this report."""
    if not isinstance(order, Awaiting) or report.status is None:
        return False
    return max(order.state, report.status, key=STEP.__getitem__) in ON_THE_WAY


def _counted(report: PaymentReport, order: Requested, request: PaymentRequested) -> Decimal:
    """Return how much of a payment is counted, or was reported as another coin, so far."""
    money = order.money
    if not _in_its_coin(report, request):
        return money.in_another_coin.get((report.payment, report.currency or ""), _NOTHING)
    return money.own if report.payment == request.payment else money.deposits.get(report.payment, _NOTHING)


def _in_another_coin(report: PaymentReport, order: Requested, request: PaymentRequested) -> list[Event]:
    if report.came <= _counted(report, order, request):
        return []
    return [
        WrongCoinReceived(
            order=order.placed.order,
            payment=report.payment,
            paid=report.came,
            currency=report.currency or "",
        )
    ]


def _unknown(report: PaymentReport, order: Requested) -> list[Event]:
    if (report.payment, report.status_text) in order.money.unknown:
        return []
    return [
        UnknownStatusReported(order=order.placed.order, payment=report.payment, status=report.status_text)
    ]


# -- money that is certain


def _settled(
    report: PaymentReport, order: Requested, request: PaymentRequested, tolerance: Tolerance
) -> list[Event]:
    """Count a final amount; the status does not say how much of a deposit counts."""
    if report.came <= 0 or report.currency is None:  # the report contradicts itself, or lacks the amount
        return _unmatched(report, order, "wrong_amount")
    if not _in_its_coin(report, request):
        return _in_another_coin(report, order, request)
    if report.payment != request.payment:
        return _deposit(report, order, request, tolerance)
    if report.came >= request.amount and report.status is PaymentState.PARTIALLY_PAID:
        return _unmatched(report, order, "wrong_amount")
    if isinstance(order, Refunded) and not order.by_hand:
        return _uncounted(report, order, request)
    return _count(report, order, request, tolerance)


def _deposit(
    report: PaymentReport, order: Requested, request: PaymentRequested, tolerance: Tolerance
) -> list[Event]:
    """Add the new part of a deposit to the order's sum."""
    more = report.came - order.money.deposits.get(report.payment, _NOTHING)
    if more <= 0:
        return []
    received = DepositReceived(order=order.placed.order, deposit=report.payment, paid=more, coin=request.coin)
    total = order.money.total + more
    if isinstance(order, Awaiting):
        still_coming = order.state in ON_THE_WAY
        return [received, *settle(total, order, tolerance, still_coming=still_coming)]
    return [received, *overpaid(total, order, request)]


def _count(
    report: PaymentReport, order: Requested, request: PaymentRequested, tolerance: Tolerance
) -> list[Event]:
    """Count the order's own payment; its reports are totals, so the largest one counts."""
    total = max(order.money.own, report.came) + order.money.deposited
    if isinstance(order, Awaiting):
        return settle(total, order, tolerance)
    return overpaid(total, order, request) or _after_all(report, order, request)


def _after_all(
    report: PaymentReport, order: Paid | Fulfilled | Refunded, request: PaymentRequested
) -> list[Event]:
    """Return an event for money that the order's own payment received after the order was closed with less.

    It was closed by an operator, or within the tolerance. The money is in addition to the order's sum, like a
    further deposit, and is reported as one.
    """
    more = report.came - order.money.own
    if more <= 0:
        return []
    return [DepositReceived(order=order.placed.order, deposit=report.payment, paid=more, coin=request.coin)]


# -- steps


def _step(report: PaymentReport, order: Requested, request: PaymentRequested) -> list[Event]:
    """Return the events of a status besides its amounts: a step of the own payment, or an unknown status."""
    if report.status is None:
        return _unknown(report, order)
    if report.payment != request.payment:
        return []
    if report.status is PaymentState.REFUNDED:
        return _given_back(order, request) if _ends(report, order, request) else []
    if isinstance(order, Awaiting) and _in_its_coin(report, request):
        return _move(report.status, order)
    return []


def _move(status: PaymentState, order: Awaiting) -> list[Event]:
    """Return the step that the status means; none for a duplicate or an earlier step."""
    if STEP[status] <= STEP[order.state]:
        return []
    number = order.placed.order
    events: list[Event] = [_EVENT_OF_STATUS[status](order=number, payment=order.request.payment)]
    if status in ON_THE_WAY:
        return events
    # deposits may have arrived while the whole payment was expected
    events = [*short(order.money.total, order), *events]
    if status is PaymentState.EXPIRED and not (order.expired or order.cancelled):
        events.append(OrderExpired(order=number))
    return events


def _ends(report: PaymentReport, order: Requested, request: PaymentRequested) -> bool:
    """Return whether a refund of the order's own payment refunds the order.

    A paid order was not paid by money that does not count, so a refund of such money does not end it.
    """
    if isinstance(order, Paid | Fulfilled):
        return order.money.own > 0 and _in_its_coin(report, request)
    return isinstance(order, Awaiting)


def _given_back(order: Requested, request: PaymentRequested) -> list[Event]:
    return [
        PaymentRefunded(
            order=order.placed.order,
            payment=request.payment,
            reason="the provider gave the money back",
            by_hand=False,
        )
    ]
