"""Decide on the provider's reports of a payment; pure, as all of the order's decisions."""

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
"""The most unmatched payments reported per order; anyone may send to an address again and again."""

_NOTHING = Decimal(0)
_SETTLED = frozenset({PaymentState.PARTIALLY_PAID, PaymentState.FINISHED})
"""The statuses in which an amount received is final, and counts."""
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
    """Return what follows from a report; nothing from a repeat, and from what is passed already.

    Money that it reports for the first time counts, or is appended as an event for the operator.
    Raises `Refused` where it does not match the order. If money came, that is appended first, instead: then
    `UnmatchedPaymentReported` is all that follows, and `refusal` says how the report is to be refused.
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
    """Say whether a report is of the order's payment or of a deposit to it, and names no other order."""
    if report.order not in {None, order.placed.order}:
        return False
    if request.payment in {report.payment, report.parent}:
        return True
    return order.money.is_deposit(report.payment)


def _is_asked(report: PaymentReport, order: Requested, request: PaymentRequested) -> bool:
    """Say whether a report of the order's own payment asks for what was asked for, as far as it says so.

    A deposit asks for something else, and so does what came in another coin; what was given back was so
    whatever was asked for.
    """
    if report.payment != request.payment or not _in_its_coin(report, request):
        return True
    if report.status is None or report.status is PaymentState.REFUNDED:
        return True
    asked = (order.placed.plan.price_usd, PRICE_CURRENCY, request.amount)
    told = (report.price, report.price_currency, report.amount)
    return all(said is None or said == meant for said, meant in zip(told, asked, strict=True))


def _in_its_coin(report: PaymentReport, request: PaymentRequested) -> bool:
    """Say whether a report is in the order's coin, as far as it says so."""
    return report.currency is None or report.coin == request.coin


# -- what does not match the order


def _unmatched(report: PaymentReport, order: Order, why: Mismatch) -> list[Event]:
    """Report money that can't be counted, once and within bounds; refuse all else that does not match."""
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
    is_money = report.status in _SETTLED or report.received > before
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


# -- money that does not count: not settled, or in another coin


def _uncounted(report: PaymentReport, order: Requested, request: PaymentRequested) -> list[Event]:
    """Report money in a status that settles nothing, as far as it exceeds what was reported before.

    A refund of counted money has an event of its own; if it leaves out its sum, all that counts went back.
    While the order's own payment is on its way to an unpaid order, the events of its steps stand for it.
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
            coin=request.coin if in_its_coin else None,
        )
    ]


def _takes_back(report: PaymentReport, order: Requested, request: PaymentRequested) -> bool:
    """Say whether a refund leaves the order as it is, so that a person has to see to it."""
    if report.status is not PaymentState.REFUNDED:
        return False
    return report.payment != request.payment or not (
        isinstance(order, Refunded) or _ends(report, order, request)
    )


def _is_on_its_way(report: PaymentReport, order: Requested) -> bool:
    """Say whether an unpaid order's own payment is on its way, after this report of it."""
    if not isinstance(order, Awaiting) or report.status is None:
        return False
    return max(order.state, report.status, key=STEP.__getitem__) in ON_THE_WAY


def _counted(report: PaymentReport, order: Requested, request: PaymentRequested) -> Decimal:
    """Return how much of a payment is counted, or was reported in another coin, so far."""
    money = order.money
    if not _in_its_coin(report, request):
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
    """Count what came: the word says only that it is certain, and of a deposit not how much of what."""
    if report.received <= 0 or report.currency is None:  # it contradicts itself, or leaves out what counts
        return _unmatched(report, order, "wrong_amount")
    if not _in_its_coin(report, request):
        return _in_another_coin(report, order, request)
    if report.payment != request.payment:
        return _deposit(report, order, request, tolerance)
    if report.received >= request.amount and report.status is PaymentState.PARTIALLY_PAID:
        return _unmatched(report, order, "wrong_amount")
    if isinstance(order, Refunded) and not order.by_hand:
        return _uncounted(report, order, request)
    return _count(report, order, request, tolerance)


def _deposit(
    report: PaymentReport, order: Requested, request: PaymentRequested, tolerance: Tolerance
) -> list[Event]:
    """Add a further deposit up, as far as it is new."""
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
    """Count what the order's own payment received. The provider reports totals; the largest counts."""
    total = max(order.money.own, report.received) + order.money.deposited
    if isinstance(order, Awaiting):
        return settle(total, order, tolerance)
    return overpaid(total, order, request) or _after_all(report, order, request)


def _after_all(
    report: PaymentReport, order: Paid | Fulfilled | Refunded, request: PaymentRequested
) -> list[Event]:
    """Tell of money that reached the order's own payment after the order was closed with less.

    By an operator, or within the tolerance. It came on top of all that the order had got, as a further
    deposit does, and is reported as one.
    """
    more = report.received - order.money.own
    if more <= 0:
        return []
    return [DepositReceived(order=order.placed.order, deposit=report.payment, paid=more, coin=request.coin)]


# -- steps


def _step(report: PaymentReport, order: Requested, request: PaymentRequested) -> list[Event]:
    """Return what a status means besides the money: a step of the order's own payment, or an unknown word."""
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
    """Return the step forward that the status means; none for a repeat or a step back."""
    if STEP[status] <= STEP[order.state]:
        return []
    number = order.placed.order
    events: list[Event] = [_EVENT_OF_STATUS[status](order=number, payment=order.request.payment)]
    if status in ON_THE_WAY:
        return events
    events = [*short(order.money.total, order), *events]  # deposits came while all of it was expected
    if status is PaymentState.EXPIRED and not (order.expired or order.cancelled):
        events.append(OrderExpired(order=number))
    return events


def _ends(report: PaymentReport, order: Requested, request: PaymentRequested) -> bool:
    """Say whether a refund of the order's own payment is one of the order.

    An order that is paid was not paid by money that does not count, so it does not end with that.
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
