"""Payments: their requests, the received money, and the provider's JSON for both."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from sandbox.nowpayments.coins import COINS, convert, memo
from sandbox.nowpayments.settings import SandboxSettings
from sandbox.nowpayments.signing import Json

MAX_ID_DIGITS = 20
PAYOUT_SHARE = Decimal("0.995")
"""The part of a deposit that the merchant gets after the fee."""


@dataclass(frozen=True)
class Asked:
    """The request for a payment."""

    price_amount: Decimal
    price_currency: str
    pay_currency: str
    pay_amount: Decimal | None = None
    order_id: str | None = None
    order_description: str | None = None
    ipn_callback_url: str | None = None
    fixed_rate: bool = False


@dataclass
class Payment:
    """One payment and its state."""

    number: int
    asked: Asked
    pay_amount: Decimal
    pay_currency: str
    address: str
    memo: str | None
    created_at: datetime
    expires_at: datetime
    updated_at: datetime
    outcome_currency: str
    status: str = "waiting"
    parent: int | None = None
    received: Decimal = Decimal(0)
    history: list[str] = field(default_factory=lambda: ["waiting"])

    @property
    def purchase(self) -> str:
        """The id of its purchase: a repeated deposit has its parent's."""
        return str((self.parent or self.number) + 1_000_000_000)

    @property
    def outcome(self) -> Decimal | None:
        """The merchant's amount, in the payout coin; None while nothing was received."""
        if not self.received:
            return None
        return convert(self.received * PAYOUT_SHARE, self.pay_currency, self.outcome_currency)

    def become(self, status: str) -> None:
        """Set the payment's status, after any other."""
        self.status = status
        self.history.append(status)
        self.updated_at = datetime.now(UTC)

    def take(self, amount: Decimal, coin: str | None = None) -> None:
        """Add a received amount, in this coin, which may be another than the requested one."""
        self.pay_currency = coin or self.pay_currency
        self.received = COINS[self.pay_currency].rounded(amount)


class Ledger:
    """All payments of one sandbox."""

    def __init__(self, settings: SandboxSettings) -> None:
        self._settings = settings
        self._payments: dict[int, Payment] = {}
        self._next = settings.first_payment_id

    def __iter__(self) -> Iterator[Payment]:
        """Iterate over the payments in the order of their creation."""
        return iter(self._payments.values())

    def find(self, number: str) -> Payment | None:
        """Return the payment of this number, if there is one."""
        if not (number.isascii() and number.isdigit() and len(number) <= MAX_ID_DIGITS):
            return None
        return self._payments.get(int(number))

    def forget(self) -> None:
        """Delete all payments; their numbers are not reused."""
        self._payments.clear()

    def create(self, asked: Asked) -> Payment:
        """Create a payment with an address of its own."""
        settings = self._settings
        number, self._next = self._next, self._next + 1
        coin = COINS[asked.pay_currency]
        now = datetime.now(UTC)
        lifetime = settings.fixed_lifetime_seconds if asked.fixed_rate else settings.lifetime_seconds
        payment = Payment(
            number=number,
            asked=asked,
            pay_amount=asked.pay_amount or convert(asked.price_amount, asked.price_currency, coin.code),
            pay_currency=coin.code,
            address=coin.address(str(number)),
            memo=memo(str(number)) if coin.code in settings.memo_coins else None,
            created_at=now,
            updated_at=now,
            expires_at=now + timedelta(seconds=lifetime),
            outcome_currency=settings.outcome_coin,
        )
        self._payments[number] = payment
        return payment

    def repeat(self, parent: Payment, amount: Decimal, coin: str | None = None) -> Payment:
        """Create a payment of a further deposit to the parent's address.

        It asks for the received amount, so that by itself it is always paid in full.
        """
        code = coin or parent.asked.pay_currency
        price = convert(amount, code, parent.asked.price_currency)
        child = self.create(replace(parent.asked, price_amount=price, pay_currency=code, pay_amount=amount))
        child.parent = parent.parent or parent.number
        child.address, child.memo = parent.address, parent.memo
        return child


def as_created(payment: Payment) -> dict[str, Json]:
    """Return the provider's answer to a request for a payment."""
    coin = COINS[payment.pay_currency]
    return {
        "payment_id": str(payment.number),
        "payment_status": payment.status,
        "pay_address": payment.address,
        "price_amount": payment.asked.price_amount,
        "price_currency": payment.asked.price_currency,
        "pay_amount": payment.pay_amount,
        "amount_received": payment.outcome,
        "pay_currency": payment.pay_currency,
        "order_id": payment.asked.order_id,
        "order_description": payment.asked.order_description,
        "payin_extra_id": payment.memo,
        "ipn_callback_url": payment.asked.ipn_callback_url,
        "created_at": _iso(payment.created_at),
        "updated_at": _iso(payment.updated_at),
        "purchase_id": payment.purchase,
        "smart_contract": None,
        "network": coin.network,
        "network_precision": coin.precision,
        "time_limit": None,
        "burning_percent": None,
        "expiration_estimate_date": _iso(payment.expires_at),
        "is_fixed_rate": payment.asked.fixed_rate,
    }


def as_status(payment: Payment) -> dict[str, Json]:
    """Return the provider's answer to a request for the payment's status."""
    return {
        "payment_id": str(payment.number),
        "parent_payment_id": None if payment.parent is None else str(payment.parent),
        "invoice_id": None,
        "payment_status": payment.status,
        "pay_address": payment.address,
        "payin_extra_id": payment.memo,
        "price_amount": payment.asked.price_amount,
        "price_currency": payment.asked.price_currency,
        "pay_amount": payment.pay_amount,
        "actually_paid": payment.received,
        "actually_paid_at_fiat": _at_fiat(payment),
        "pay_currency": payment.pay_currency,
        "order_id": payment.asked.order_id,
        "order_description": payment.asked.order_description,
        "purchase_id": payment.purchase,
        "outcome_amount": payment.outcome,
        "outcome_currency": payment.outcome_currency,
        "payment_extra_ids": None,
        "created_at": _iso(payment.created_at),
        "updated_at": _iso(payment.updated_at),
        "expiration_estimate_date": _iso(payment.expires_at),
    }


def as_notified(payment: Payment) -> dict[str, Json]:
    """Return the body of a notification, in which ids are numbers, and fees are included."""
    return {
        "payment_id": payment.number,
        "parent_payment_id": payment.parent,
        "invoice_id": None,
        "payment_status": payment.status,
        "pay_address": payment.address,
        "payin_extra_id": payment.memo,
        "price_amount": payment.asked.price_amount,
        "price_currency": payment.asked.price_currency,
        "pay_amount": payment.pay_amount,
        "actually_paid": payment.received,
        "actually_paid_at_fiat": _at_fiat(payment),
        "pay_currency": payment.pay_currency,
        "order_id": payment.asked.order_id,
        "order_description": payment.asked.order_description,
        "purchase_id": payment.purchase,
        "outcome_amount": payment.outcome,
        "outcome_currency": payment.outcome_currency,
        "payment_extra_ids": None,
        "updated_at": int(payment.updated_at.timestamp() * 1000),
        "fee": _fee(payment),
    }


def _fee(payment: Payment) -> dict[str, Json]:
    """Return the fees, in the deposit's coin: small numbers, which JSON libraries write differently."""
    coin = COINS[payment.pay_currency]
    service = coin.rounded(payment.received * (1 - PAYOUT_SHARE))
    deposit = coin.deposit_fee if payment.received else Decimal(0)
    return {"currency": coin.code, "depositFee": deposit, "withdrawalFee": 0, "serviceFee": service}


def _at_fiat(payment: Payment) -> Decimal:
    return convert(payment.received, payment.pay_currency, payment.asked.price_currency)


def _iso(instant: datetime) -> str:
    return instant.isoformat(timespec="milliseconds").replace("+00:00", "Z")
