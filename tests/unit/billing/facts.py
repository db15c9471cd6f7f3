"""An order's life, in events."""

from datetime import UTC, datetime
from decimal import Decimal
from uuid import UUID

from libs.events.billing import (
    OrderExpired,
    OrderFulfilled,
    OrderPlaced,
    PaymentConfirmed,
    PaymentConfirming,
    PaymentExpired,
    PaymentFailed,
    PaymentFinished,
    PaymentPartiallyPaid,
    PaymentRefunded,
    PaymentRequested,
    PaymentSending,
)
from libs.events.values import AccountId, AdbotId, Plan, PlanKind

NUMBER = "HQADZ-ABC123-WXYZ"
PAYMENT = "5000000001"
ACCOUNT = AccountId(UUID(int=1))
ADBOT = AdbotId(UUID(int=2))
NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
PAY_BY = datetime(2026, 1, 2, 12, tzinfo=UTC)
AMOUNT = Decimal("0.00046693")
HALF = Decimal("0.00023")

BRONZE = Plan(
    code="bronze",
    name="Bronze",
    kind=PlanKind.STARTER,
    sessions=1,
    interval_seconds=3600,
    price_usd=Decimal(30),
    validity_days=30,
)
PLACED = OrderPlaced(
    order=NUMBER, account=ACCOUNT, email="client@example.org", plan=BRONZE, coin="BTC", pay_by=PAY_BY
)
REQUESTED = PaymentRequested(
    order=NUMBER,
    provider="nowpayments",
    payment=PAYMENT,
    address="3SandboxAddress",
    amount=AMOUNT,
    coin="BTC",
    expires_at=PAY_BY,
)
CONFIRMING = PaymentConfirming(order=NUMBER, payment=PAYMENT)
CONFIRMED = PaymentConfirmed(order=NUMBER, payment=PAYMENT)
SENDING = PaymentSending(order=NUMBER, payment=PAYMENT)
HALF_PAID = PaymentPartiallyPaid(order=NUMBER, payment=PAYMENT, paid=HALF, missing=AMOUNT - HALF, coin="BTC")
FAILED = PaymentFailed(order=NUMBER, payment=PAYMENT)
EXPIRED = PaymentExpired(order=NUMBER, payment=PAYMENT)
FINISHED = PaymentFinished(
    order=NUMBER, account=ACCOUNT, plan=BRONZE, payment=PAYMENT, paid=AMOUNT, coin="BTC", by_hand=False
)
REFUNDED = PaymentRefunded(
    order=NUMBER, payment=PAYMENT, reason="the provider gave the money back", by_hand=False
)
ORDER_EXPIRED = OrderExpired(order=NUMBER)
FULFILLED = OrderFulfilled(order=NUMBER, account=ACCOUNT, adbot=ADBOT)
