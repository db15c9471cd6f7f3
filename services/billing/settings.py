"""Billing's settings, from the environment."""

from decimal import Decimal
from pathlib import Path
from typing import Annotated, ClassVar

from pydantic import AfterValidator, BeforeValidator, Field, HttpUrl, SecretStr
from pydantic_settings import NoDecode

from libs.chassis.settings import ServiceSettings, at_least
from libs.events.values import Coin
from libs.nowpayments.signature import SIGNED_WITH
from services.billing.product.catalogue import DEFAULT_FILE, read_catalogue

DEFAULT_COINS: dict[Coin, str] = {
    "BTC": "btc",
    "ETH": "eth",
    "SOL": "sol",
    "LTC": "ltc",
    "USDT": "usdttrc20",
}


def _coins(given: object) -> object:
    if not isinstance(given, str):
        return given
    pairs = [pair.partition("=") for pair in given.split(",") if pair.strip()]
    coins = {coin.strip().upper(): code.strip().lower() for coin, _, code in pairs}
    codes = set(coins.values())
    if not coins or "" in codes or not len(pairs) == len(coins) == len(codes):
        raise ValueError("should look like BTC=btc,USDT=usdttrc20, each coin and each code once")
    return coins


def _catalogue(path: Path) -> Path:
    read_catalogue(path)
    return path


class BillingSettings(ServiceSettings):
    """Billing's own settings, `ADRELAY_BILLING_…`."""

    service: ClassVar[str] = "billing"

    provider_url: HttpUrl = Field(
        HttpUrl("https://api.nowpayments.io"),
        description="The payment provider's API: https://api.nowpayments.io or its sandbox",
    )
    api_key: Annotated[SecretStr, AfterValidator(at_least(8))] = Field(
        description="The provider's API key: dashboard, Settings, Payments, API keys"
    )
    ipn_secret: Annotated[SecretStr, AfterValidator(at_least(16))] = Field(description=SIGNED_WITH)
    ipn_callback_url: HttpUrl = Field(
        description="Where the provider reaches the gateway's webhook, "
        "such as https://ads.example.org/api/v1/webhooks/nowpayments"
    )
    coins: Annotated[dict[Coin, str], NoDecode, BeforeValidator(_coins)] = Field(
        DEFAULT_COINS,
        description="What may be paid with, and the provider's code of each, such as BTC=btc,USDT=usdttrc20",
    )
    catalogue_file: Annotated[Path, AfterValidator(_catalogue)] = Field(
        DEFAULT_FILE, description="The plans that a new installation begins with, as TOML"
    )
    order_valid_seconds: int = Field(
        24 * 3600, ge=1, le=30 * 86_400, description="How long an order waits for its money"
    )
    promise_seconds: int = Field(
        1800,
        ge=1,
        le=30 * 86_400,
        description="How long an unpaid order keeps sessions from being sold to others; it can be paid for "
        "longer. Money that was seen on its way keeps them until the order's time is over",
    )
    unpaid_sessions_per_email: int = Field(
        15,
        ge=0,
        le=1_000_000,
        description="So many sessions the unpaid orders of one e-mail address keep at most; a first order is "
        "always taken",
    )
    unpaid_sessions_per_address: int = Field(
        15,
        ge=0,
        le=1_000_000,
        description="So many sessions the unpaid orders from one network address keep at most; a first order "
        "is always taken",
    )
    unpaid_share: float = Field(
        0.5,
        ge=0,
        le=1,
        description="Once unpaid orders keep this part of the free sessions, nobody who has one gets another",
    )
    payout_coin: str = Field(
        "",
        pattern=r"^[a-z0-9]{0,32}$",
        description="The provider's code of what it pays you out in, such as usdttrc20: smallest payments "
        "depend on it; empty: what your account there says",
    )
    tolerance_percent: Decimal = Field(
        Decimal(0),
        ge=0,
        le=50,
        description="An order is delivered too if at most so many percent of what was asked for are missing",
    )
    tolerance_usd: Decimal = Field(
        Decimal(0),
        ge=0,
        le=1000,
        description="An order is delivered too if what is missing is worth at most so many USD, and at most "
        "one half of its price",
    )
    provider_timeout_seconds: float = Field(
        8.0, ge=0.1, le=12, description="How long the provider may take to answer"
    )
    provider_failures: int = Field(
        5,
        ge=1,
        le=1000,
        description="After so many failed calls in a row the provider is left alone for a while",
    )
    provider_rest_seconds: float = Field(
        30.0, ge=0.1, le=3600, description="How long it is left alone before one call tries again"
    )
    reconcile_first_seconds: float = Field(
        120.0,
        ge=0.1,
        le=86_400,
        description="The provider is asked for a payment that was silent for so long",
    )
    reconcile_longest_seconds: float = Field(
        6 * 3600.0,
        ge=0.1,
        le=7 * 86_400,
        description="The longest wait before it is asked for again; each is twice the one before",
    )
    reconcile_late_seconds: float = Field(
        7 * 86_400.0,
        ge=0,
        le=90 * 86_400,
        description="How long after its time was over a payment is still asked for",
    )
    reconcile_calls_per_minute: int = Field(
        30, ge=1, le=6000, description="How many silent payments the provider is asked for, at most"
    )
