"""The port to the payment provider."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Protocol

from libs.events.values import Coin, OrderNumber, PaymentId
from services.billing.order.payment_report import PaymentReport


class ProviderUnavailable(Exception):
    """The provider did not answer, or failed; a retry may succeed.

    `retry_after_seconds` is the pause that it asks for, None if it does not say.
    """

    def __init__(self, why: str, *, retry_after_seconds: float | None = None) -> None:
        super().__init__(why)
        self.retry_after_seconds = retry_after_seconds


class PaymentDeclined(Exception):
    """The provider declines the payment, or does not know it; a retry fails again."""


@dataclass(frozen=True, slots=True)
class PaymentWish:
    """A request for a payment."""

    order: OrderNumber
    price_usd: Decimal
    coin: Coin
    description: str


@dataclass(frozen=True, slots=True)
class PaymentOffer:
    """A payment that the provider created; `amount` is in units of the request's coin."""

    payment: PaymentId
    address: str
    memo: str | None
    amount: Decimal
    expires_at: datetime | None


class PaymentProvider(Protocol):
    """A provider that receives the payments of orders."""

    @property
    def name(self) -> str:
        """The provider's name in events and actors."""
        ...

    @property
    def coins(self) -> Collection[Coin]:
        """The coins that can be paid with."""
        ...

    @property
    def pause_seconds(self) -> float:
        """How many seconds requests are paused for, because of recent answers; 0 if they are not."""
        ...

    def coin(self, code: str) -> Coin | None:
        """Return the coin with this code of the provider, None for one that is not accepted."""
        ...

    async def request(self, wish: PaymentWish) -> PaymentOffer:
        """Create a payment and return it; not idempotent, a retry creates another.

        Raise `ProviderUnavailable`, after which a payment may have been created, or `PaymentDeclined`.
        """
        ...

    async def report(self, payment: PaymentId) -> PaymentReport:
        """Return the provider's current report of a payment.

        Raise `ProviderUnavailable`, or `PaymentDeclined` if it does not know the payment.
        """
        ...

    async def minimum_usd(self, coin: Coin) -> Decimal | None:
        """Return the minimum price for a coin, None if the provider has none.

        It may be some minutes old. Raise `ProviderUnavailable` if it was never received.
        """
        ...

    def read_notification(self, body: bytes, signature: str) -> PaymentReport:
        """Return a notification's report, its amounts with all digits.

        Raise `Refused`: `bad_signature`, `malformed_notification`.
        """
        ...
