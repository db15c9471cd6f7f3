"""Every list of the gateway, with what fills it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from pydantic import BaseModel

from services.gateway.account.listing import ACCOUNT_LINES, AccountLine
from services.gateway.activity.log import ACTS, Act
from services.gateway.api.account.webhook_shapes import WebhookDelivery
from services.gateway.api.admin.private_ids import PrivateIdsView
from services.gateway.hooks.deliveries import DELIVERIES
from services.gateway.inbox.listing import NOTIFICATIONS
from services.gateway.notices.tables import NOTICE_LINES
from services.gateway.tables.adbot_query import ALL_ADBOTS, OWN_ADBOTS
from services.gateway.tables.adbot_states import AdbotState, AdminAdbot
from services.gateway.tables.attention_lines import ATTENTION_LINES, Attention
from services.gateway.tables.delivery_log import LOG, OWN_LOG, LogLine
from services.gateway.tables.figure_queries import GROUPS, SESSIONS
from services.gateway.tables.group_lists import GROUP_LIST_LINES, GroupListLine
from services.gateway.tables.operations import BLOCKED_SOURCES, BLOCKED_TARGETS, BlockedChat
from services.gateway.tables.order_lines import ALL_ORDERS, OWN_ORDERS, AdminOrderLine, OrderLine
from services.gateway.tables.paging import PagedList
from services.gateway.tables.post_checks import CHECKS
from services.gateway.tables.private_ids import PERMISSIONS
from services.gateway.tables.products import ALL_PLANS, PLANS_ON_SALE, CataloguePlan, PlanOnSale
from services.gateway.tables.stock import SESSIONS as STOCKED
from services.gateway.tables.stock import StockedSession
from tests.integration.gateway import rows


@dataclass(frozen=True)
class Case:
    """A list, whose it is, what fills it, and the shape of its items if the list renders them alone."""

    listed: PagedList
    insert: rows.Insert
    scope: tuple[object, ...] = ()
    shape: type[BaseModel] | None = None
    filters: Mapping[str, object] = field(default_factory=dict[str, object])
    """A value for every filter."""
    short: bool = False
    """No index has the list's order, because it is short."""


_ORDER_FILTERS: dict[str, Any] = {
    "number": "HQADZ-AAAAAA-BBBB",
    "order_status": "PENDING",
    "payment_status": "REQUESTED",
    "plan": "bronze",
    "from": rows.BEGIN,
    "to": rows.BEGIN,
    "text": "BTC",
}
_ADBOT_FILTERS: dict[str, Any] = {
    "id": rows.ADBOT,
    "status": "RUNNING",
    "plan": "bronze",
    "text": "group_1",
    "expiring_before": rows.BEGIN,
}
_LOG_FILTERS: dict[str, Any] = {
    "group": '@gr"oup',
    "result": "TARGET_DENIED",
    "session": "+49…42",
    "from": rows.BEGIN,
    "to": rows.BEGIN,
}
CASES = (
    Case(OWN_ORDERS, rows.add_order, (rows.OWNER,), OrderLine, _ORDER_FILTERS),
    Case(
        ALL_ORDERS,
        rows.add_order,
        shape=AdminOrderLine,
        filters={**_ORDER_FILTERS, "account": rows.OWNER, "email": ("client", "client"), "payment": "5001"},
    ),
    Case(OWN_ADBOTS, rows.add_adbot, (rows.OWNER,), AdbotState, _ADBOT_FILTERS),
    Case(ALL_ADBOTS, rows.add_adbot, shape=AdminAdbot, filters={**_ADBOT_FILTERS, "account": rows.OWNER}),
    Case(LOG, rows.add_delivery, (rows.ADBOT,), LogLine, _LOG_FILTERS),
    Case(OWN_LOG, rows.add_own_delivery, (rows.ADBOT, rows.OWNER), LogLine, _LOG_FILTERS),
    Case(
        GROUPS,
        rows.add_group,
        (rows.ADBOT,),
        filters={"state": "delivered", "result": "SENT", "advertised": True, "text": "@G"},
        short=True,
    ),
    Case(SESSIONS, rows.add_session, filters={"state": "UNUSED", "adbot": rows.ADBOT, "text": "42"}),
    Case(
        STOCKED,
        rows.add_session,
        shape=StockedSession,
        filters={"state": "UNUSED", "adbot": rows.ADBOT, "application": rows.ADBOT, "text": "42"},
    ),
    Case(
        GROUP_LIST_LINES,
        rows.add_group_list,
        (rows.OWNER,),
        GroupListLine,
        {"text": "@group", "adbot": rows.ADBOT},
        short=True,
    ),
    Case(
        PLANS_ON_SALE,
        rows.add_plan,
        shape=PlanOnSale,
        filters={"kind": "starter", "text": "PLAN"},
        short=True,
    ),
    Case(
        ALL_PLANS,
        rows.add_plan,
        shape=CataloguePlan,
        filters={"kind": "starter", "text": "PLAN", "on_sale": True},
        short=True,
    ),
    Case(BLOCKED_TARGETS, rows.blocking("blocked_targets"), shape=BlockedChat, filters={"text": "asked"}),
    Case(BLOCKED_SOURCES, rows.blocking("blocked_sources"), shape=BlockedChat, filters={"text": "asked"}),
    Case(PERMISSIONS, rows.add_permission, shape=PrivateIdsView, filters={"text": "example"}),
    Case(
        ATTENTION_LINES,
        rows.add_attention,
        shape=Attention,
        filters={
            "number": "HQADZ-AAAAAA-BBBB",
            "kind": "overpaid",
            "text": "client",
            "share": Decimal("0.01"),
        },
        short=True,
    ),
    Case(CHECKS, rows.add_check, (rows.ADBOT,)),
    Case(
        ACCOUNT_LINES,
        rows.add_permission,
        shape=AccountLine,
        filters={"account": rows.OWNER, "role": "CLIENT", "status": "ACTIVE", "text": "example"},
    ),
    Case(
        ACTS,
        rows.add_act,
        shape=Act,
        filters={
            "actor": "admin",
            "operation": "suspend_account",
            "from": rows.BEGIN,
            "to": rows.BEGIN,
            "text": "suspend",
        },
    ),
    Case(NOTIFICATIONS, rows.add_notification, (rows.OWNER,), filters={"unread": True}),
    Case(DELIVERIES, rows.add_message, (rows.HOOK,), shape=WebhookDelivery, filters={"state": "waiting"}),
    Case(NOTICE_LINES, rows.add_notice, filters={"open": True, "kind": "low_stock"}),
)
