"""The payment provider, as billing needs it."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Protocol

from libs.events.values import Coin, OrderNumber, PaymentId


class ProviderUnavailable(Exception):
    """The provider did not answer, or could not; asking again later may help."""


class PaymentDeclined(Exception):
    """The provider answers that it makes no such payment; asking again won't help."""


@dataclass(frozen=True, slots=True)
class PaymentWish:
    """What the provider is asked for."""

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
        """What the provider is called in events and actors."""
        ...

    @property
    def coins(self) -> Collection[Coin]:
        """What may be paid with."""
        ...

    def coin(self, code: str) -> Coin | None:
        """Return the coin that the provider calls so, None for one that is not sold for."""
        ...

    async def request(self, wish: PaymentWish) -> PaymentOffer:
        """Make a payment and return it; asking twice makes two.

        Raises `ProviderUnavailable`, after which one may have been made, or `PaymentDeclined`.
        """
        ...
