"""The events of billing: the catalogue, orders and payments."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field, StringConstraints

from libs.events.values import (
    AccountId,
    AdbotId,
    Amount,
    Coin,
    EmailAddress,
    OrderNumber,
    PaymentId,
    Plan,
    PlanCode,
)
from libs.eventsourcing.model.event import Event, Upcast

Reason = Annotated[str, StringConstraints(min_length=1, max_length=500, strip_whitespace=True)]
"""An operator's reason, for people."""
Sum = Annotated[Decimal, Field(ge=0, max_digits=38, decimal_places=18, allow_inf_nan=False)]
"""Money in its currency's units, 0 included."""


Origin = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{16,64}$")]
"""A keyed digest of the day and of the network address from which an order was placed."""


def _by_provider(fields: dict[str, Any]) -> dict[str, Any]:
    """Set `by_hand` to false: before schema 2 only the provider could report a payment or refund."""
    return {**fields, "by_hand": False}


def _sessions_kept(fields: dict[str, Any]) -> dict[str, Any]:
    """Set `keep_sessions`: before schema 3 a refund never released an adbot's sessions."""
    return {**fields, "keep_sessions": True}


def _nothing_tolerated(fields: dict[str, Any]) -> dict[str, Any]:
    """Set `tolerated` to 0: before schema 3 no shortfall was tolerated."""
    return {**fields, "tolerated": "0"}


# -- events: the catalogue, stream product-<code>


class ProductListed(Event):
    """A plan is on sale. Appended again when a retired plan is listed anew.

    Since schema 2 a plan may have limits.
    """

    schema_version: ClassVar[int] = 2
    upcasts: ClassVar[Mapping[int, Upcast]] = {1: dict}

    plan: Plan


class ProductRepriced(Event):
    """The price of a plan on sale has changed; orders placed before keep theirs."""

    code: PlanCode
    price_usd: Amount


class ProductRetired(Event):
    """A plan is no longer on sale."""

    code: PlanCode


# -- events: an order and its payment, stream order-<number>


class OrderPlaced(Event):
    """An account ordered a plan to be paid in a coin. Appended once per order.

    Since schema 2 it has `origin`, by which the unpaid orders of one network are counted. Since schema 3 the
    plan may have limits. Since schema 4 it has no e-mail address, which the gateway keeps outside of events.
    """

    schema_version: ClassVar[int] = 4
    upcasts: ClassVar[Mapping[int, Upcast]] = {1: dict, 2: dict, 3: dict}

    order: OrderNumber
    account: AccountId
    email: EmailAddress | None = None
    """The client's address, before schema 4 only, unless it was stripped."""
    plan: Plan
    coin: Coin
    renews: AdbotId | None = None
    pay_by: datetime
    origin: Origin | None = None


class PaymentRequested(Event):
    """The provider waits for the payment to this address. Appended once per order."""

    order: OrderNumber
    provider: Annotated[str, StringConstraints(max_length=32)]
    payment: PaymentId
    address: Annotated[str, StringConstraints(min_length=1, max_length=256)]
    memo: Annotated[str, StringConstraints(max_length=256)] | None = None
    amount: Annotated[Amount, Field(description="In units of `coin`.")]
    coin: Coin
    expires_at: datetime | None = None


class PaymentConfirming(Event):
    """The payment was seen on its blockchain. Appended at most once per order."""

    order: OrderNumber
    payment: PaymentId


class PaymentConfirmed(Event):
    """The blockchain confirmed the payment. Appended at most once per order."""

    order: OrderNumber
    payment: PaymentId


class PaymentSending(Event):
    """The provider is transferring the money to the operator. Appended at most once per order."""

    order: OrderNumber
    payment: PaymentId


class PaymentPartiallyPaid(Event):
    """Less was received than was asked for; nothing is delivered. Appended once per amount received."""

    order: OrderNumber
    payment: PaymentId
    paid: Annotated[Amount, Field(description="In units of `coin`, in total.")]
    missing: Annotated[Amount, Field(description="In units of `coin`.")]
    coin: Coin


class DepositReceived(Event):
    """A further deposit to an order's address, a payment of its own, was received. Appended once per deposit.

    It counts towards the order's payment. Money received on the order's own payment after an operator
    recorded a refund is also recorded by this event, once, with that payment's id and the increase. Since
    schema 2 such money is recorded at each increase, and also after an operator called the order paid, unless
    the sum is then too much: in that case only `PaymentOverpaid` is appended. Since schema 3 a deposit is
    recorded again at each increase, with the increase, and the order's own payment also after a shortfall was
    tolerated.
    """

    schema_version: ClassVar[int] = 3
    upcasts: ClassVar[Mapping[int, Upcast]] = {1: dict, 2: dict}

    order: OrderNumber
    deposit: Annotated[PaymentId, Field(description="The deposit's own payment id, or the order's.")]
    paid: Annotated[Amount, Field(description="In units of `coin`, the increase of this deposit alone.")]
    coin: Coin


class UncountedMoneyReported(Event):
    """The provider reports money that does not count so far: it is uncertain, or its payment was abandoned.

    It belongs to the order's own payment, or to a further deposit, in any status but those that settle it.
    Appended once per payment and larger sum, once more when a pending payment is abandoned, and when a
    deposit that already counts is paid back. If it settles after all, it counts. While the order's own
    payment to an unpaid order is pending, `PaymentConfirming` and its successors are appended instead.
    """

    order: OrderNumber
    payment: PaymentId
    status: Annotated[str, StringConstraints(max_length=40)]
    """The status as the provider names it."""
    on_the_way: bool
    """It may still settle by itself; else a person has to act."""
    paid: Annotated[Amount, Field(description="In units of `currency`, the total of this payment alone.")]
    uncounted: Annotated[Sum, Field(description="In units of `currency`, the part that does not count.")]
    currency: Annotated[str, StringConstraints(max_length=32)]
    """The provider's code of the currency received; empty if it reports none."""
    coin: Coin | None
    """The order's coin if it was received in that coin, else None."""


class PaymentOverpaid(Event):
    """More was received than was asked for; the operator decides about the excess.

    Appended once per amount received, after `PaymentFinished` or in the same unit of work.
    """

    order: OrderNumber
    paid: Annotated[Amount, Field(description="In units of `coin`, in total.")]
    excess: Annotated[Amount, Field(description="In units of `coin`.")]
    coin: Coin


class WrongCoinReceived(Event):
    """Money was received in another coin than was asked for; nothing is delivered for it.

    Appended once per payment, since schema 2 again for each larger sum. The operator decides about the money.
    """

    schema_version: ClassVar[int] = 2
    upcasts: ClassVar[Mapping[int, Upcast]] = {1: dict}

    order: OrderNumber
    payment: PaymentId
    paid: Sum
    """In units of `currency`."""
    currency: Annotated[str, StringConstraints(max_length=32)]
    """The provider's code of the currency received."""


class UnmatchedPaymentReported(Event):
    """The provider reports money for an order that does not match what was asked for; none of it counts.

    `wrong_payment`: the payment is neither the order's nor a further deposit to it. `wrong_amount`: the
    payment is, with another price or amount, or with a sum that contradicts its status. Appended once for
    each distinct report, a few times per order at most. The report is refused and changes nothing else: the
    operator decides about the money. Since schema 2 it is appended in every status in which money is
    reported, also for a payment of this order that is reported for another order (`wrong_payment`), and for
    one whose report lacks the sum or the coin (`wrong_amount`).
    """

    schema_version: ClassVar[int] = 2
    upcasts: ClassVar[Mapping[int, Upcast]] = {1: dict}

    order: OrderNumber
    payment: PaymentId
    parent: PaymentId | None
    """The payment that is reported as its parent, if it is reported as a further deposit."""
    why: Literal["wrong_payment", "wrong_amount"]
    status: Annotated[str, StringConstraints(max_length=40)]
    """The status as the provider names it."""
    paid: Sum
    """In units of `currency`; 0 if the provider does not report the sum."""
    amount: Annotated[Sum, Field(description="The amount that the payment asks for, in units of `currency`.")]
    currency: Annotated[str, StringConstraints(max_length=32)]
    """The provider's code of a coin."""
    price: Annotated[Sum, Field(description="In units of `price_currency`.")]
    price_currency: Annotated[str, StringConstraints(max_length=32)]


class UnknownStatusReported(Event):
    """The provider reports a payment in an unknown status; it changes nothing.

    Appended once per payment and status.
    """

    order: OrderNumber
    payment: PaymentId
    status: Annotated[str, StringConstraints(max_length=40)]


class PaymentFinished(Event):
    """An order was paid in full and may be delivered.

    Appended once per order, however often the provider repeats its notification. Since schema 2 an operator
    may also call an order paid: then less than was asked for, or nothing, may have been received, and there
    may be no payment at the provider. Since schema 3 the sum may be less by up to the operator's tolerance.
    Since schema 4 the plan may have limits.
    """

    schema_version: ClassVar[int] = 4
    upcasts: ClassVar[Mapping[int, Upcast]] = {1: _by_provider, 2: _nothing_tolerated, 3: dict}

    order: OrderNumber
    account: AccountId
    plan: Plan
    renews: AdbotId | None = None
    payment: PaymentId | None
    paid: Sum
    """In units of `coin`: all that was received."""
    tolerated: Sum = Decimal(0)
    """In units of `coin`: the shortfall that was tolerated."""
    coin: Coin
    by_hand: bool


class PaymentFailed(Event):
    """The payment failed at the provider. A later `PaymentFinished` still delivers."""

    order: OrderNumber
    payment: PaymentId


class PaymentExpired(Event):
    """The provider no longer waits for the payment. A later `PaymentFinished` still delivers."""

    order: OrderNumber
    payment: PaymentId


class PaymentRefunded(Event):
    """The money was paid back to the client, or an operator states that it will be. Nothing is delivered.

    Appended once per order. Since schema 2 an operator may record a refund too, also without a payment at the
    provider. Since schema 3 the paid adbot releases its sessions at once unless `keep_sessions` is set;
    before, it always kept them.
    """

    schema_version: ClassVar[int] = 3
    upcasts: ClassVar[Mapping[int, Upcast]] = {1: _by_provider, 2: _sessions_kept}

    order: OrderNumber
    payment: PaymentId | None
    reason: Annotated[str, StringConstraints(max_length=500)]
    by_hand: bool
    keep_sessions: bool = False


class OrderMarkedPaid(Event):
    """An operator calls an order paid that the provider does not; `PaymentFinished` follows.

    Appended at most once per order. The operator is the event's actor.
    """

    order: OrderNumber
    reason: Reason


class OrderExpired(Event):
    """The order was not paid in time, or its payment expired. A late payment still delivers.

    Appended at most once per order, and never while a payment is pending.
    """

    order: OrderNumber


class OrderCancelled(Event):
    """An unpaid order was cancelled. Money received later still delivers. Appended once per order."""

    order: OrderNumber
    reason: Reason


class OrderReviewed(Event):
    """An operator has reviewed an order that needed attention. Appended at each review."""

    order: OrderNumber
    note: Reason


class OrderFulfilled(Event):
    """A paid order was delivered. Appended once per order, after `PaymentFinished`."""

    order: OrderNumber
    account: AccountId
    adbot: AdbotId
