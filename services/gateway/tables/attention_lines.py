"""Queries of the orders that need a person, and why."""

from datetime import datetime
from decimal import Decimal

from pydantic import Field

from libs.events.values import OrderNumber
from libs.eventsourcing import Sql
from services.gateway.tables.attention_kinds import AttentionKind
from services.gateway.tables.orders import OrderStatus, PaymentStatus
from services.gateway.tables.paging import (
    Key,
    KeyType,
    PagedList,
    PageRequest,
    amount,
    holds,
    instant,
    page_of,
)
from services.gateway.tables.values import Money, View


class Attention(View):
    """An order that needs a person, and why; there is one line for each reason."""

    order_number: str
    kind: AttentionKind
    since: datetime
    amount: Money | None
    currency: str | None
    detail: str | None = Field(
        description="The unknown status, the payment and the reason, or the other order."
    )
    email: str | None
    """Null if the account was erased, or its address is not known."""
    plan: str
    order_status: OrderStatus
    payment_status: PaymentStatus


_NEEDED = """(
    select order_number, kind, payment, since, due_at, amount, currency, detail, share from attention
    where due_at <= now()
    union all
    select order_number, 'seats_awaited', adbot::text, since, since, missing, null, null, null
    from attention_adbots
    where missing > 0 and not expired
      and order_number not in (select order_number from attention_orders where refunded)
)"""
ATTENTION_LINES = PagedList(
    name="attention",
    fields=f"""
        n.order_number, n.kind, {instant("n.since")} as since, {amount("n.amount")} as amount, n.currency,
        n.detail, nullif(p.email, '') as email, o.plan, o.status as order_status, o.payment_status
    """,
    source=(
        f"{_NEEDED} n join orders o using (order_number) left join attention_orders a using (order_number) "
        "left join personal.addresses p on p.account = o.account"
    ),
    where="n.due_at > coalesce(a.reviewed_at, '-infinity')",
    sorts={
        "created_at": (
            Key("n.since", KeyType.INSTANT),
            Key("n.order_number", KeyType.TEXT),
            Key("n.kind", KeyType.TEXT),
            Key("n.payment", KeyType.TEXT),
        )
    },
    filters={
        "number": "n.order_number = {}",
        "kind": "n.kind = {}",
        "share": "(n.share is null or n.share >= {})",
        "text": holds("n.order_number", "p.email", "n.detail"),
    },
)
"""The reasons why orders need a person: as few as there is trouble, so that no index has their order."""


async def attention_of(sql: Sql, order: OrderNumber | None, limit: int, *, share: Decimal) -> list[Attention]:
    """Return the reasons of one order, or of all, the oldest first.

    Money of less than this share of the requested amount is in the order's history only.
    """
    wanted = PageRequest("created_at", limit, filters={"number": order, "share": share})
    found = await page_of(sql, ATTENTION_LINES, wanted)
    return [Attention.model_validate_json(row["item"]) for row in found.rows]
