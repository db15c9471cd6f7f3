"""Billing's aggregates, tables, commands, reactions and timers."""

from libs.eventsourcing import Registry
from services.billing.commands import commands
from services.billing.context import Context
from services.billing.order.domain import ORDER
from services.billing.order.tables import TABLES
from services.billing.payments.tables import OPEN_PAYMENTS
from services.billing.product.domain import PRODUCT
from services.billing.reactions import reactions
from services.billing.stock.tables import PROMISES
from services.billing.tables.free_sessions import FREE_SESSIONS
from services.billing.timers import timers

REGISTRY = Registry[Context](
    service="billing",
    aggregates=(ORDER, PRODUCT),
    state_tables=(*TABLES, PROMISES, OPEN_PAYMENTS),
    read_models=(FREE_SESSIONS,),
    reactions=reactions,
    commands=commands,
    timers=timers,
)
