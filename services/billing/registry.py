"""All tables that billing folds."""

from services.billing.order.tables import TABLES
from services.billing.payments.tables import OPEN_PAYMENTS
from services.billing.stock.tables import PROMISES
from services.billing.tables.free_sessions import FREE_SESSIONS

STATE_TABLES = (*TABLES, PROMISES, OPEN_PAYMENTS)
READ_MODELS = (FREE_SESSIONS,)
