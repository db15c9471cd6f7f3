"""What billing says and hears: the catalogue, orders and payments."""

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
from libs.eventsourcing.model.event import Command, Event, Upcast

Reason = Annotated[str, StringConstraints(min_length=1, max_length=500, strip_whitespace=True)]
"""What an operator gave as the reason; for people."""
Sum = Annotated[Decimal, Field(ge=0, max_digits=38, decimal_places=18, allow_inf_nan=False)]
"""Money in its currency's units; it may be none."""


Origin = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{16,64}$")]
"""A keyed digest of the network address that an order came from, another one each day."""


def _by_provider(fields: dict[str, Any]) -> dict[str, Any]:
    """Until schema 2 nobody but the provider could say it."""
    return {**fields, "by_hand": False}


def _sessions_kept(fields: dict[str, Any]) -> dict[str, Any]:
    """Until schema 3 an adbot kept its sessions whatever became of its order."""
    return {**fields, "keep_sessions": True}


def _nothing_tolerated(fields: dict[str, Any]) -> dict[str, Any]:
    """Until schema 3 no shortfall was tolerated."""
    return {**fields, "tolerated": "0"}


# -- events: the catalogue, stream product-<code>


class ProductListed(Event):
    """A plan is on sale from now on. Appended again when a retired one comes back."""

    plan: Plan


class ProductRepriced(Event):
    """A plan on sale costs another price from now on; orders placed before keep theirs."""

    code: PlanCode
    price_usd: Amount


class ProductRetired(Event):
    """A plan is no longer on sale."""

    code: PlanCode


# -- events: an order and its payment, stream order-<number>


class OrderPlaced(Event):
    """An account ordered a plan and means to pay in a coin. Appended once per order.

    Since schema 2 it holds `origin`, by which the unpaid orders of one network are counted.
    """

    schema_version: ClassVar[int] = 2
    upcasts: ClassVar[Mapping[int, Upcast]] = {1: dict}

    order: OrderNumber
    account: AccountId
    email: EmailAddress
    plan: Plan
    coin: Coin
    renews: AdbotId | None = None
    pay_by: datetime
    origin: Origin | None = None


class PaymentRequested(Event):
    """The provider waits for the money at this address. Appended once per order."""

    order: OrderNumber
    provider: Annotated[str, StringConstraints(max_length=32)]
    payment: PaymentId
    address: Annotated[str, StringConstraints(min_length=1, max_length=256)]
    memo: Annotated[str, StringConstraints(max_length=256)] | None = None
    amount: Annotated[Amount, Field(description="In units of `coin`.")]
    coin: Coin
    expires_at: datetime | None = None


class PaymentConfirming(Event):
    """The money was seen on its chain. Appended at most once per order."""

    order: OrderNumber
    payment: PaymentId


class PaymentConfirmed(Event):
    """The chain confirmed the money. Appended at most once per order."""

    order: OrderNumber
    payment: PaymentId


class PaymentSending(Event):
    """The provider is passing the money on to the operator. Appended at most once per order."""

    order: OrderNumber
    payment: PaymentId


class PaymentPartiallyPaid(Event):
    """Less came than was asked for; nothing is delivered. Appended once per amount received."""

    order: OrderNumber
    payment: PaymentId
    paid: Annotated[Amount, Field(description="In units of `coin`, in total.")]
    missing: Annotated[Amount, Field(description="In units of `coin`.")]
    coin: Coin


class DepositReceived(Event):
    """A further deposit came to an order's address, as a payment of its own. Appended once per such payment.

    It counts towards what the order's payment received. Money that comes on the order's own payment after an
    operator recorded a refund is told so too, once, with that payment's id and what is new. Since schema 2
    that is told each time there is more, and also after an operator called the order paid, unless it then is
    too much: `PaymentOverpaid` alone says so. Since schema 3 a deposit is told again each time there is more
    of it, with what is new, and the order's own payment also after a shortfall was tolerated.
    """

    schema_version: ClassVar[int] = 3
    upcasts: ClassVar[Mapping[int, Upcast]] = {1: dict, 2: dict}

    order: OrderNumber
    deposit: Annotated[PaymentId, Field(description="The deposit's own payment id, or the order's.")]
    paid: Annotated[Amount, Field(description="In units of `coin`, what is new of this deposit alone.")]
    coin: Coin


class UncountedMoneyReported(Event):
    """The provider reports money that counts for nothing so far: it is not certain yet, or was given up.

    By the order's own payment, or by a further deposit to it, in any status but those that settle it.
    Appended once per payment and larger sum, and once more when what was on its way is given up, or when a
    deposit is given back that counts already. Should it settle after all, it counts. While the order's own
    payment is on its way to an unpaid order this is not appended: `PaymentConfirming` and what follows it
    stand for that.
    """

    order: OrderNumber
    payment: PaymentId
    status: Annotated[str, StringConstraints(max_length=40)]
    """In the provider's words."""
    on_the_way: bool
    """It may still settle by itself; else a person has to see to it."""
    paid: Annotated[Amount, Field(description="In units of `currency`, this payment alone, in all.")]
    uncounted: Annotated[Sum, Field(description="In units of `currency`, how much of it does not count.")]
    currency: Annotated[str, StringConstraints(max_length=32)]
    """The provider's own code of what was received; empty where it does not say."""
    coin: Coin | None
    """The order's coin if it came in that, None if not."""


class PaymentOverpaid(Event):
    """More came than was asked for: what to do about it is the operator's to decide.

    Appended once per amount received, after or together with `PaymentFinished`.
    """

    order: OrderNumber
    paid: Annotated[Amount, Field(description="In units of `coin`, in total.")]
    excess: Annotated[Amount, Field(description="In units of `coin`.")]
    coin: Coin


class WrongCoinReceived(Event):
    """Money came in another coin than was asked for; nothing is delivered for it.

    Appended once per payment, since schema 2 again for each larger sum of it. What to do about it is the
    operator's to decide.
    """

    schema_version: ClassVar[int] = 2
    upcasts: ClassVar[Mapping[int, Upcast]] = {1: dict}

    order: OrderNumber
    payment: PaymentId
    paid: Sum
    """In units of what was received."""
    currency: Annotated[str, StringConstraints(max_length=32)]
    """The provider's own code of what was received."""


class UnmatchedPaymentReported(Event):
    """The provider reports money for an order that does not match what was asked for; none of it counts.

    `wrong_payment`: by a payment that is neither the order's nor a further deposit to it. `wrong_amount`: by
    one of these, for another price or amount, or with a sum that contradicts its status. Appended once for
    each thing that is reported, and a few times per order at most. The report is refused, and it changes
    nothing else: what to do about it is the operator's to decide. Since schema 2 it is said in every status
    in which money is reported, also of a payment that is this order's and is reported for another one
    (`wrong_payment`), and of one whose report leaves out the sum or the coin (`wrong_amount`).
    """

    schema_version: ClassVar[int] = 2
    upcasts: ClassVar[Mapping[int, Upcast]] = {1: dict}

    order: OrderNumber
    payment: PaymentId
    parent: PaymentId | None
    """The payment that it calls itself a further deposit to."""
    why: Literal["wrong_payment", "wrong_amount"]
    status: Annotated[str, StringConstraints(max_length=40)]
    """In the provider's words."""
    paid: Sum
    """In units of `currency`; none where the provider does not say how much."""
    amount: Annotated[Sum, Field(description="What the payment asks for, in units of `currency`.")]
    currency: Annotated[str, StringConstraints(max_length=32)]
    """The provider's own code of a coin."""
    price: Annotated[Sum, Field(description="In units of `price_currency`.")]
    price_currency: Annotated[str, StringConstraints(max_length=32)]


class UnknownStatusReported(Event):
    """The provider reports a payment in a state that nobody knows; it changes nothing.

    Appended once per payment and state.
    """

    order: OrderNumber
    payment: PaymentId
    status: Annotated[str, StringConstraints(max_length=40)]


class PaymentFinished(Event):
    """An order was paid in full, so what was bought may be delivered.

    Appended once per order, however often the provider repeats itself. Since schema 2 an operator may say so
    too: then less than was asked for, or nothing, may have come, and there may be no payment at the provider.
    Since schema 3 less may have come within the tolerance that the operator has set.
    """

    schema_version: ClassVar[int] = 3
    upcasts: ClassVar[Mapping[int, Upcast]] = {1: _by_provider, 2: _nothing_tolerated}

    order: OrderNumber
    account: AccountId
    plan: Plan
    renews: AdbotId | None = None
    payment: PaymentId | None
    paid: Sum
    """In units of `coin`, as received, in total."""
    tolerated: Sum = Decimal(0)
    """In units of `coin`, how much less than was asked for came and was taken for enough."""
    coin: Coin
    by_hand: bool


class PaymentFailed(Event):
    """The provider gave the payment up. A later `PaymentFinished` still delivers."""

    order: OrderNumber
    payment: PaymentId


class PaymentExpired(Event):
    """The provider no longer waits. A later `PaymentFinished` (a late payer) still delivers."""

    order: OrderNumber
    payment: PaymentId


class PaymentRefunded(Event):
    """The money went back to the client, or an operator says that it will. Nothing is delivered any more.

    Appended once per order. Since schema 2 an operator may say so too, also where the provider has no
    payment. Since schema 3 the adbot that was paid for gives its sessions back at once unless `keep_sessions`
    is set; until then it always kept them.
    """

    schema_version: ClassVar[int] = 3
    upcasts: ClassVar[Mapping[int, Upcast]] = {1: _by_provider, 2: _sessions_kept}

    order: OrderNumber
    payment: PaymentId | None
    reason: Annotated[str, StringConstraints(max_length=500)]
    by_hand: bool
    keep_sessions: bool = False


class OrderMarkedPaid(Event):
    """An operator vouches for an order that the provider does not call paid; `PaymentFinished` follows.

    Appended at most once per order. Who it was is the event's actor.
    """

    order: OrderNumber
    reason: Reason


class OrderExpired(Event):
    """The order was not paid in time, or its payment expired. A late payment still delivers.

    Appended at most once per order, and never while money was seen on its way.
    """

    order: OrderNumber


class OrderCancelled(Event):
    """An unpaid order was called off.

    Money that comes all the same still delivers. Appended once per order.
    """

    order: OrderNumber
    reason: Reason


class OrderReviewed(Event):
    """An operator has seen to what was odd about an order. Appended each time it was done."""

    order: OrderNumber
    note: Reason


class OrderFulfilled(Event):
    """What was paid for was delivered. Appended once per order, after `PaymentFinished`."""

    order: OrderNumber
    account: AccountId
    adbot: AdbotId


# -- heard


class PlaceOrder(Command):
    """Place an order and ask the provider for its payment.

    Refused: `unknown_plan`, `unsupported_coin`, `below_minimum` (the coin's smallest payment is more than the
    price), `insufficient_stock`, `too_many_unpaid_orders`, `order_exists_differently`, `order_expired`,
    `order_cancelled`, and, with the order left to be continued, `provider_unavailable` and
    `payment_declined`.
    Repeating it with the same order number continues where the first try stopped; without that, billing
    itself asks the provider again until the order expires.
    """

    order: OrderNumber
    account: AccountId
    email: EmailAddress
    plan: PlanCode
    coin: Coin
    renews: AdbotId | None = None
    origin: Origin | None = None


class RecordNotification(Command):
    """Take a provider's notification exactly as it arrived.

    Refused: `bad_signature`, `malformed_notification`, `unknown_order`, `wrong_payment`, `wrong_amount`.
    A repeat, and a notification of something already passed, is accepted and changes nothing.
    """

    batchable: ClassVar[bool] = True
    provider: Annotated[str, StringConstraints(max_length=32)] = "nowpayments"
    body: Annotated[bytes, Field(max_length=64 * 1024)]
    signature: Annotated[str, StringConstraints(max_length=256)]


class MarkPaid(Command):
    """Mark an order as paid by hand, so that it is delivered; accepted if it is paid already.

    Refused: `unknown_order`, `order_refunded`.
    """

    order: OrderNumber
    reason: Reason


class Refund(Command):
    """Record that an order's money goes back. No money is moved: the provider has no such call.

    The adbot that was paid for is suspended, and gives its sessions back unless `keep_sessions` is set.
    Accepted if it is recorded already. Refused: `unknown_order`, `nothing_received`.
    """

    order: OrderNumber
    reason: Reason
    keep_sessions: bool = False


class CancelOrder(Command):
    """Call off an order that is not paid; accepted if it is called off already.

    Refused: `unknown_order`, `order_paid`, `money_on_the_way`.
    """

    order: OrderNumber
    reason: Reason


class ReviewOrder(Command):
    """Note that what was odd about an order has been seen to. Refused: `unknown_order`."""

    order: OrderNumber
    note: Reason


class ListProduct(Command):
    """Put a new plan, or a retired one, on sale.

    Refused: `already_listed` (as another plan), `interval_too_long` (for the time that the plan is valid).
    """

    plan: Plan


class RepriceProduct(Command):
    """Give a plan on sale another price; orders placed before keep theirs. Refused: `unknown_plan`."""

    code: PlanCode
    price_usd: Amount


class RetireProduct(Command):
    """Take a plan off sale; accepted if it is retired already. Refused: `unknown_plan`."""

    code: PlanCode
