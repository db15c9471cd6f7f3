"""Decisions on the provider's reports of a payment; pure functions."""

from decimal import Decimal

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
    WrongCoinReceived,
)
from services.billing.order.commands import RecordStatus
from services.billing.order.matching import SETTLED, in_its_coin, is_asked, is_for, unmatched
from services.billing.order.payment_report import PaymentReport
from services.billing.order.payment_state import ON_THE_WAY, STEP, PaymentState
from services.billing.order.settling import Tolerance, overpaid, settle, short
from services.billing.order.state import (
    Awaiting,
    Event,
    Fulfilled,
    Lapsed,
    Order,
    Paid,
    Pending,
    Refunded,
    Requested,
)

_NOTHING = Decimal(0)
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


def record_status(command: RecordStatus, order: Order) -> list[Event]:
    """Return the events of a report; none for a duplicate and for a step that is past.

    Money that was not reported before is counted, or put into an event for a person. A report that does not
    match the order raises `Refused`; but if it brings money, the only event is `UnmatchedPaymentReported`,
    and `refusal` returns the error for the provider.
    """
    report = command.report
    request = None if isinstance(order, Pending | Lapsed) else order.request
    if isinstance(order, Pending | Lapsed) or request is None or not is_for(report, order, request):
        return unmatched(report, order, "wrong_payment")
    if not is_asked(report, order, request):
        return unmatched(report, order, "wrong_amount")
    if report.status in SETTLED:
        return _settled(report, order, request, command.tolerance)
    return [*_uncounted(report, order, request), *_step(report, order, request)]


# -- money that does not count: not settled, or in another coin


def _uncounted(report: PaymentReport, order: Requested, request: PaymentRequested) -> list[Event]:
    """Return an event for money whose status is not final, if it exceeds what was reported before.

    A refund of counted money is reported separately; without a sum, it is of all that is counted.

    While the order's own payment is on its way to an unpaid order, the events of its steps report it.
    """
    on_the_way = report.status in _UNCERTAIN
    own, same_coin = report.payment == request.payment, in_its_coin(report, request)
    if own and on_the_way and same_coin and _is_on_its_way(report, order):
        return []
    key, money = (report.payment, report.currency or ""), order.money
    counted = _counted(report, order, request)
    known = max(counted, money.given_up.get(key, _NOTHING))
    if on_the_way:
        known = max(known, money.on_the_way.get(key, _NOTHING))
    paid = report.received
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
            coin=request.coin if same_coin else None,
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
    if not in_its_coin(report, request):
        return money.in_another_coin.get((report.payment, report.currency or ""), _NOTHING)
    return money.own if report.payment == request.payment else money.deposits.get(report.payment, _NOTHING)


def _in_another_coin(report: PaymentReport, order: Requested, request: PaymentRequested) -> list[Event]:
    if report.received <= _counted(report, order, request):
        return []
    return [
        WrongCoinReceived(
            order=order.placed.order,
            payment=report.payment,
            paid=report.received,
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
    if report.received <= 0 or report.currency is None:  # it contradicts itself, or leaves out what counts
        return unmatched(report, order, "wrong_amount")
    if not in_its_coin(report, request):
        return _in_another_coin(report, order, request)
    if report.payment != request.payment:
        return _deposit(report, order, request, tolerance)
    if report.received >= request.amount and report.status is PaymentState.PARTIALLY_PAID:
        return unmatched(report, order, "wrong_amount")
    if isinstance(order, Refunded) and not order.by_hand:
        return _uncounted(report, order, request)
    return _count(report, order, request, tolerance)


def _deposit(
    report: PaymentReport, order: Requested, request: PaymentRequested, tolerance: Tolerance
) -> list[Event]:
    """Add the new part of a deposit to the order's sum."""
    more = report.received - order.money.deposits.get(report.payment, _NOTHING)
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
    total = max(order.money.own, report.received) + order.money.deposited
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
    more = report.received - order.money.own
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
    if isinstance(order, Awaiting) and in_its_coin(report, request):
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
        return order.money.own > 0 and in_its_coin(report, request)
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
