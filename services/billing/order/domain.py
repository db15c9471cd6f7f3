"""An order and its payment: what may follow what."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import TypeAlias, assert_never

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
from libs.events.values import AccountId, AdbotId, Coin, EmailAddress, OrderNumber, PaymentId, Plan, PlanCode
from libs.eventsourcing.decider import Decider, Refused
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
    evolve,
)

PRICE_CURRENCY = "USD"

# -- commands


@dataclass(frozen=True, slots=True)
class Place:
    """Order a plan; `plan` is what is on sale under that code, None if nothing is."""

    order: OrderNumber
    account: AccountId
    email: EmailAddress
    code: PlanCode
    plan: Plan | None
    coin: Coin
    renews: AdbotId | None
    pay_by: datetime


@dataclass(frozen=True, slots=True)
class RecordPaymentRequest:
    """Note the payment that the provider waits for."""

    provider: str
    payment: PaymentId
    address: str
    memo: str | None
    amount: Decimal
    expires_at: datetime | None


@dataclass(frozen=True, slots=True)
class RecordStatus:
    """Note what the provider says of a payment.

    `status` is None for one that nobody knows, `coin` for one that is not sold for. Amounts are in the
    units of `coin` and of `price_currency`; `paid` is what was received, all told.
    """

    payment: PaymentId
    parent: PaymentId | None
    status: PaymentState | None
    price: Decimal
    price_currency: str
    amount: Decimal
    paid: Decimal
    coin: Coin | None


@dataclass(frozen=True, slots=True)
class MarkFulfilled:
    """Note that what was paid for was delivered."""

    adbot: AdbotId


@dataclass(frozen=True, slots=True)
class Expire:
    """Give up waiting for the money, if its time is over."""

    at: datetime


Command: TypeAlias = Place | RecordPaymentRequest | RecordStatus | MarkFulfilled | Expire

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

# -- deciding


def decide(command: Command, order: Order | None) -> list[Event]:
    """Return what follows from ``command``; nothing, if it has happened already."""
    if isinstance(command, Place):
        return _place(command, order)
    if order is None:
        raise Refused("unknown_order", "there is no such order")
    match command:
        case RecordPaymentRequest():
            return [_requested(command, order.placed)] if isinstance(order, Pending) else []
        case RecordStatus():
            return _record_status(command, order)
        case MarkFulfilled(adbot):
            return _fulfil(adbot, order)
        case Expire(at):
            return _expire(at, order)
        case _:
            assert_never(command)


def _place(command: Place, order: Order | None) -> list[Event]:
    if order is not None:
        placed = order.placed
        known = (placed.account, placed.email, placed.plan.code, placed.coin, placed.renews)
        if known != (command.account, command.email, command.code, command.coin, command.renews):
            raise Refused("order_exists_differently", f"{command.order} is another order")
        if isinstance(order, Lapsed):
            raise Refused("order_expired", f"{command.order} was not paid in time")
        return []
    if command.plan is None:
        raise Refused("unknown_plan", f"no plan {command.code} is on sale")
    return [
        OrderPlaced(
            order=command.order,
            account=command.account,
            email=command.email,
            plan=command.plan,
            coin=command.coin,
            renews=command.renews,
            pay_by=command.pay_by,
        )
    ]


def _requested(command: RecordPaymentRequest, placed: OrderPlaced) -> Event:
    return PaymentRequested(
        order=placed.order,
        provider=command.provider,
        payment=command.payment,
        address=command.address,
        memo=command.memo,
        amount=command.amount,
        coin=placed.coin,
        expires_at=command.expires_at,
    )


def is_repeated_deposit(command: RecordStatus, order: Order | None) -> bool:
    """Say whether this is of a further deposit to the order's address: a payment of its own.

    It is always paid in full by itself, so it must never count as the order's payment.
    """
    return (
        order is not None
        and not isinstance(order, Pending | Lapsed)
        and command.payment != order.request.payment
        and command.parent == order.request.payment
    )


def _record_status(command: RecordStatus, order: Order) -> list[Event]:
    if is_repeated_deposit(command, order):
        return []
    if isinstance(order, Pending | Lapsed) or command.payment != order.request.payment:
        raise Refused("wrong_payment", f"payment {command.payment} is not that of {order.placed.order}")
    _check_asked(command, order.placed, order.request)
    match order:
        case Awaiting():
            return _move(command, order)
        case Paid() | Fulfilled():
            return [_refunded(order)] if command.status is PaymentState.REFUNDED else []
        case Refunded():
            return []
        case _:
            assert_never(order)


def _check_asked(command: RecordStatus, placed: OrderPlaced, request: PaymentRequested) -> None:
    """Refuse what is not of the coin and the amounts that were asked for."""
    if command.coin != request.coin:
        raise Refused("wrong_coin", f"{request.coin} was asked for")
    asked = (placed.plan.price_usd, PRICE_CURRENCY, request.amount)
    if (command.price, command.price_currency, command.amount) != asked:
        raise Refused("wrong_amount", "the price or the amount is not what was asked for")


def _move(command: RecordStatus, order: Awaiting) -> list[Event]:
    """Return the step forward that the status means; none for a repeat, a step back, or an unknown one."""
    status = command.status
    if status is PaymentState.PARTIALLY_PAID:
        return _short(command, order)
    if status is None or STEP[status] <= STEP[order.state]:
        return []
    if status is PaymentState.FINISHED:
        return [_finished(command, order)]
    if status is PaymentState.REFUNDED:
        return [_refunded(order)]
    over = status is PaymentState.EXPIRED and not order.expired
    said = _SAID[status](order=order.placed.order, payment=order.request.payment)
    return [said, OrderExpired(order=order.placed.order)] if over else [said]


def _short(command: RecordStatus, order: Awaiting) -> list[Event]:
    if not 0 < command.paid < command.amount:
        raise Refused("wrong_amount", "what was received is no part of what was asked for")
    if STEP[order.state] > STEP[PaymentState.PARTIALLY_PAID] or command.paid <= order.paid:
        return []
    return [
        PaymentPartiallyPaid(
            order=order.placed.order,
            payment=order.request.payment,
            paid=command.paid,
            missing=command.amount - command.paid,
            coin=order.request.coin,
        )
    ]


def _finished(command: RecordStatus, order: Awaiting) -> Event:
    if command.paid < command.amount:
        raise Refused("wrong_amount", "less was received than was asked for")
    return PaymentFinished(
        order=order.placed.order,
        account=order.placed.account,
        plan=order.placed.plan,
        renews=order.placed.renews,
        payment=order.request.payment,
        paid=command.paid,
        coin=order.request.coin,
        by_hand=False,
    )


def _refunded(order: Awaiting | Paid | Fulfilled) -> Event:
    return PaymentRefunded(
        order=order.placed.order,
        payment=order.request.payment,
        reason="the provider gave the money back",
        by_hand=False,
    )


def _fulfil(adbot: AdbotId, order: Order) -> list[Event]:
    match order:
        case Paid(placed):
            return [OrderFulfilled(order=placed.order, account=placed.account, adbot=adbot)]
        case Fulfilled() | Refunded():
            return []
        case Pending() | Lapsed() | Awaiting():
            raise Refused("order_unpaid", f"{order.placed.order} was not paid")
        case _:
            assert_never(order)


def _expire(at: datetime, order: Order) -> list[Event]:
    if at < order.placed.pay_by:
        return []
    match order:
        case Pending(placed):
            return [OrderExpired(order=placed.order)]
        case Awaiting(placed, state=state, expired=False) if state not in ON_THE_WAY:
            return [OrderExpired(order=placed.order)]
        case _:
            return []


ORDER: Decider[Command, Order, Event] = Decider("order", decide, evolve)
