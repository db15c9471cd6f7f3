"""The adapter for NOWPayments: its API, notifications and signatures."""

from services.billing.adapters.nowpayments.provider import Account, NowPayments

__all__ = ["Account", "NowPayments"]
