"""NOWPayments: its API, its notifications, its signature."""

from services.billing.adapters.nowpayments.provider import Account, NowPayments

__all__ = ["Account", "NowPayments"]
