"""A payment as the provider reports it: one form from the provider's port to the order's decision."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from libs.events.values import Coin, OrderNumber, PaymentId
from services.billing.order.state import PaymentState


@dataclass(frozen=True, slots=True)
class PaymentReport:
    """The provider's report of a payment, from a notification or an answer; None where a field is absent.

    `amount` and `paid` are in units of `currency`, the provider's own code of a coin; `paid` is what this
    payment received, all told. `address` and `memo` are where it waits, None where that is not said.
    """

    payment: PaymentId
    parent: PaymentId | None
    """The payment that this one is a further deposit to."""
    order: OrderNumber | None
    """None: it names no order of ours."""
    status: PaymentState | None
    """None: a status that nobody knows; `status_text` has its name."""
    status_text: str
    price: Decimal | None
    price_currency: str | None
    """In capitals: `USD`."""
    amount: Decimal | None
    paid: Decimal | None
    coin: Coin | None
    """None: a coin that is not sold for."""
    currency: str | None
    address: str | None = None
    memo: str | None = None
    expires_at: datetime | None = None

    @property
    def received(self) -> Decimal:
        """The amount that this payment received, as far as it is known."""
        return self.paid or Decimal(0)
