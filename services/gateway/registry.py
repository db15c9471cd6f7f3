"""The gateway's aggregates, tables and reactions. It receives no commands."""

from libs.eventsourcing import Registry
from services.gateway.account.domain import ACCOUNT
from services.gateway.account.tables import ACCOUNTS, API_KEYS, ERASED_ACCOUNTS
from services.gateway.context import Context
from services.gateway.device.domain import DEVICE
from services.gateway.device.tables import DEVICES
from services.gateway.hooks.domain import HOOK
from services.gateway.hooks.tables import HOOKS
from services.gateway.inbox.domain import INBOX
from services.gateway.inbox.tables import TABLES as INBOXES
from services.gateway.notices.domain import NOTICE
from services.gateway.notices.tables import NOTICES
from services.gateway.reactions import reactions
from services.gateway.tables.adbots import ADBOTS
from services.gateway.tables.attention import ATTENTION
from services.gateway.tables.changes import CHANGES
from services.gateway.tables.dead_groups import DEAD_GROUPS
from services.gateway.tables.deliveries import DELIVERIES
from services.gateway.tables.denials import DENIALS
from services.gateway.tables.expiring import EXPIRING
from services.gateway.tables.group_lists import GROUP_LISTS
from services.gateway.tables.hours import HOURS
from services.gateway.tables.join_requests import JOIN_REQUESTS
from services.gateway.tables.lost_sessions import LOST_SESSIONS
from services.gateway.tables.method_rests import METHOD_RESTS
from services.gateway.tables.operations import OPERATIONS
from services.gateway.tables.order_history import ORDER_HISTORY
from services.gateway.tables.orders import ORDERS
from services.gateway.tables.post_checks import POST_CHECKS
from services.gateway.tables.private_ids import PRIVATE_IDS
from services.gateway.tables.products import PRODUCTS
from services.gateway.tables.running_cycles import RUNNING_CYCLES
from services.gateway.tables.statistics import STATISTICS
from services.gateway.tables.stock import STOCK
from services.gateway.timers import timers

REGISTRY = Registry[Context](
    service="gateway",
    aggregates=(ACCOUNT, DEVICE, INBOX, NOTICE, HOOK),
    state_tables=(ACCOUNTS, ERASED_ACCOUNTS, API_KEYS, DEVICES, *INBOXES, NOTICES, HOOKS),
    read_models=(
        PRODUCTS,
        ORDERS,
        ORDER_HISTORY,
        ATTENTION,
        ADBOTS,
        DELIVERIES,
        STATISTICS,
        HOURS,
        DENIALS,
        STOCK,
        POST_CHECKS,
        PRIVATE_IDS,
        OPERATIONS,
        GROUP_LISTS,
        JOIN_REQUESTS,
        METHOD_RESTS,
        RUNNING_CYCLES,
        CHANGES,
        EXPIRING,
        DEAD_GROUPS,
        LOST_SESSIONS,
    ),
    reactions=reactions,
    timers=timers,
)
