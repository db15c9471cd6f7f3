"""A sandbox of the payment provider's API and signed notifications."""

from sandbox.nowpayments.client import ControlError, NowPaymentsControl
from sandbox.nowpayments.messages import (
    Attempt,
    Call,
    Deposit,
    Fault,
    NotificationView,
    PaymentView,
    Sending,
    Switches,
)
from sandbox.nowpayments.server import NowPaymentsSandbox
from sandbox.nowpayments.settings import SandboxSettings

__all__ = [
    "Attempt",
    "Call",
    "ControlError",
    "Deposit",
    "Fault",
    "NotificationView",
    "NowPaymentsControl",
    "NowPaymentsSandbox",
    "PaymentView",
    "SandboxSettings",
    "Sending",
    "Switches",
]
