"""Queries of the orders that need a person, and why."""

from datetime import datetime
from decimal import Decimal

from pydantic import BaseModel, Field

from libs.events.values import OrderNumber
from libs.eventsourcing import Sql
from services.gateway.tables.attention_kinds import AttentionKind
from services.gateway.tables.orders import OrderStatus, PaymentStatus
from services.gateway.tables.values import Money


class Attention(BaseModel):
    """An order that needs a person, and why; there is one line for each reason."""

    order_number: str
    kind: AttentionKind
    since: datetime
    amount: Money | None
    currency: str | None
    detail: str | None = Field(
        description="The unknown status, the payment and the reason, or the other order."
    )
    email: str
    plan: str
    order_status: OrderStatus
    payment_status: PaymentStatus


_ATTENTION = """
with needed as (
    select order_number, kind, since, due_at, amount, currency, detail from attention
    where due_at <= $1 and (share is null or share >= $4)
    union all
    select order_number, 'seats_awaited', since, since, missing, null, null from attention_adbots
    where missing > 0 and not expired
      and order_number not in (select order_number from attention_orders where refunded)
)
select n.order_number, n.kind, n.since, n.amount, n.currency, n.detail, o.email, o.plan,
       o.status as order_status, o.payment_status
from needed n join orders o using (order_number) left join attention_orders a using (order_number)
where n.due_at > coalesce(a.reviewed_at, '-infinity') and ($2::text is null or n.order_number = $2)
order by n.since, n.order_number, n.kind limit $3
"""


async def needing_attention(
    sql: Sql, at: datetime, limit: int, order: OrderNumber | None = None, *, share: Decimal
) -> list[Attention]:
    """Return the reasons of one order or of all, the oldest first.

    Money of less than this share of the requested amount is in the order's history only.
    """
    rows = await sql.fetch(_ATTENTION, at, order, limit, share)
    return [Attention.model_validate(dict(row.items())) for row in rows]
