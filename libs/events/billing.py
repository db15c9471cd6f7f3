"""What billing says and hears: the catalogue, orders and payments."""

from datetime import datetime
from typing import Annotated

from pydantic import Field, StringConstraints

from libs.events.base import Command, Event
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

# -- said: the catalogue, stream product-<code>


class ProductListed(Event):
    """A plan is on sale from now on. Said again when a retired one comes back."""

    plan: Plan


class ProductRepriced(Event):
    """A plan on sale costs another price from now on; orders placed before keep theirs."""

    code: PlanCode
    price_usd: Amount


class ProductRetired(Event):
    """A plan is no longer on sale."""

    code: PlanCode


# -- said: an order and its payment, stream order-<number>


class OrderPlaced(Event):
    """An account ordered a plan and means to pay in a coin. Said once per order."""

    order: OrderNumber
    account: AccountId
    email: EmailAddress
    plan: Plan
    coin: Coin
    renews: AdbotId | None = None
    pay_by: datetime


class PaymentRequested(Event):
    """The provider waits for the money at this address. Said once per order."""

    order: OrderNumber
    provider: Annotated[str, StringConstraints(max_length=32)]
    payment: PaymentId
    address: Annotated[str, StringConstraints(min_length=1, max_length=256)]
    memo: Annotated[str, StringConstraints(max_length=256)] | None = None
    amount: Annotated[Amount, Field(description="In units of `coin`.")]
    coin: Coin
    expires_at: datetime | None = None


class PaymentConfirming(Event):
    """The money was seen on its chain. Said at most once per order."""

    order: OrderNumber
    payment: PaymentId


class PaymentConfirmed(Event):
    """The chain confirmed the money. Said at most once per order."""

    order: OrderNumber
    payment: PaymentId


class PaymentSending(Event):
    """The provider is passing the money on to the operator. Said at most once per order."""

    order: OrderNumber
    payment: PaymentId


class PaymentPartiallyPaid(Event):
    """Less came than was asked for; nothing is delivered. Said once per amount received."""

    order: OrderNumber
    payment: PaymentId
    paid: Annotated[Amount, Field(description="In units of `coin`, all told.")]
    missing: Annotated[Amount, Field(description="In units of `coin`.")]
    coin: Coin


class PaymentFinished(Event):
    """An order was paid in full, so what was bought may be delivered.

    Said once per order, however often the provider repeats itself.
    """

    order: OrderNumber
    account: AccountId
    plan: Plan
    renews: AdbotId | None = None
    payment: PaymentId
    paid: Annotated[Amount, Field(description="In units of `coin`, as received.")]
    coin: Coin


class PaymentFailed(Event):
    """The provider gave the payment up. A later `PaymentFinished` still delivers."""

    order: OrderNumber
    payment: PaymentId


class PaymentExpired(Event):
    """The provider no longer waits. A later `PaymentFinished` (a late payer) still delivers."""

    order: OrderNumber
    payment: PaymentId


class PaymentRefunded(Event):
    """The money went back to the client. Nothing follows."""

    order: OrderNumber
    payment: PaymentId
    reason: Annotated[str, StringConstraints(max_length=500)]


class OrderExpired(Event):
    """The order was not paid in time, or its payment expired. A late payment still delivers.

    Said at most once per order, and never while money was seen on its way.
    """

    order: OrderNumber


class OrderFulfilled(Event):
    """What was paid for was delivered. Said once per order, after `PaymentFinished`."""

    order: OrderNumber
    account: AccountId
    adbot: AdbotId


# -- heard


class PlaceOrder(Command):
    """Place an order and ask the provider for its payment.

    Refused: `unknown_plan`, `unsupported_coin`, `order_exists_differently`, `order_expired`, and, with the
    order left to be continued, `provider_unavailable` and `payment_declined`.
    Repeating it with the same order number continues where the first try stopped; without that, billing
    itself asks the provider again until the order expires.
    """

    order: OrderNumber
    account: AccountId
    email: EmailAddress
    plan: PlanCode
    coin: Coin
    renews: AdbotId | None = None


class RecordNotification(Command):
    """Take a provider's notification exactly as it arrived.

    Refused: `bad_signature`, `malformed_notification`, `unknown_order`, `wrong_payment`, `wrong_amount`,
    `wrong_coin`. A repeat, and a notification of something already passed, is accepted and changes nothing.
    """

    body: Annotated[bytes, Field(max_length=64 * 1024)]
    signature: Annotated[str, StringConstraints(max_length=256)]
