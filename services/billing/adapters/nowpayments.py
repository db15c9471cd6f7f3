"""NOWPayments over HTTP."""

import json
from collections.abc import Collection, Mapping
from datetime import datetime
from decimal import Decimal
from types import TracebackType
from typing import Annotated, Self
from urllib.parse import urlsplit

import httpx
import structlog
from pydantic import AwareDatetime, BaseModel, BeforeValidator, ConfigDict, SecretStr, StringConstraints

from libs.events.values import Amount, Coin, PaymentId
from services.billing.ports import PaymentDeclined, PaymentOffer, PaymentWish, ProviderUnavailable

log = structlog.stdlib.get_logger()

_DECLINES = frozenset({400, 404, 409, 422})
"""Answers that another try won't change. A wrong key (401, 403) is the operator's to mend: it may."""
_LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
_MAX_ANSWER_CHARS = 200


def _as_text(value: object) -> object:
    return str(value) if type(value) is int else value


def _memo(value: object) -> object:
    return None if value == "" else _as_text(value)


class _Created(BaseModel):
    """The provider's answer to a request for a payment."""

    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)

    payment_id: Annotated[PaymentId, BeforeValidator(_as_text)]
    pay_address: Annotated[str, StringConstraints(min_length=1, max_length=256)]
    payin_extra_id: Annotated[
        Annotated[str, StringConstraints(max_length=256)] | None, BeforeValidator(_memo)
    ] = None
    pay_amount: Amount
    pay_currency: str
    price_amount: Amount
    price_currency: str
    order_id: str | None = None
    expiration_estimate_date: AwareDatetime | None = None


class NowPayments:
    """The provider's API; use as `async with`. `coins` maps our coins to the provider's codes."""

    name = "nowpayments"

    def __init__(
        self,
        url: str,
        api_key: SecretStr,
        *,
        callback_url: str,
        coins: Mapping[Coin, str],
        timeout_seconds: float,
    ) -> None:
        self._callback_url = callback_url
        self._codes = dict(coins)
        self._coins = {code: coin for coin, code in coins.items()}
        self._http = httpx.AsyncClient(
            base_url=url.rstrip("/"),
            headers={"x-api-key": api_key.get_secret_value(), "content-type": "application/json"},
            timeout=timeout_seconds,
            trust_env=urlsplit(url).hostname not in _LOOPBACK,  # a proxy can't reach this machine's loopback
        )

    async def __aenter__(self) -> Self:
        """Be ready."""
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the connections."""
        await self._http.aclose()

    @property
    def coins(self) -> Collection[Coin]:
        """See `PaymentProvider.coins`."""
        return self._codes.keys()

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
            "ipn_callback_url": self._callback_url,
        }
        # json writes no Decimal, and a float would not be the price
        body = f'{{"price_amount":{wish.price_usd:f},{json.dumps(fields)[1:]}'
        try:
            answer = await self._http.post("/v1/payment", content=body)
        except httpx.HTTPError as error:
            raise ProviderUnavailable(type(error).__name__) from error
        if answer.status_code in _DECLINES:
            raise PaymentDeclined(_reason(answer))
        if not answer.is_success:
            raise ProviderUnavailable(_reason(answer))
        return self._offer(wish, answer)

    def _offer(self, wish: PaymentWish, answer: httpx.Response) -> PaymentOffer:
        """Return what was answered, if it is what was asked for."""
        try:
            created = _Created.model_validate(json.loads(answer.content, parse_float=Decimal))
        except ValueError as error:
            raise ProviderUnavailable("the provider's answer can't be read") from error
        asked = (wish.order, wish.price_usd, "usd", wish.coin)
        given = (
            created.order_id,
            created.price_amount,
            created.price_currency.lower(),
            self.coin(created.pay_currency),
        )
        if given != asked:
            log.error("provider.other_payment", order=wish.order, payment=created.payment_id)
            raise ProviderUnavailable("the provider answered with another payment than was asked for")
        expires_at: datetime | None = created.expiration_estimate_date
        return PaymentOffer(
            payment=created.payment_id,
            address=created.pay_address,
            memo=created.payin_extra_id,
            amount=created.pay_amount,
            expires_at=expires_at,
        )


def _reason(answer: httpx.Response) -> str:
    """Return the provider's own short reason, without what was sent to it."""
    try:
        said = json.loads(answer.content)
        reason = f"{said.get('code', '')} {said.get('message', '')}".strip()
    except (ValueError, AttributeError):
        reason = ""
    return f"{answer.status_code} {reason}".strip()[:_MAX_ANSWER_CHARS]
