"""Events, commands and reports of an order."""

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from uuid import UUID

from libs.events.billing import (
    DepositReceived,
    OrderCancelled,
    OrderExpired,
    OrderFulfilled,
    OrderMarkedPaid,
    OrderPlaced,
    PaymentConfirmed,
    PaymentConfirming,
    PaymentExpired,
    PaymentFailed,
    PaymentFinished,
    PaymentOverpaid,
    PaymentPartiallyPaid,
    PaymentRefunded,
    PaymentRequested,
    PaymentSending,
    UncountedMoneyReported,
    UnknownStatusReported,
    UnmatchedPaymentReported,
    WrongCoinReceived,
)
from libs.events.values import AccountId, AdbotId
from services.billing.order.commands import Place, RecordPaymentRequest, RecordStatus
from services.billing.order.matching import Mismatch
from services.billing.order.payment_report import PaymentReport
from services.billing.order.payment_state import PaymentState
from tests.support.plans import BRONZE

NUMBER = "HQADZ-ABC123-WXYZ"
PAYMENT = "5000000001"
DEPOSIT = "5000000002"
ACCOUNT = AccountId(UUID(int=1))
ADBOT = AdbotId(UUID(int=2))
NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
PAY_BY = datetime(2026, 1, 2, 12, tzinfo=UTC)
AMOUNT = Decimal("0.00046693")
HALF = Decimal("0.00023")
REST = AMOUNT - HALF
ETHER = Decimal("0.009")


# -- events

PLACED = OrderPlaced(order=NUMBER, account=ACCOUNT, plan=BRONZE, coin="BTC", pay_by=PAY_BY)
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
FAILED = PaymentFailed(order=NUMBER, payment=PAYMENT)
EXPIRED = PaymentExpired(order=NUMBER, payment=PAYMENT)
FINISHED = PaymentFinished(
    order=NUMBER, account=ACCOUNT, plan=BRONZE, payment=PAYMENT, paid=AMOUNT, coin="BTC", by_hand=False
)
REFUNDED = PaymentRefunded(
    order=NUMBER, payment=PAYMENT, reason="the provider gave the money back", by_hand=False
)
MARKED_PAID = OrderMarkedPaid(order=NUMBER, reason="paid in cash")
ORDER_EXPIRED = OrderExpired(order=NUMBER)
CANCELLED = OrderCancelled(order=NUMBER, reason="ordered twice")
FULFILLED = OrderFulfilled(order=NUMBER, account=ACCOUNT, adbot=ADBOT)


def part_paid(paid: Decimal) -> PaymentPartiallyPaid:
    return PaymentPartiallyPaid(order=NUMBER, payment=PAYMENT, paid=paid, missing=AMOUNT - paid, coin="BTC")


def finished(paid: Decimal, tolerated: Decimal = Decimal(0)) -> PaymentFinished:
    return FINISHED.model_copy(update={"paid": paid, "tolerated": tolerated})


def by_hand(paid: Decimal, payment: str | None = PAYMENT) -> PaymentFinished:
    return FINISHED.model_copy(update={"paid": paid, "payment": payment, "by_hand": True})


def overpaid(paid: Decimal) -> PaymentOverpaid:
    return PaymentOverpaid(order=NUMBER, paid=paid, excess=paid - AMOUNT, coin="BTC")


def deposited(paid: Decimal, deposit: str = DEPOSIT) -> DepositReceived:
    return DepositReceived(order=NUMBER, deposit=deposit, paid=paid, coin="BTC")


def in_ether(payment: str = PAYMENT, paid: Decimal = ETHER) -> WrongCoinReceived:
    return WrongCoinReceived(order=NUMBER, payment=payment, paid=paid, currency="eth")


def uncounted(command: RecordStatus, much: Decimal | None = None) -> UncountedMoneyReported:
    """Return the event for reported money that does not count; all of the report's by default."""
    report = command.report
    paid = report.paid or Decimal(0)
    return UncountedMoneyReported(
        order=NUMBER,
        payment=report.payment,
        status=report.status_text,
        on_the_way=report.status_text in {"waiting", "confirming", "confirmed", "sending"},
        paid=paid,
        uncounted=paid if much is None else much,
        currency=report.currency or "",
        coin="BTC" if report.currency in {"btc", None} else None,
    )


def unknown(payment: str = PAYMENT, status: str = "cancelled") -> UnknownStatusReported:
    return UnknownStatusReported(order=NUMBER, payment=payment, status=status)


def unmatched(command: RecordStatus, why: Mismatch) -> UnmatchedPaymentReported:
    """Return the event for a report that does not match the order."""
    report = command.report
    return UnmatchedPaymentReported(
        order=NUMBER,
        payment=report.payment,
        parent=report.parent,
        why=why,
        status=report.status_text,
        paid=report.paid or Decimal(0),
        amount=report.amount or Decimal(0),
        currency=report.currency or "",
        price=report.price or Decimal(0),
        price_currency=report.price_currency or "",
    )


HALF_PAID = part_paid(HALF)

# -- commands

PLACE = Place(
    order=NUMBER,
    account=ACCOUNT,
    code="bronze",
    plan=BRONZE,
    coin="BTC",
    renews=None,
    pay_by=PAY_BY,
)
REQUEST = RecordPaymentRequest(
    provider="nowpayments",
    payment=PAYMENT,
    address="3SandboxAddress",
    memo=None,
    amount=AMOUNT,
    expires_at=PAY_BY,
)


def reported(status: PaymentState | str, paid: Decimal = AMOUNT, *, coin: str = "BTC") -> RecordStatus:
    """Return a report of the order's own payment; a status given as a string is an unknown one."""
    report = PaymentReport(
        payment=PAYMENT,
        parent=None,
        order=None,
        status=status if isinstance(status, PaymentState) else None,
        status_text=status.lower(),
        price=Decimal("30.0"),
        price_currency="USD",
        amount=AMOUNT,
        paid=paid,
        coin=coin,
        currency=coin.lower(),
    )
    return RecordStatus(report)


def reported_deposit(
    status: PaymentState | str, paid: Decimal, deposit: str = DEPOSIT, *, coin: str = "BTC"
) -> RecordStatus:
    """Return a report of a further deposit, whose expected amount is the received one."""
    report = PaymentReport(
        payment=deposit,
        parent=PAYMENT,
        order=None,
        status=status if isinstance(status, PaymentState) else None,
        status_text=status.lower(),
        price=Decimal("15.2"),
        price_currency="USD",
        amount=paid,
        paid=paid,
        coin=coin,
        currency=coin.lower(),
    )
    return RecordStatus(report)


def changed(command: RecordStatus, **fields: object) -> RecordStatus:
    """Return the report with these fields replaced."""
    return replace(command, report=replace(command.report, **fields))  # type: ignore[arg-type]  # a test names what fits
