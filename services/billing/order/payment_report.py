"""The provider's report of a payment, from the port to the order's decision."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from libs.events.values import Coin, OrderNumber, PaymentId
from services.billing.order.payment_state import PaymentState


@dataclass(frozen=True, slots=True)
class PaymentReport:
    """A provider's report of a payment, from a notification or an answer; None: not reported.

    `amount` and `paid` are in units of `currency`, the provider's own code of a coin; `paid` is the total
    that this payment received. `address` and `memo` are the payment's.
    """

    payment: PaymentId
    parent: PaymentId | None
    """The payment of which this one is a deposit."""
    order: OrderNumber | None
    """None: the report names no order of ours."""
    status: PaymentState | None
    """None: an unknown status; `status_text` has its name."""
    status_text: str
    price: Decimal | None
    price_currency: str | None
    """In upper case: `USD`."""
    amount: Decimal | None
    paid: Decimal | None
    coin: Coin | None
    """None: a coin that is not accepted."""
    currency: str | None
    address: str | None = None
    memo: str | None = None
    expires_at: datetime | None = None

    @property
    def received(self) -> Decimal:
        """The amount that this payment has received, as reported; 0 if not reported."""
        return self.paid or Decimal(0)
