"""Read models, one for each question that is asked of the gateway."""

from services.gateway.tables.adbots import ADBOTS
from services.gateway.tables.attention import ATTENTION
from services.gateway.tables.deliveries import DELIVERIES
from services.gateway.tables.order_history import ORDER_HISTORY
from services.gateway.tables.orders import ORDERS
from services.gateway.tables.private_ids import PRIVATE_IDS
from services.gateway.tables.products import PRODUCTS
from services.gateway.tables.statistics import STATISTICS
from services.gateway.tables.stock import STOCK

READ_MODELS = (PRODUCTS, ORDERS, ORDER_HISTORY, ATTENTION, ADBOTS, DELIVERIES, STATISTICS, STOCK, PRIVATE_IDS)
