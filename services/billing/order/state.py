"""The states of an order and its payment, and how each event changes them."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from enum import StrEnum
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
from libs.events.values import AdbotId, PaymentId
from libs.eventsourcing import ImpossibleEvent

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


class PaymentState(StrEnum):
    """The state of a payment, by the provider's names."""

    WAITING = "WAITING"
    CONFIRMING = "CONFIRMING"
    CONFIRMED = "CONFIRMED"
    SENDING = "SENDING"
    PARTIALLY_PAID = "PARTIALLY_PAID"
    FAILED = "FAILED"
    EXPIRED = "EXPIRED"
    FINISHED = "FINISHED"
    REFUNDED = "REFUNDED"


STEP = {
    PaymentState.WAITING: 0,
    PaymentState.CONFIRMING: 1,
    PaymentState.CONFIRMED: 2,
    PaymentState.SENDING: 3,
    PaymentState.PARTIALLY_PAID: 4,
    PaymentState.FAILED: 5,
    PaymentState.EXPIRED: 5,
    PaymentState.FINISHED: 6,
    PaymentState.REFUNDED: 7,
}
"""A payment only ever moves to a higher step."""

ON_THE_WAY = frozenset({PaymentState.CONFIRMING, PaymentState.CONFIRMED, PaymentState.SENDING})
"""The money was seen: the order was paid in time, however long the chain takes."""

# -- states


Sums: TypeAlias = Mapping[tuple[PaymentId, str], Decimal]
"""The largest amount reported of each payment in each coin, by the provider's own code of the coin."""


def _no_deposits() -> Mapping[PaymentId, Decimal]:
    return {}


def _no_sums() -> Sums:
    return {}


@dataclass(frozen=True, slots=True)
class Money:
    """The amounts received for an order, in units of the coin asked for, and what did not match."""

    own: Decimal = Decimal(0)
    """The amount that the order's own payment received."""
    seen: bool = False
    """True once the order's own payment was seen on its way, whatever its outcome."""
    total_reported: Decimal = Decimal(0)
    """The total of the last event that reported one: too little, enough, or too much."""
    deposits: Mapping[PaymentId, Decimal] = field(default_factory=_no_deposits)
    """The amount of each further deposit, by its payment id."""
    on_the_way: Sums = field(default_factory=_no_sums)
    given_up: Sums = field(default_factory=_no_sums)
    """The amounts reported that count only once they settle, of the order's own payment too."""
    refunded: Sums = field(default_factory=_no_sums)
    """The refunds reported that did not change the order."""
    in_another_coin: Sums = field(default_factory=_no_sums)
    unknown: frozenset[tuple[PaymentId, str]] = frozenset()
    unmatched: tuple[UnmatchedPaymentReported, ...] = ()
    """The reports that do not match the order; none of them is counted."""

    @property
    def deposited(self) -> Decimal:
        """The sum of the further deposits."""
        return sum(self.deposits.values(), Decimal(0))

    @property
    def total(self) -> Decimal:
        """All that came and counts."""
        return self.own + self.deposited

    @property
    def none_came(self) -> bool:
        """True if no money was received or seen, counted or not: nothing could be refunded."""
        uncounted = self.on_the_way or self.given_up or self.in_another_coin or self.unmatched
        return not (self.total or uncounted or self.seen)

    def is_deposit(self, payment: PaymentId) -> bool:
        """Say whether a payment, not the order's own, was reported as a deposit to it."""
        reported = (*self.on_the_way, *self.given_up, *self.in_another_coin, *self.unknown)
        return payment in self.deposits or any(known == payment for known, _ in reported)

    def with_total(self, total: Decimal) -> "Money":
        """Return it with a reported total; what the deposits did not bring, the payment itself did."""
        return replace(self, total_reported=total, own=total - self.deposited)


@dataclass(frozen=True, slots=True)
class Pending:
    """Placed; the provider has not been asked for a payment yet, or has not answered."""

    placed: OrderPlaced
    money: Money = Money()


@dataclass(frozen=True, slots=True)
class Lapsed:
    """It expired, or was cancelled, before the provider ever gave a payment."""

    placed: OrderPlaced
    cancelled: bool
    money: Money = Money()


@dataclass(frozen=True, slots=True)
class Awaiting:
    """The provider waits for the money, or has given it up; money that comes after all still counts."""

    placed: OrderPlaced
    request: PaymentRequested
    state: PaymentState = PaymentState.WAITING
    money: Money = Money()
    expired: bool = False
    cancelled: bool = False


@dataclass(frozen=True, slots=True)
class Paid:
    """Paid in full, or called so by an operator, not yet delivered; `request` is None if none was made."""

    placed: OrderPlaced
    request: PaymentRequested | None
    money: Money = Money()


@dataclass(frozen=True, slots=True)
class Fulfilled:
    """Paid and delivered."""

    placed: OrderPlaced
    request: PaymentRequested | None
    money: Money
    adbot: AdbotId


@dataclass(frozen=True, slots=True)
class Refunded:
    """The money went back. Nothing is delivered any more."""

    placed: OrderPlaced
    request: PaymentRequested | None
    money: Money
    by_hand: bool
    """True if an operator decided it: at the provider the payment may still be open."""


Requested: TypeAlias = Awaiting | Paid | Fulfilled | Refunded
"""The statuses that may be reported of an order that has a payment."""
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
    """Return the order after a step of its payment; a part that comes after it failed is no step back."""
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
    """Return what came, after what may be reported of a payment whatever became of its order."""
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
