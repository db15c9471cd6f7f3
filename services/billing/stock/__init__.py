"""What may still be sold: sessions that are free, less those that are promised to orders."""

from services.billing.stock.free import FREE_SESSIONS
from services.billing.stock.promises import PROMISES

READ_MODELS = (FREE_SESSIONS,)
STATE_TABLES = (PROMISES,)

__all__ = ["READ_MODELS", "STATE_TABLES"]
