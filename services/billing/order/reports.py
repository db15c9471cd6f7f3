"""What follows from what the provider reports of a payment; pure, as all of the order's decisions."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from libs.events.billing import (
    DepositReceived,
    OrderExpired,
    PaymentConfirmed,
    PaymentConfirming,
    PaymentExpired,
    PaymentFailed,
    PaymentFinished,
    PaymentOverpaid,
    PaymentPartiallyPaid,
    PaymentRefunded,
    PaymentRequested,
    PaymentSending,
    UnknownStatusReported,
    UnmatchedPaymentReported,
    WrongCoinReceived,
)
from libs.events.values import Coin, PaymentId
from libs.eventsourcing.decider import Refused
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
)

PRICE_CURRENCY = "USD"
MOST_UNMATCHED = 20
"""So many things that do not match an order are told of it; anyone may send to an address again and again."""

_WITH_MONEY = frozenset({PaymentState.PARTIALLY_PAID, PaymentState.FINISHED})
_SAID: dict[
    PaymentState,
    type[PaymentConfirming | PaymentConfirmed | PaymentSending | PaymentFailed | PaymentExpired],
] = {
    PaymentState.CONFIRMING: PaymentConfirming,
    PaymentState.CONFIRMED: PaymentConfirmed,
    PaymentState.SENDING: PaymentSending,
    PaymentState.FAILED: PaymentFailed,
    PaymentState.EXPIRED: PaymentExpired,
}
_Requested = Awaiting | Paid | Fulfilled | Refunded
Mismatch = Literal["wrong_payment", "wrong_amount"]


@dataclass(frozen=True, slots=True)
class RecordStatus:
    """Note what the provider says of a payment.

    `status` is None for one that nobody knows, `coin` for one that is not sold for; `status_text` and
    `currency` are the provider's own words. Amounts are in units of `currency` and `price_currency`; `paid`
    is what this payment received, all told. `parent` is the payment that it is a further deposit to.
    """

    payment: PaymentId
    parent: PaymentId | None
    status: PaymentState | None
    status_text: str
    price: Decimal
    price_currency: str
    amount: Decimal
    paid: Decimal
    coin: Coin | None
    currency: str


def record_status(command: RecordStatus, order: Order) -> list[Event]:
    """Return what follows from a report; nothing from a repeat, and from what is passed already.

    Raises `Refused` where it does not match the order. If money came, that is told of first, instead: then
    `UnmatchedPaymentReported` is all that follows, and `refusal` says how the report is to be refused.
    """
    if isinstance(order, Pending | Lapsed) or (request := order.request) is None:
        return _unmatched(command, order, "wrong_payment")
    if request.payment not in {command.payment, command.parent}:
        return _unmatched(command, order, "wrong_payment")
    own = command.payment == request.payment
    if command.status is None:
        return _unknown(command, order)
    if own and command.status is PaymentState.REFUNDED:
        return [] if isinstance(order, Refunded) else [_given_back(order, request)]
    if command.coin != request.coin:
        return _in_another_coin(command, order)
    return _own(command, command.status, order, request) if own else _deposit(command, order, request)


def _own(
    command: RecordStatus, status: PaymentState, order: _Requested, request: PaymentRequested
) -> list[Event]:
    asked = (order.placed.plan.price_usd, PRICE_CURRENCY, request.amount)
    if (command.price, command.price_currency, command.amount) != asked:
        return _unmatched(command, order, "wrong_amount")
    if status in _WITH_MONEY:
        return _count(command, order, request)
    return _move(status, order) if isinstance(order, Awaiting) else []


# -- what does not match the order


def _unmatched(command: RecordStatus, order: Order, why: Mismatch) -> list[Event]:
    """Tell of money that can't be counted, once and within bounds; refuse all else that does not match."""
    said = UnmatchedPaymentReported(
        order=order.placed.order,
        payment=command.payment,
        parent=command.parent,
        why=why,
        status=command.status_text,
        paid=command.paid,
        amount=command.amount,
        currency=command.currency,
        price=command.price,
        price_currency=command.price_currency,
    )
    known = order.money.unmatched
    if command.status not in _WITH_MONEY or said in known or len(known) >= MOST_UNMATCHED:
        raise refusal(said)
    return [said]


def refusal(said: UnmatchedPaymentReported) -> Refused:
    """Return how a report is refused of which this is told, or would be."""
    match said.why:
        case "wrong_payment":
            return Refused(said.why, f"payment {said.payment} is not that of {said.order}")
        case "wrong_amount":
            return Refused(said.why, "the price, the amount or what was received is not what was asked for")


# -- what is odd, and changes nothing but that it is known


def _unknown(command: RecordStatus, order: _Requested) -> list[Event]:
    if (command.payment, command.status_text) in order.money.unknown:
        return []
    return [
        UnknownStatusReported(order=order.placed.order, payment=command.payment, status=command.status_text)
    ]


def _in_another_coin(command: RecordStatus, order: _Requested) -> list[Event]:
    if command.status not in _WITH_MONEY or command.payment in order.money.in_another_coin:
        return []
    return [
        WrongCoinReceived(
            order=order.placed.order, payment=command.payment, paid=command.paid, currency=command.currency
        )
    ]


# -- money in the coin that was asked for


def _deposit(command: RecordStatus, order: _Requested, request: PaymentRequested) -> list[Event]:
    """Add a further deposit up; it is asked for what came, so it is always finished by itself."""
    if command.status is not PaymentState.FINISHED or command.payment in order.money.deposits:
        return []
    if command.paid <= 0:  # finished with nothing
        return _unmatched(command, order, "wrong_amount")
    received = DepositReceived(
        order=order.placed.order, deposit=command.payment, paid=command.paid, coin=request.coin
    )
    total = order.money.total + command.paid
    if isinstance(order, Awaiting):
        return [received, *_settle(total, order, still_coming=order.state in ON_THE_WAY)]
    return [received, *_overpaid(total, order, request)]


def _count(command: RecordStatus, order: _Requested, request: PaymentRequested) -> list[Event]:
    """Count what the order's own payment received; it says so all told, so the most that it said counts."""
    whole = command.paid >= request.amount and command.status is PaymentState.PARTIALLY_PAID
    if command.paid <= 0 or whole:  # it contradicts itself
        return _unmatched(command, order, "wrong_amount")
    total = max(order.money.own, command.paid) + order.money.deposited
    if isinstance(order, Awaiting):
        return _settle(total, order)
    return _overpaid(total, order, request) or _after_all(command, order, request)


def _after_all(
    command: RecordStatus, order: Paid | Fulfilled | Refunded, request: PaymentRequested
) -> list[Event]:
    """Tell of money that reached the order's own payment after an operator had closed the order.

    It came on top of all that the order had got, as a further deposit does, and is told of as one. After the
    provider's own word for a refund it is only old news, overtaken on its way; what the provider called paid
    can get no more without being overpaid.
    """
    more = command.paid - order.money.own
    if more <= 0 or (isinstance(order, Refunded) and not order.by_hand):
        return []
    return [DepositReceived(order=order.placed.order, deposit=command.payment, paid=more, coin=request.coin)]


def _settle(total: Decimal, order: Awaiting, *, still_coming: bool = False) -> list[Event]:
    """Return what a new total means for an order that is not paid yet.

    While the order's own payment is still on its way nobody is told that something is missing.
    """
    if total >= order.request.amount:
        return [finished(order, total), *_overpaid(total, order, order.request)]
    return [] if still_coming else _short(total, order)


def _short(total: Decimal, order: Awaiting) -> list[Event]:
    if total <= order.money.told:
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


def _overpaid(total: Decimal, order: _Requested, request: PaymentRequested) -> list[Event]:
    if isinstance(order, Refunded) or total <= max(request.amount, order.money.told):
        return []
    return [
        PaymentOverpaid(
            order=order.placed.order, paid=total, excess=total - request.amount, coin=request.coin
        )
    ]


def finished(order: Pending | Lapsed | Awaiting, paid: Decimal, *, by_hand: bool = False) -> PaymentFinished:
    """Return that an order is paid, with so much in all, and may be delivered."""
    placed = order.placed
    return PaymentFinished(
        order=placed.order,
        account=placed.account,
        plan=placed.plan,
        renews=placed.renews,
        payment=order.request.payment if isinstance(order, Awaiting) else None,
        paid=paid,
        coin=placed.coin,
        by_hand=by_hand,
    )


# -- steps without money


def _move(status: PaymentState, order: Awaiting) -> list[Event]:
    """Return the step forward that the status means; none for a repeat or a step back."""
    if STEP[status] <= STEP[order.state]:
        return []
    number = order.placed.order
    events: list[Event] = [_SAID[status](order=number, payment=order.request.payment)]
    if status in ON_THE_WAY:
        return events
    events = [*_short(order.money.total, order), *events]  # deposits came while all of it was expected
    if status is PaymentState.EXPIRED and not (order.expired or order.cancelled):
        events.append(OrderExpired(order=number))
    return events


def _given_back(order: Awaiting | Paid | Fulfilled, request: PaymentRequested) -> Event:
    return PaymentRefunded(
        order=order.placed.order,
        payment=request.payment,
        reason="the provider gave the money back",
        by_hand=False,
    )
