"""The dependencies of billing's handlers, besides events and the database."""

from dataclasses import dataclass
from datetime import timedelta

from services.billing.order.settling import Tolerance
from services.billing.payments.requesting import PaymentRequests
from services.billing.ports import PaymentProvider
from services.billing.stock.limits import Limits


@dataclass(frozen=True, slots=True)
class Context:
    """The provider, and limits as they are set."""

    provider: PaymentProvider
    requests: PaymentRequests
    order_valid: timedelta
    promised: timedelta
    """How long an unpaid order is promised its sessions."""
    limits: Limits
    tolerance: Tolerance
