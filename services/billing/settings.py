"""Billing's settings, from the environment."""

from decimal import Decimal
from pathlib import Path
from typing import Annotated, ClassVar

from pydantic import AfterValidator, BeforeValidator, Field, HttpUrl, SecretStr
from pydantic_settings import NoDecode

from libs.chassis.settings import ServiceSettings, at_least, none_or
from libs.events.values import Coin
from libs.nowpayments.coins import DEFAULT_COINS, coins_in
from libs.nowpayments.signature import ALSO_SIGNED_WITH, SIGNED_WITH
from services.billing.product.catalogue import DEFAULT_FILE, read_catalogue


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
    other_ipn_secret: Annotated[SecretStr, AfterValidator(none_or(at_least(16)))] = Field(
        SecretStr(""), description=ALSO_SIGNED_WITH
    )
    ipn_callback_url: HttpUrl = Field(
        description="The URL at which the provider reaches the gateway's webhook, "
        "such as https://ads.example.org/api/v1/webhooks/nowpayments"
    )
    coins: Annotated[dict[Coin, str], NoDecode, BeforeValidator(coins_in)] = Field(
        DEFAULT_COINS,
        description="The accepted coins with the provider's code of each, such as BTC=btc,USDT=usdttrc20",
    )
    catalogue_file: Annotated[Path, AfterValidator(_catalogue)] = Field(
        DEFAULT_FILE, description="The initial plans of a new installation, a TOML file"
    )
    order_valid_seconds: int = Field(
        24 * 3600, ge=1, le=30 * 86_400, description="How long an order awaits its payment"
    )
    promise_seconds: int = Field(
        1800,
        ge=1,
        le=30 * 86_400,
        description="How long sessions are promised to an unpaid order and not sold to others; it can be "
        "paid for longer. A payment seen on the blockchain prolongs the promise until the order expires",
    )
    unpaid_sessions_per_email: int = Field(
        15,
        ge=0,
        le=1_000_000,
        description="How many sessions are promised to the unpaid orders of one account at most, and so "
        "of one e-mail address; a first order is always accepted",
    )
    unpaid_sessions_per_address: int = Field(
        15,
        ge=0,
        le=1_000_000,
        description="How many sessions are promised to the unpaid orders from one network address at most; a "
        "first order is always accepted",
    )
    unpaid_share: float = Field(
        0.5,
        ge=0,
        le=1,
        description="Once this part of the free sessions is promised to unpaid orders, no client gets a "
        "second one",
    )
    payout_coin: str = Field(
        "",
        pattern=r"^[a-z0-9]{0,32}$",
        description="The provider's code of the coin that it pays out to you, such as usdttrc20: minimum "
        "amounts depend on it; empty: the setting of your account there",
    )
    tolerance_percent: Decimal = Field(
        Decimal(0),
        ge=0,
        le=50,
        description="An order is delivered too if at most this percentage of the requested amount is missing",
    )
    tolerance_usd: Decimal = Field(
        Decimal(0),
        ge=0,
        le=1000,
        description="An order is delivered too if the missing amount is worth at most this many USD, and at "
        "most one half of the price",
    )
    provider_timeout_seconds: float = Field(
        8.0, ge=0.1, le=12, description="The timeout of a request to the provider"
    )
    provider_failures: int = Field(
        5,
        ge=1,
        le=1000,
        description="After this many failed requests in a row, the circuit breaker opens",
    )
    provider_rest_seconds: float = Field(
        30.0,
        ge=0.1,
        le=3600,
        description="How long the circuit breaker stays open before one request probes the provider",
    )
    reconcile_first_seconds: float = Field(
        120.0,
        ge=0.1,
        le=86_400,
        description="The provider is asked for a payment of which nothing was received for this long",
    )
    reconcile_longest_seconds: float = Field(
        6 * 3600.0,
        ge=0.1,
        le=7 * 86_400,
        description="The longest pause between two requests for one payment; each is twice the one before",
    )
    reconcile_late_seconds: float = Field(
        7 * 86_400.0,
        ge=0,
        le=90 * 86_400,
        description="How long after its expiry a payment is still asked for",
    )
    reconcile_calls_per_minute: int = Field(
        30, ge=1, le=6000, description="How many payments the reconciler asks for, at most"
    )
