"""The commands to billing."""

from typing import Annotated, ClassVar

from pydantic import Field, StringConstraints

from libs.events.billing import Origin, Reason
from libs.events.values import AccountId, AdbotId, Amount, Coin, EmailAddress, OrderNumber, Plan, PlanCode
from libs.eventsourcing.model.event import Command


class PlaceOrder(Command):
    """Place an order and request its payment from the provider.

    Refused: `unknown_plan`, `unsupported_coin`, `below_minimum` (the coin's smallest payment is more than the
    price), `insufficient_stock`, `too_many_unpaid_orders`, `order_exists_differently`, `order_expired`,
    `order_cancelled`, and, with an order that can be continued, `provider_unavailable` and
    `payment_declined`. A repeat with the same order number continues where the first attempt stopped; without
    a repeat, billing retries the request until the order expires.
    """

    order: OrderNumber
    account: AccountId
    email: EmailAddress | None = None
    """Sent by earlier gateways; it is not stored."""
    plan: PlanCode
    coin: Coin
    renews: AdbotId | None = None
    origin: Origin | None = None


class RecordNotification(Command):
    """Record a provider's notification, byte for byte as it arrived.

    Refused: `bad_signature`, `malformed_notification`, `unknown_order`, `wrong_payment`, `wrong_amount`. A
    repeat, and a notification of an earlier status, is accepted and changes nothing.
    """

    batchable: ClassVar[bool] = True
    provider: Annotated[str, StringConstraints(max_length=32)] = "nowpayments"
    body: Annotated[bytes, Field(max_length=64 * 1024)]
    signature: Annotated[str, StringConstraints(max_length=256)]


class MarkPaid(Command):
    """Deliver an order that the provider does not call paid; accepted if it is paid already.

    Refused: `unknown_order`, `order_refunded`.
    """

    order: OrderNumber
    reason: Reason


class Refund(Command):
    """Record that an order is refunded. No money is moved: the provider has no API for it.

    The paid adbot is suspended, and releases its sessions unless `keep_sessions` is set. Accepted if a refund
    is recorded already. Refused: `unknown_order`, `nothing_received`.
    """

    order: OrderNumber
    reason: Reason
    keep_sessions: bool = False


class CancelOrder(Command):
    """Cancel an unpaid order; accepted if it is cancelled already.

    Refused: `unknown_order`, `order_paid`, `money_on_the_way`.
    """

    order: OrderNumber
    reason: Reason


class ReviewOrder(Command):
    """Record that an order that needed attention was reviewed. Refused: `unknown_order`."""

    order: OrderNumber
    note: Reason


class ListProduct(Command):
    """List a new plan, or a retired one, for sale.

    Refused: `already_listed` (as another plan), `interval_too_long` (longer than the plan's validity).
    """

    plan: Plan


class RepriceProduct(Command):
    """Change the price of a plan on sale; orders placed before keep theirs. Refused: `unknown_plan`."""

    code: PlanCode
    price_usd: Amount


class RetireProduct(Command):
    """Take a plan off sale; accepted if it is retired already. Refused: `unknown_plan`."""

    code: PlanCode
