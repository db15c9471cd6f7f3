"""The commands of an order."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import TypeAlias

from libs.events.values import AccountId, AdbotId, Coin, EmailAddress, OrderNumber, PaymentId, Plan, PlanCode
from services.billing.order.payment_report import PaymentReport
from services.billing.order.settling import NO_TOLERANCE, Tolerance
from services.billing.stock.limits import NOTHING_UNPAID, Limits, Unpaid


@dataclass(frozen=True, slots=True)
class Place:
    """Order a plan; `plan` is what is on sale under that code, None if nothing is.

    `minimum_usd` is the smallest price that the coin can pay, `available` how many sessions are free and
    promised to nobody, `limits` how many more may be promised to those who have not paid; None where that is
    not known, or does not matter. `unpaid` is what such orders are promised already.
    """

    order: OrderNumber
    account: AccountId
    email: EmailAddress
    code: PlanCode
    plan: Plan | None
    coin: Coin
    renews: AdbotId | None
    pay_by: datetime
    minimum_usd: Decimal | None = None
    available: int | None = None
    origin: str | None = None
    unpaid: Unpaid = NOTHING_UNPAID
    limits: Limits | None = None


@dataclass(frozen=True, slots=True)
class RecordPaymentRequest:
    """Note the payment that the provider waits for."""

    provider: str
    payment: PaymentId
    address: str
    memo: str | None
    amount: Decimal
    expires_at: datetime | None


@dataclass(frozen=True, slots=True)
class RecordStatus:
    """Note what the provider says of a payment; `report.order` is an order of ours or None."""

    report: PaymentReport
    tolerance: Tolerance = NO_TOLERANCE


@dataclass(frozen=True, slots=True)
class MarkPaid:
    """Mark an order as paid by hand, so that it is delivered."""

    reason: str


@dataclass(frozen=True, slots=True)
class Refund:
    """Note that the money goes back, and whether the adbot keeps its sessions all the same."""

    reason: str
    keep_sessions: bool = False


@dataclass(frozen=True, slots=True)
class Cancel:
    """Call it off while it is not paid."""

    reason: str


@dataclass(frozen=True, slots=True)
class Review:
    """Note that an operator has seen to what was odd about it."""

    note: str


@dataclass(frozen=True, slots=True)
class MarkFulfilled:
    """Note that what was paid for was delivered."""

    adbot: AdbotId


@dataclass(frozen=True, slots=True)
class Expire:
    """Give up waiting for the money, if its time is over."""

    at: datetime


ByHand: TypeAlias = MarkPaid | Refund | Cancel | Review
Command: TypeAlias = Place | RecordPaymentRequest | RecordStatus | ByHand | MarkFulfilled | Expire
