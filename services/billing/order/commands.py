"""The commands of an order."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import TypeAlias

from libs.events.values import AccountId, AdbotId, Coin, OrderNumber, PaymentId, Plan, PlanCode
from services.billing.order.payment_report import PaymentReport
from services.billing.order.settling import NO_TOLERANCE, Tolerance
from services.billing.stock.limits import NOTHING_UNPAID, Limits, Unpaid


@dataclass(frozen=True, slots=True)
class Place:
    """Place an order; `plan` is the plan on sale under the code, None if there is none.

    `minimum_usd` is the minimum price for the coin; `available` the number of free sessions without a
    promise; `limits` the number that may be promised to unpaid orders. None: unknown or not applicable.
    `unpaid` counts the sessions promised to unpaid orders so far.
    """

    order: OrderNumber
    account: AccountId
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
    """Record the payment that the provider created."""

    provider: str
    payment: PaymentId
    address: str
    memo: str | None
    amount: Decimal
    expires_at: datetime | None


@dataclass(frozen=True, slots=True)
class RecordStatus:
    """Record the provider's report of a payment; `report.order` is an order of ours or None."""

    report: PaymentReport
    tolerance: Tolerance = NO_TOLERANCE


@dataclass(frozen=True, slots=True)
class MarkPaid:
    """Mark the order as paid, by an operator, whatever the provider reports."""

    reason: str


@dataclass(frozen=True, slots=True)
class Refund:
    """Record that the order is refunded, and whether the adbot keeps its sessions."""

    reason: str
    keep_sessions: bool = False


@dataclass(frozen=True, slots=True)
class Cancel:
    """Cancel the order while it is unpaid."""

    reason: str


@dataclass(frozen=True, slots=True)
class Review:
    """Record that an operator reviewed the order."""

    note: str


@dataclass(frozen=True, slots=True)
class MarkFulfilled:
    """Record that the paid order was delivered."""

    adbot: AdbotId


@dataclass(frozen=True, slots=True)
class Expire:
    """Expire the order, if its time to pay is over."""

    at: datetime


ByHand: TypeAlias = MarkPaid | Refund | Cancel | Review
Command: TypeAlias = Place | RecordPaymentRequest | RecordStatus | ByHand | MarkFulfilled | Expire
