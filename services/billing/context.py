"""The dependencies of billing's handlers."""

from dataclasses import dataclass
from datetime import timedelta

from services.billing.order.settling import Tolerance
from services.billing.payments.requesting import PaymentRequests
from services.billing.ports import PaymentProvider
from services.billing.stock.limits import Limits


@dataclass(frozen=True, slots=True)
class Context:
    """The provider, and the limits from the settings."""

    provider: PaymentProvider
    requests: PaymentRequests
    order_valid: timedelta
    promised: timedelta
    """How long sessions are promised to an unpaid order."""
    limits: Limits
    tolerance: Tolerance
