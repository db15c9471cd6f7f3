"""All tables that billing folds."""

from services.billing import stock
from services.billing.open_payments import OPEN_PAYMENTS
from services.billing.order.tables import TABLES

STATE_TABLES = (*TABLES, *stock.STATE_TABLES, OPEN_PAYMENTS)
READ_MODELS = stock.READ_MODELS
