"""The payment provider NOWPayments."""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from types import TracebackType
from typing import Self, TypeVar
from urllib.parse import quote

import structlog
from pydantic import SecretStr

from libs.events.values import Coin, PaymentId
from libs.nowpayments.reading import Unreadable, parse
from libs.nowpayments.signature import secret_from
from services.billing.adapters.breaker import Breaker
from services.billing.adapters.nowpayments.answers import Created, Minimum, ProviderFields, Reported, read
from services.billing.adapters.nowpayments.client import Call, Client
from services.billing.adapters.nowpayments.minimums import FRESH_SECONDS, Minimums
from services.billing.adapters.nowpayments.notification import read_notification
from services.billing.order.payment_report import PaymentReport
from services.billing.ports import PaymentDeclined, PaymentOffer, PaymentWish, ProviderUnavailable

log = structlog.stdlib.get_logger()
ModelT = TypeVar("ModelT", bound=ProviderFields)

_MINIMUM_SECONDS = 1.5
"""The timeout of a minimum's request, in seconds; a client waits for it before the payment's request."""


@dataclass(frozen=True, kw_only=True)
class Account:
    """The operator's account at the provider. `coins` maps our coins to the provider's codes."""

    url: str
    api_key: SecretStr
    ipn_secrets: Sequence[SecretStr]
    """What notifications may be signed with: during a change there are two."""
    callback_url: str
    coins: Mapping[Coin, str]
    payout: str | None = None
    """The provider's code of the payout coin; None: the setting of the account."""


class NowPayments:
    """The NOWPayments provider; use as `async with`."""

    name = "nowpayments"

    def __init__(
        self,
        account: Account,
        breaker: Breaker,
        *,
        timeout_seconds: float,
        fresh_seconds: float = FRESH_SECONDS,
    ) -> None:
        self._account = account
        self._breaker = breaker
        self._seconds = timeout_seconds
        self._codes = dict(account.coins)
        self._coins = {code: coin for coin, code in account.coins.items()}
        self._secrets = [secret_from(secret.get_secret_value()) for secret in account.ipn_secrets]
        self._client = Client(self.name, account.url, account.api_key, breaker)
        self._minimums = Minimums(self._ask_minimum, fresh_seconds=fresh_seconds)

    async def __aenter__(self) -> Self:
        """Return the provider; connections are made when needed."""
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the connections."""
        await self._client.close()

    @property
    def coins(self) -> Collection[Coin]:
        """See `PaymentProvider.coins`."""
        return self._codes.keys()

    @property
    def pause_seconds(self) -> float:
        """See `PaymentProvider.pause_seconds`."""
        return self._breaker.pause_seconds

    def coin(self, code: str) -> Coin | None:
        """See `PaymentProvider.coin`."""
        return self._coins.get(code.lower())

    async def request(self, wish: PaymentWish) -> PaymentOffer:
        """See `PaymentProvider.request`."""
        if wish.coin not in self._codes:
            raise PaymentDeclined(f"{wish.coin} is not paid with any more")
        fields = {
            "price_currency": "usd",
            "pay_currency": self._codes[wish.coin],
            "order_id": wish.order,
            "order_description": wish.description,
            "ipn_callback_url": self._account.callback_url,
        }
        # json can't encode Decimal, and a float would change the price
        body = f'{{"price_amount":{wish.price_usd:f},{json.dumps(fields)[1:]}'
        asked = (wish.order, wish.price_usd, "usd", wish.coin)

        def take(answer: bytes) -> PaymentOffer:
            created = _read(Created, answer)
            currency, coin = created.price_currency.lower(), self.coin(created.pay_currency)
            if (created.order_id, created.price_amount, currency, coin) != asked:
                raise _other_payment(created.payment_id, order=wish.order)
            return created.offer()

        call = Call("request", "POST", "/v1/payment", self._seconds, body=body)
        return await self._client.call(call, take)

    async def report(self, payment: PaymentId) -> PaymentReport:
        """See `PaymentProvider.report`."""

        def take(answer: bytes) -> PaymentReport:
            reported = _read(Reported, answer)
            if reported.payment_id != payment:
                raise _other_payment(reported.payment_id, asked=payment)
            return reported.report(self.coin)

        path = f"/v1/payment/{quote(payment, safe='')}"
        return await self._client.call(Call("report", "GET", path, self._seconds), take)

    async def minimum_usd(self, coin: Coin) -> Decimal | None:
        """See `PaymentProvider.minimum_usd`."""
        return await self._minimums.of(coin) if coin in self._codes else None

    def read_notification(self, body: bytes, signature: str) -> PaymentReport:
        """See `PaymentProvider.read_notification`."""
        return read_notification(body, signature, self._secrets).report(self.coin)

    async def _ask_minimum(self, coin: Coin) -> Decimal | None:
        params = {"currency_from": self._codes[coin], "fiat_equivalent": "usd"}
        if self._account.payout:
            params["currency_to"] = self._account.payout
        seconds = min(_MINIMUM_SECONDS, self._seconds)
        call = Call("minimum", "GET", "/v1/min-amount", seconds, params)
        try:
            minimum = await self._client.call(call, lambda answer: _read(Minimum, answer))
        except PaymentDeclined as refusal:
            log.warning("provider.no_minimum", coin=coin, why=str(refusal))
            return None
        return minimum.fiat_equivalent


def _read(model: type[ModelT], answer: bytes) -> ModelT:
    try:
        return read(model, parse(answer))
    except Unreadable as error:
        raise ProviderUnavailable(f"the answer can't be read: {error}") from None


def _other_payment(payment: PaymentId, **asked: str) -> ProviderUnavailable:
    log.error("provider.other_payment", payment=payment, **asked)
    return ProviderUnavailable("the provider answered with another payment than was asked for")
