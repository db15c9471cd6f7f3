"""What follows from what the provider reports of a payment; pure, as all of the order's decisions."""

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
from services.billing.order.settling import overpaid, settle, short
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
"""What came by such a payment is certain, and counts."""
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
    request = None if isinstance(order, Pending | Lapsed) else order.request
    if isinstance(order, Pending | Lapsed) or request is None or not _is_for(command, order, request):
        return _unmatched(command, order, "wrong_payment")
    if not _is_asked(command, order, request):
        return _unmatched(command, order, "wrong_amount")
    if command.status in _SETTLED:
        return _settled(command, order, request)
    return [*_uncounted(command, order, request), *_step(command, order, request)]


def _is_for(command: RecordStatus, order: Requested, request: PaymentRequested) -> bool:
    """Say whether a report is of the order's payment or of a deposit to it, and names no other order."""
    if command.order not in {None, order.placed.order}:
        return False
    if request.payment in {command.payment, command.parent}:
        return True
    return order.money.is_deposit(command.payment)


def _is_asked(command: RecordStatus, order: Requested, request: PaymentRequested) -> bool:
    """Say whether a report of the order's own payment asks for what was asked for, as far as it says so.

    A deposit asks for something else, and so does what came in another coin; what was given back was so
    whatever was asked for.
    """
    if command.payment != request.payment or not _in_its_coin(command, request):
        return True
    if command.status is None or command.status is PaymentState.REFUNDED:
        return True
    asked = (order.placed.plan.price_usd, PRICE_CURRENCY, request.amount)
    stated = (command.price, command.price_currency, command.amount)
    return all(one is None or one == meant for one, meant in zip(stated, asked, strict=True))


def _in_its_coin(command: RecordStatus, request: PaymentRequested) -> bool:
    """Say whether a report is in the order's coin, as far as it says so."""
    return command.currency is None or command.coin == request.coin


# -- what does not match the order


def _unmatched(command: RecordStatus, order: Order, why: Mismatch) -> list[Event]:
    """Tell of money that can't be counted, once and within bounds; refuse all else that does not match."""
    reported = UnmatchedPaymentReported(
        order=order.placed.order,
        payment=command.payment,
        parent=command.parent,
        why=why,
        status=command.status_text,
        paid=command.came,
        amount=command.amount or _NOTHING,
        currency=command.currency or "",
        price=command.price or _NOTHING,
        price_currency=command.price_currency or "",
    )
    known = order.money.unmatched
    before = max((past.paid for past in known if past.payment == reported.payment), default=_NOTHING)
    is_money = command.status in _SETTLED or command.came > before
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


def _uncounted(command: RecordStatus, order: Requested, request: PaymentRequested) -> list[Event]:
    """Return an event for money in a status that settles nothing, as far as it exceeds what was reported.

    A refund of what counts already has an event of its own; if it leaves out its sum, all that counts went
    back.

    While the order's own payment is on its way to an unpaid order, the events of its steps stand for it.
    """
    on_the_way = command.status in _UNCERTAIN
    own, in_its_coin = command.payment == request.payment, _in_its_coin(command, request)
    if own and on_the_way and in_its_coin and _is_on_its_way(command, order):
        return []
    key, money = (command.payment, command.currency or ""), order.money
    counted = _counted(command, order, request)
    known = max(counted, money.given_up.get(key, _NOTHING))
    if on_the_way:
        known = max(known, money.on_the_way.get(key, _NOTHING))
    paid = command.came
    if _takes_back(command, order, request) and counted:
        paid, known = paid or counted, money.refunded.get(key, _NOTHING)
    if paid <= known:
        return []
    return [
        UncountedMoneyReported(
            order=order.placed.order,
            payment=command.payment,
            status=command.status_text,
            on_the_way=on_the_way,
            paid=paid,
            uncounted=max(_NOTHING, paid - counted),
            currency=command.currency or "",
            coin=request.coin if in_its_coin else None,
        )
    ]


def _takes_back(command: RecordStatus, order: Requested, request: PaymentRequested) -> bool:
    """Say whether a refund leaves the order as it is, so that a person has to see to it."""
    if command.status is not PaymentState.REFUNDED:
        return False
    return command.payment != request.payment or not (
        isinstance(order, Refunded) or _ends(command, order, request)
    )


def _is_on_its_way(command: RecordStatus, order: Requested) -> bool:
    """Say whether an unpaid order's own payment is on its way, after this report of it."""
    if not isinstance(order, Awaiting) or command.status is None:
        return False
    return max(order.state, command.status, key=STEP.__getitem__) in ON_THE_WAY


def _counted(command: RecordStatus, order: Requested, request: PaymentRequested) -> Decimal:
    """Return how much of a payment is counted, or was reported in another coin, so far."""
    money = order.money
    if not _in_its_coin(command, request):
        return money.in_another_coin.get((command.payment, command.currency or ""), _NOTHING)
    return money.own if command.payment == request.payment else money.deposits.get(command.payment, _NOTHING)


def _in_another_coin(command: RecordStatus, order: Requested, request: PaymentRequested) -> list[Event]:
    if command.came <= _counted(command, order, request):
        return []
    return [
        WrongCoinReceived(
            order=order.placed.order,
            payment=command.payment,
            paid=command.came,
            currency=command.currency or "",
        )
    ]


def _unknown(command: RecordStatus, order: Requested) -> list[Event]:
    if (command.payment, command.status_text) in order.money.unknown:
        return []
    return [
        UnknownStatusReported(order=order.placed.order, payment=command.payment, status=command.status_text)
    ]


# -- money that is certain


def _settled(command: RecordStatus, order: Requested, request: PaymentRequested) -> list[Event]:
    """Count what came: the word says only that it is certain, and of a deposit not how much of what."""
    if command.came <= 0 or command.currency is None:  # it contradicts itself, or leaves out what counts
        return _unmatched(command, order, "wrong_amount")
    if not _in_its_coin(command, request):
        return _in_another_coin(command, order, request)
    if command.payment != request.payment:
        return _deposit(command, order, request)
    if command.came >= request.amount and command.status is PaymentState.PARTIALLY_PAID:
        return _unmatched(command, order, "wrong_amount")
    if isinstance(order, Refunded) and not order.by_hand:
        return _uncounted(command, order, request)
    return _count(command, order, request)


def _deposit(command: RecordStatus, order: Requested, request: PaymentRequested) -> list[Event]:
    """Add a further deposit up, as far as it is new."""
    more = command.came - order.money.deposits.get(command.payment, _NOTHING)
    if more <= 0:
        return []
    received = DepositReceived(
        order=order.placed.order, deposit=command.payment, paid=more, coin=request.coin
    )
    total = order.money.total + more
    if isinstance(order, Awaiting):
        still_coming = order.state in ON_THE_WAY
        return [received, *settle(total, order, command.tolerance, still_coming=still_coming)]
    return [received, *overpaid(total, order, request)]


def _count(command: RecordStatus, order: Requested, request: PaymentRequested) -> list[Event]:
    """Count what the order's own payment received.

    The provider reports a total, so the largest total counts.
    """
    total = max(order.money.own, command.came) + order.money.deposited
    if isinstance(order, Awaiting):
        return settle(total, order, command.tolerance)
    return overpaid(total, order, request) or _after_all(command, order, request)


def _after_all(
    command: RecordStatus, order: Paid | Fulfilled | Refunded, request: PaymentRequested
) -> list[Event]:
    """Tell of money that reached the order's own payment after the order was closed with less.

    By an operator, or within the tolerance. It came on top of all that the order had got, as a further
    deposit does, and is reported as one.
    """
    more = command.came - order.money.own
    if more <= 0:
        return []
    return [DepositReceived(order=order.placed.order, deposit=command.payment, paid=more, coin=request.coin)]


# -- steps


def _step(command: RecordStatus, order: Requested, request: PaymentRequested) -> list[Event]:
    """Return what a status means besides the money: a step of the order's own payment, or an unknown word."""
    if command.status is None:
        return _unknown(command, order)
    if command.payment != request.payment:
        return []
    if command.status is PaymentState.REFUNDED:
        return _given_back(order, request) if _ends(command, order, request) else []
    if isinstance(order, Awaiting) and _in_its_coin(command, request):
        return _move(command.status, order)
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


def _ends(command: RecordStatus, order: Requested, request: PaymentRequested) -> bool:
    """Say whether a refund of the order's own payment is one of the order.

    An order that is paid was not paid by money that does not count, so it does not end with that.
    """
    if isinstance(order, Paid | Fulfilled):
        return order.money.own > 0 and _in_its_coin(command, request)
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
