"""The states of an order and its payment, and the effect of each event on them."""

from dataclasses import dataclass, replace
from decimal import Decimal
from typing import TypeAlias

from libs.events.billing import (
    DepositReceived,
    OrderCancelled,
    OrderExpired,
    OrderFulfilled,
    OrderMarkedPaid,
    OrderPlaced,
    OrderReviewed,
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
    UncountedMoneyReported,
    UnknownStatusReported,
    UnmatchedPaymentReported,
    WrongCoinReceived,
)
from libs.events.values import AdbotId
from libs.eventsourcing import ImpossibleEvent
from services.billing.order.money import NO_MONEY, Money
from services.billing.order.payment_state import ON_THE_WAY, STEP, PaymentState

Event: TypeAlias = (
    OrderPlaced
    | PaymentRequested
    | PaymentConfirming
    | PaymentConfirmed
    | PaymentSending
    | PaymentPartiallyPaid
    | DepositReceived
    | PaymentOverpaid
    | WrongCoinReceived
    | UncountedMoneyReported
    | UnknownStatusReported
    | UnmatchedPaymentReported
    | PaymentFinished
    | PaymentFailed
    | PaymentExpired
    | PaymentRefunded
    | OrderMarkedPaid
    | OrderExpired
    | OrderCancelled
    | OrderReviewed
    | OrderFulfilled
)


# -- states


@dataclass(frozen=True, slots=True)
class Pending:
    """A placed order without a payment: the provider was not asked, or has not answered."""

    placed: OrderPlaced
    money: Money = NO_MONEY


@dataclass(frozen=True, slots=True)
class Lapsed:
    """An order that expired, or was cancelled, before the provider created a payment."""

    placed: OrderPlaced
    cancelled: bool
    money: Money = NO_MONEY


@dataclass(frozen=True, slots=True)
class Awaiting:
    """An order that awaits its payment, or whose payment failed or expired; later money still counts."""

    placed: OrderPlaced
    request: PaymentRequested
    state: PaymentState = PaymentState.WAITING
    money: Money = NO_MONEY
    expired: bool = False
    cancelled: bool = False


@dataclass(frozen=True, slots=True)
class Paid:
    """An order paid by money or by an operator, not yet delivered; `request` is None without a payment."""

    placed: OrderPlaced
    request: PaymentRequested | None
    money: Money = NO_MONEY


@dataclass(frozen=True, slots=True)
class Fulfilled:
    """A paid and delivered order."""

    placed: OrderPlaced
    request: PaymentRequested | None
    money: Money
    adbot: AdbotId


@dataclass(frozen=True, slots=True)
class Refunded:
    """A refunded order. It is not delivered any more."""

    placed: OrderPlaced
    request: PaymentRequested | None
    money: Money
    by_hand: bool
    """An operator recorded the refund: at the provider the payment may still be open."""


Requested: TypeAlias = Awaiting | Paid | Fulfilled | Refunded
"""The states with a payment, of which there may be reports."""
Order: TypeAlias = Pending | Lapsed | Awaiting | Paid | Fulfilled | Refunded

# -- evolving

_STATE_AFTER: dict[type[Event], PaymentState] = {
    PaymentConfirming: PaymentState.CONFIRMING,
    PaymentConfirmed: PaymentState.CONFIRMED,
    PaymentSending: PaymentState.SENDING,
    PaymentPartiallyPaid: PaymentState.PARTIALLY_PAID,
    PaymentFailed: PaymentState.FAILED,
    PaymentExpired: PaymentState.EXPIRED,
}


def evolve(order: Order | None, event: Event) -> Order:
    """Return the order after an event."""
    match order, event:
        case None, OrderPlaced():
            return Pending(event)
        case None, _:
            raise ImpossibleEvent(f"{type(event).__name__} can't be an order's first event")
        case _, OrderReviewed():
            return order
        case _, UnmatchedPaymentReported():
            money = replace(order.money, unmatched=(*order.money.unmatched, event))
            return replace(order, money=money)
        case ((Pending() | Lapsed()), _):
            return _without_payment(order, event)
        case Awaiting(), _:
            return _awaiting(order, event)
        case _:
            return _paid(order, event)


def _without_payment(order: Pending | Lapsed, event: Event) -> Order:
    match order, event:
        case Pending(placed, money), PaymentRequested():
            return Awaiting(placed, event, money=money)
        case Pending(placed, money), OrderExpired():
            return Lapsed(placed, cancelled=False, money=money)
        case _, OrderCancelled():
            return Lapsed(order.placed, cancelled=True, money=order.money)
        case _, OrderMarkedPaid():
            return order
        case _, PaymentFinished(by_hand=True):
            return Paid(order.placed, None, order.money)
        case _, PaymentRefunded(by_hand=True):
            return Refunded(order.placed, None, order.money, by_hand=True)
        case _:
            raise _impossible(order, event)


def _awaiting(order: Awaiting, event: Event) -> Order:
    match event:
        case OrderExpired():
            return replace(order, expired=True)
        case OrderCancelled():
            return replace(order, cancelled=True)
        case OrderMarkedPaid():
            return order
        case PaymentFinished(paid=paid):
            return Paid(order.placed, order.request, order.money.with_total(paid))
        case PaymentRefunded(by_hand=by_hand):
            return Refunded(order.placed, order.request, order.money, by_hand)
        case _:
            return _step(order, event)


def _step(order: Awaiting, event: Event) -> Awaiting:
    """Return the order after a step of its payment; a partial payment after a failure is no step back."""
    if (after := _STATE_AFTER.get(type(event))) is None:
        return replace(order, money=_odd(order, event))
    money = order.money.with_total(event.paid) if isinstance(event, PaymentPartiallyPaid) else order.money
    money = replace(money, seen=money.seen or after in ON_THE_WAY)
    return replace(order, state=max(order.state, after, key=STEP.__getitem__), money=money)


def _paid(order: Paid | Fulfilled | Refunded, event: Event) -> Order:
    match order, event:
        case Paid(placed, request, money), OrderFulfilled(adbot=adbot):
            return Fulfilled(placed, request, money, adbot)
        case ((Paid() | Fulfilled()), PaymentRefunded(by_hand=by_hand)):
            return Refunded(order.placed, order.request, order.money, by_hand)
        case ((Paid() | Fulfilled()), PaymentOverpaid(paid=paid)):
            return replace(order, money=order.money.with_total(paid))
        case _:
            return replace(order, money=_odd(order, event))


def _odd(order: Awaiting | Paid | Fulfilled | Refunded, event: Event) -> Money:
    """Return the money after an event that may occur in any state with a payment."""
    money, own = order.money, order.request.payment if order.request else None
    match event:
        case DepositReceived(deposit=deposit, paid=paid) if deposit == own:
            return replace(money, own=money.own + paid)
        case DepositReceived(deposit=deposit, paid=paid):
            brought = money.deposits.get(deposit, Decimal(0)) + paid
            return replace(money, deposits={**money.deposits, deposit: brought})
        case UncountedMoneyReported():
            return _uncounted(money, event)
        case WrongCoinReceived(payment=payment, paid=paid, currency=currency):
            return replace(money, in_another_coin={**money.in_another_coin, (payment, currency): paid})
        case UnknownStatusReported(payment=payment, status=status):
            return replace(money, unknown=money.unknown | {(payment, status)})
        case _:
            raise _impossible(order, event)


def _uncounted(money: Money, event: UncountedMoneyReported) -> Money:
    key = (event.payment, event.currency)
    if event.on_the_way:
        return replace(money, on_the_way={**money.on_the_way, key: event.paid})
    given_up = max(event.paid, money.given_up.get(key, Decimal(0)))
    updated = replace(money, given_up={**money.given_up, key: given_up})
    if event.status.upper() != PaymentState.REFUNDED:
        return updated
    return replace(updated, refunded={**money.refunded, key: event.paid})


def _impossible(order: Order, event: Event) -> ImpossibleEvent:
    return ImpossibleEvent(f"{type(event).__name__} can't follow {order}")
