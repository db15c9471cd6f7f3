"""The payment provider, as billing needs it."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Protocol

from libs.events.values import Coin, OrderNumber, PaymentId
from services.billing.order.payment_report import PaymentReport


class ProviderUnavailable(Exception):
    """The provider did not answer, or could not; asking again later may help.

    `retry_after_seconds` is how long it asks to be left alone, None where it does not say.
    """

    def __init__(self, why: str, *, retry_after_seconds: float | None = None) -> None:
        super().__init__(why)
        self.retry_after_seconds = retry_after_seconds


class PaymentDeclined(Exception):
    """The provider answers that it makes, or knows, no such payment; asking again won't help."""


@dataclass(frozen=True, slots=True)
class PaymentWish:
    """The payment that is requested from the provider."""

    order: OrderNumber
    price_usd: Decimal
    coin: Coin
    description: str


@dataclass(frozen=True, slots=True)
class PaymentOffer:
    """Where the provider waits for the money; `amount` is in units of the wish's coin."""

    payment: PaymentId
    address: str
    memo: str | None
    amount: Decimal
    expires_at: datetime | None


class PaymentProvider(Protocol):
    """Takes money for orders."""

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
        """The seconds until a request makes sense again, after errors or a rate limit.

        0 if it may be sent now.
        """
        ...

    def coin(self, code: str) -> Coin | None:
        """Return the coin that the provider calls so, None for one that is not sold for."""
        ...

    async def request(self, wish: PaymentWish) -> PaymentOffer:
        """Make a payment and return it; asking twice makes two.

        Raises `ProviderUnavailable`, after which one may have been made, or `PaymentDeclined`.
        """
        ...

    async def report(self, payment: PaymentId) -> PaymentReport:
        """Return what the provider says of a payment now.

        Raises `ProviderUnavailable`, or `PaymentDeclined` if it knows no such payment.
        """
        ...

    async def minimum_usd(self, coin: Coin) -> Decimal | None:
        """Return the smallest price that may be paid in a coin, None where the provider does not say.

        It may be some minutes old. Raises `ProviderUnavailable` if it was never heard.
        """
        ...

    def read_notification(self, body: bytes, signature: str) -> PaymentReport:
        """Return what a notification reports, its amounts to the last digit.

        Raises `Refused`: `bad_signature`, `malformed_notification`.
        """
        ...
