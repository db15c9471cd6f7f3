"""What an order and its payment can be, and how each event changes them."""

from dataclasses import dataclass, replace
from decimal import Decimal
from enum import StrEnum
from typing import TypeAlias

from libs.events.billing import (
    OrderExpired,
    OrderFulfilled,
    OrderPlaced,
    PaymentConfirmed,
    PaymentConfirming,
    PaymentExpired,
    PaymentFailed,
    PaymentFinished,
    PaymentPartiallyPaid,
    PaymentRefunded,
    PaymentRequested,
    PaymentSending,
)
from libs.events.values import AdbotId
from libs.eventsourcing.decider import ImpossibleEvent

Event: TypeAlias = (
    OrderPlaced
    | PaymentRequested
    | PaymentConfirming
    | PaymentConfirmed
    | PaymentSending
    | PaymentPartiallyPaid
    | PaymentFinished
    | PaymentFailed
    | PaymentExpired
    | PaymentRefunded
    | OrderExpired
    | OrderFulfilled
)


class PaymentState(StrEnum):
    """How far a payment is, in the provider's words."""

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


@dataclass(frozen=True, slots=True)
class Pending:
    """Placed; the provider has not been asked for a payment yet, or has not answered."""

    placed: OrderPlaced


@dataclass(frozen=True, slots=True)
class Lapsed:
    """Its time was over before the provider ever gave a payment."""

    placed: OrderPlaced


@dataclass(frozen=True, slots=True)
class Awaiting:
    """The provider waits for the money, or has given it up; money that comes after all still counts."""

    placed: OrderPlaced
    request: PaymentRequested
    state: PaymentState = PaymentState.WAITING
    paid: Decimal = Decimal(0)
    expired: bool = False


@dataclass(frozen=True, slots=True)
class Paid:
    """Paid in full, not yet delivered."""

    placed: OrderPlaced
    request: PaymentRequested


@dataclass(frozen=True, slots=True)
class Fulfilled:
    """Paid and delivered."""

    placed: OrderPlaced
    request: PaymentRequested
    adbot: AdbotId


@dataclass(frozen=True, slots=True)
class Refunded:
    """The money went back. Nothing follows."""

    placed: OrderPlaced
    request: PaymentRequested


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
        case Pending(placed), PaymentRequested():
            return Awaiting(placed, event)
        case Pending(placed), OrderExpired():
            return Lapsed(placed)
        case Awaiting(), _:
            return _evolve_awaiting(order, event)
        case Paid(placed, request), OrderFulfilled(adbot=adbot):
            return Fulfilled(placed, request, adbot)
        case ((Paid(placed, request) | Fulfilled(placed, request)), PaymentRefunded()):
            return Refunded(placed, request)
        case _:
            raise ImpossibleEvent(f"{type(event).__name__} can't follow {order}")


def _evolve_awaiting(order: Awaiting, event: Event) -> Order:
    match event:
        case PaymentPartiallyPaid(paid=paid):
            return replace(order, state=PaymentState.PARTIALLY_PAID, paid=paid)
        case PaymentConfirming() | PaymentConfirmed() | PaymentSending() | PaymentFailed() | PaymentExpired():
            return replace(order, state=_STATE_AFTER[type(event)])
        case OrderExpired():
            return replace(order, expired=True)
        case PaymentFinished():
            return Paid(order.placed, order.request)
        case PaymentRefunded():
            return Refunded(order.placed, order.request)
        case _:
            raise ImpossibleEvent(f"{type(event).__name__} can't follow {order}")
