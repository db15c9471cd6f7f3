"""The provider's API for merchants."""

import secrets
from collections.abc import Callable
from decimal import Decimal
from typing import Annotated

from fastapi import APIRouter, Depends, FastAPI, Header, Query, Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ConfigDict, Field, StringConstraints
from starlette.exceptions import HTTPException
from starlette.responses import Response

from sandbox.nowpayments.coins import COINS, FIAT, convert, usd_rate
from sandbox.nowpayments.payments import Asked, Ledger, Payment, as_created, as_status
from sandbox.nowpayments.settings import SandboxSettings
from sandbox.nowpayments.signing import Json, js_number, stringify

Currency = Annotated[str, StringConstraints(to_lower=True, strip_whitespace=True, min_length=1)]
Amount = Annotated[Decimal, Field(gt=0)]


class ProviderError(Exception):
    """A call that the provider refuses; the answer has the code and the message."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status, self.code, self.message = status, code, message


class PaymentBody(BaseModel):
    """A merchant's request for a payment."""

    model_config = ConfigDict(coerce_numbers_to_str=True)

    price_amount: Amount
    price_currency: Currency
    pay_currency: Currency
    pay_amount: Amount | None = None
    ipn_callback_url: str | None = None
    order_id: str | None = None
    order_description: str | None = None
    is_fixed_rate: bool = False


class Api:
    """The routes under ``/v1``; ``opened`` is called for each new payment."""

    def __init__(self, settings: SandboxSettings, ledger: Ledger, opened: Callable[[Payment], None]) -> None:
        self._settings = settings
        self._ledger = ledger
        self._opened = opened

    def install(self, app: FastAPI) -> None:
        """Add the provider's routes and error responses to the app."""
        keyed = APIRouter(prefix="/v1", dependencies=[Depends(self._check_key)])
        keyed.add_api_route("/currencies", self.currencies)
        keyed.add_api_route("/merchant/coins", self.merchant_coins)
        keyed.add_api_route("/min-amount", self.min_amount)
        keyed.add_api_route("/estimate", self.estimate)
        keyed.add_api_route("/payment", self.create, methods=["POST"])
        keyed.add_api_route("/payment/{payment_id}", self.payment)
        app.add_api_route("/v1/status", self.status)
        app.include_router(keyed)
        app.add_exception_handler(ProviderError, _refused)
        app.add_exception_handler(RequestValidationError, _invalid)
        app.add_exception_handler(HTTPException, _no_route)

    async def status(self) -> Response:
        """Answer that the API is up."""
        return _answer({"message": "OK"})

    async def currencies(self) -> Response:
        """List all coins of the market."""
        return _answer({"currencies": list(COINS)})

    async def merchant_coins(self) -> Response:
        """List the coins that the merchant accepts."""
        return _answer({"selectedCurrencies": list(self._settings.coins)})

    async def min_amount(
        self,
        currency_from: Annotated[Currency, Query()],
        currency_to: Annotated[Currency | None, Query()] = None,
        fiat_equivalent: Annotated[Currency | None, Query()] = None,
    ) -> Response:
        """Return the minimum payment, in the currency paid with."""
        target = currency_to or self._settings.outcome_coin
        _check_known(currency_from, target, *([fiat_equivalent] if fiat_equivalent else []))
        coin = COINS.get(currency_from) or COINS.get(target)
        if coin is None:
            raise ProviderError(400, "INVALID_REQUEST_PARAMS", "One of the currencies must be a coin")
        least = convert(coin.minimum, coin.code, currency_from)
        fields: dict[str, Json] = {
            "currency_from": currency_from,
            "currency_to": target,
            "min_amount": least,
        }
        if fiat_equivalent:
            fields["fiat_equivalent"] = convert(least, currency_from, fiat_equivalent)
        return _answer(fields)

    async def estimate(
        self,
        amount: Annotated[Amount, Query()],
        currency_from: Annotated[Currency, Query()],
        currency_to: Annotated[Currency, Query()],
    ) -> Response:
        """Convert an amount to another currency."""
        _check_known(currency_from, currency_to)
        return _answer(
            {
                "currency_from": currency_from,
                "amount_from": amount,
                "currency_to": currency_to,
                "estimated_amount": convert(amount, currency_from, currency_to),
            }
        )

    async def create(self, body: PaymentBody) -> Response:
        """Create a payment that waits for its coins."""
        _check_known(body.price_currency)
        if body.pay_currency not in self._settings.coins:
            raise ProviderError(400, "CURRENCY_UNAVAILABLE", f"Currency {body.pay_currency} is unavailable")
        coin = COINS[body.pay_currency]
        amount = body.pay_amount or convert(body.price_amount, body.price_currency, coin.code)
        if amount < coin.minimum:
            message = f"Crypto amount {js_number(amount)} is less than minimal"
            raise ProviderError(400, "AMOUNT_MINIMAL_ERROR", message)
        payment = self._ledger.create(
            Asked(
                price_amount=body.price_amount,
                price_currency=body.price_currency,
                pay_currency=coin.code,
                pay_amount=coin.rounded(amount),
                order_id=body.order_id,
                order_description=body.order_description,
                ipn_callback_url=body.ipn_callback_url,
                fixed_rate=body.is_fixed_rate,
            )
        )
        self._opened(payment)
        return _answer(as_created(payment), 201)

    async def payment(self, payment_id: str) -> Response:
        """Return a payment's status."""
        if not (payment_id.isascii() and payment_id.isdigit()):
            raise ProviderError(400, "INVALID_REQUEST_PARAMS", "Payment id must be a number")
        payment = self._ledger.find(payment_id)
        if payment is None:
            raise ProviderError(404, "PAYMENT_NOT_FOUND", "Payment not found")
        return _answer(as_status(payment))

    def _check_key(self, x_api_key: Annotated[str, Header()] = "") -> None:
        if not secrets.compare_digest(x_api_key.encode(), self._settings.api_key.encode()):
            raise ProviderError(403, "INVALID_API_KEY", "Invalid api key")


def _check_known(*currencies: str) -> None:
    for currency in currencies:
        if usd_rate(currency) is None:
            known = ", ".join([*COINS, *FIAT])
            raise ProviderError(400, "CURRENCY_UNAVAILABLE", f"Currency {currency} is none of {known}")


def _answer(fields: dict[str, Json], status: int = 200) -> Response:
    """Return the response in the JSON of a JavaScript program."""
    return Response(stringify(fields).encode(), status_code=status, media_type="application/json")


async def _refused(_: Request, error: Exception) -> Response:
    assert isinstance(error, ProviderError)  # noqa: S101 - what the handler was registered for
    fields: dict[str, Json] = {
        "status": False,
        "statusCode": error.status,
        "code": error.code,
        "message": error.message,
    }
    return _answer(fields, error.status)


async def _invalid(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)  # noqa: S101 - what the handler was registered for
    first = error.errors()[0]
    where = ".".join(str(part) for part in first["loc"][1:]) or "body"
    return await _refused(request, ProviderError(400, "INVALID_REQUEST_PARAMS", f"{where}: {first['msg']}"))


async def _no_route(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101 - what the handler was registered for
    code = {404: "NOT_FOUND", 405: "METHOD_NOT_ALLOWED"}.get(error.status_code, "ERROR")
    return await _refused(request, ProviderError(error.status_code, code, str(error.detail)))
