"""Answers: what became of an order and its payment."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from pydantic import BaseModel

from libs.events.billing import (
    OrderExpired,
    OrderFulfilled,
    OrderPlaced,
    PaymentConfirmed,
    PaymentConfirming,
    PaymentExpired,
    PaymentFailed,
    PaymentFinished,
    PaymentPartiallyPaid,
    PaymentRefunded,
    PaymentRequested,
    PaymentSending,
)
from libs.events.values import AccountId
from libs.eventsourcing.projection import Projection, Sql, TableSql
from services.gateway.tables.values import Money

ORDERS = Projection(
    "orders",
    version=1,
    ddl="""
    create table orders (
        order_number text primary key,
        account uuid not null,
        email text not null,
        plan text not null,
        plan_name text not null,
        price_usd numeric not null,
        pay_currency text not null,
        status text not null,
        payment_status text not null,
        placed_at timestamptz not null,
        pay_by timestamptz not null,
        payment text,
        pay_address text,
        memo text,
        amount numeric,
        paid numeric,
        missing numeric,
        expires_at timestamptz,
        finished_at timestamptz,
        adbot uuid,
        updated_at timestamptz not null
    );
    create index on orders (account, placed_at desc);
    create index on orders (placed_at desc);
    """,
)


class OrderStatus(StrEnum):
    """How far an order has come."""

    PENDING = "PENDING"
    PAID = "PAID"
    FULFILLED = "FULFILLED"
    EXPIRED = "EXPIRED"
    REFUNDED = "REFUNDED"


class PaymentStatus(StrEnum):
    """How far an order's payment has come; `REQUESTED` until the provider gave an address."""

    REQUESTED = "REQUESTED"
    WAITING = "WAITING"
    CONFIRMING = "CONFIRMING"
    CONFIRMED = "CONFIRMED"
    SENDING = "SENDING"
    PARTIALLY_PAID = "PARTIALLY_PAID"
    FINISHED = "FINISHED"
    FAILED = "FAILED"
    REFUNDED = "REFUNDED"
    EXPIRED = "EXPIRED"


class PaymentState(BaseModel):
    """A payment, for whoever knows its order's number."""

    order_number: str
    status: PaymentStatus
    order_status: OrderStatus
    plan: str
    price_usd: Money
    pay_currency: str
    pay_address: str | None
    memo: str | None
    amount: Money | None
    paid: Money | None
    missing: Money | None
    expires_at: datetime
    updated_at: datetime


class OrderLine(PaymentState):
    """An order in its owner's history."""

    plan_name: str
    placed_at: datetime
    finished_at: datetime | None
    adbot: UUID | None


class AdminOrderLine(OrderLine):
    """An order as the operator sees it."""

    account: UUID
    email: str
    payment: str | None


@ORDERS.on(OrderPlaced)
async def placed(event: OrderPlaced, sql: TableSql) -> None:
    """Add the order."""
    await sql.insert(
        order_number=event.order,
        account=event.account,
        email=event.email,
        plan=event.plan.code,
        plan_name=event.plan.name,
        price_usd=event.plan.price_usd,
        pay_currency=event.coin,
        status=OrderStatus.PENDING,
        payment_status=PaymentStatus.REQUESTED,
        placed_at=sql.at,
        pay_by=event.pay_by,
        updated_at=sql.at,
    )


@ORDERS.on(PaymentRequested)
async def requested(event: PaymentRequested, sql: TableSql) -> None:
    """Show where to pay, and how much."""
    await sql.execute(
        "update orders set payment = $2, pay_address = $3, memo = $4, amount = $5, expires_at = $6 "
        "where order_number = $1",
        event.order,
        event.payment,
        event.address,
        event.memo,
        event.amount,
        event.expires_at,
    )
    await _payment(sql, event.order, PaymentStatus.WAITING)


@ORDERS.on(PaymentConfirming)
async def confirming(event: PaymentConfirming, sql: TableSql) -> None:
    """Show that the money was seen."""
    await _payment(sql, event.order, PaymentStatus.CONFIRMING)


@ORDERS.on(PaymentConfirmed)
async def confirmed(event: PaymentConfirmed, sql: TableSql) -> None:
    """Show that the chain confirmed the money."""
    await _payment(sql, event.order, PaymentStatus.CONFIRMED)


@ORDERS.on(PaymentSending)
async def sending(event: PaymentSending, sql: TableSql) -> None:
    """Show that the provider passes the money on."""
    await _payment(sql, event.order, PaymentStatus.SENDING)


@ORDERS.on(PaymentPartiallyPaid)
async def partially_paid(event: PaymentPartiallyPaid, sql: TableSql) -> None:
    """Show what came and what is missing."""
    await sql.execute(
        "update orders set paid = $2, missing = $3 where order_number = $1",
        event.order,
        event.paid,
        event.missing,
    )
    await _payment(sql, event.order, PaymentStatus.PARTIALLY_PAID)


@ORDERS.on(PaymentFinished)
async def finished(event: PaymentFinished, sql: TableSql) -> None:
    """Show that the order is paid."""
    await sql.execute(
        "update orders set paid = $2, missing = null, finished_at = $3 where order_number = $1",
        event.order,
        event.paid,
        sql.at,
    )
    await _payment(sql, event.order, PaymentStatus.FINISHED)
    await _order(sql, event.order, OrderStatus.PAID)


@ORDERS.on(PaymentFailed)
async def failed(event: PaymentFailed, sql: TableSql) -> None:
    """Show that the provider gave the payment up."""
    await _payment(sql, event.order, PaymentStatus.FAILED)


@ORDERS.on(PaymentExpired)
async def payment_expired(event: PaymentExpired, sql: TableSql) -> None:
    """Show that the provider no longer waits."""
    await _payment(sql, event.order, PaymentStatus.EXPIRED)


@ORDERS.on(PaymentRefunded)
async def refunded(event: PaymentRefunded, sql: TableSql) -> None:
    """Show that the money went back."""
    await _payment(sql, event.order, PaymentStatus.REFUNDED)
    await _order(sql, event.order, OrderStatus.REFUNDED)


@ORDERS.on(OrderExpired)
async def expired(event: OrderExpired, sql: TableSql) -> None:
    """Show that the order was not paid in time."""
    await _order(sql, event.order, OrderStatus.EXPIRED)


@ORDERS.on(OrderFulfilled)
async def fulfilled(event: OrderFulfilled, sql: TableSql) -> None:
    """Show what the order brought."""
    await sql.execute("update orders set adbot = $2 where order_number = $1", event.order, event.adbot)
    await _order(sql, event.order, OrderStatus.FULFILLED)


async def _payment(sql: TableSql, order: str, status: PaymentStatus) -> None:
    await sql.execute(
        "update orders set payment_status = $2, updated_at = $3 where order_number = $1",
        order,
        status,
        sql.at,
    )


async def _order(sql: TableSql, order: str, status: OrderStatus) -> None:
    await sql.execute(
        "update orders set status = $2, updated_at = $3 where order_number = $1", order, status, sql.at
    )


_LINE = (
    "select order_number, account, email, plan, plan_name, price_usd, pay_currency, status as order_status, "
    "payment_status as status, placed_at, payment, pay_address, memo, amount, paid, missing, "
    "coalesce(expires_at, pay_by) as expires_at, finished_at, adbot, updated_at from orders"
)


async def payment_of(sql: Sql, order: str) -> PaymentState | None:
    """Return how far an order's payment is."""
    row = await sql.fetchrow(f"{_LINE} where order_number = $1", order)
    return None if row is None else PaymentState.model_validate(dict(row.items()))


async def pending_order(
    sql: Sql, account: AccountId, plan: str, coin: str, at: datetime
) -> PaymentState | None:
    """Return the order that an account may still pay for this plan in this coin, if there is one."""
    row = await sql.fetchrow(
        f"{_LINE} where account = $1 and plan = $2 and pay_currency = $3 and status = 'PENDING' "
        "and payment_status not in ('FAILED', 'EXPIRED', 'REFUNDED', 'FINISHED') "
        "and pay_by > $4 and (expires_at is null or expires_at > $4) order by placed_at desc limit 1",
        account,
        plan,
        coin,
        at,
    )
    return None if row is None else PaymentState.model_validate(dict(row.items()))


async def orders_of(sql: Sql, account: AccountId, limit: int) -> list[OrderLine]:
    """Return an account's orders, the latest first."""
    rows = await sql.fetch(
        f"{_LINE} where account = $1 order by placed_at desc, order_number limit $2", account, limit
    )
    return [OrderLine.model_validate(dict(row.items())) for row in rows]


async def all_orders(sql: Sql, limit: int) -> list[AdminOrderLine]:
    """Return everybody's orders, the latest first."""
    rows = await sql.fetch(f"{_LINE} order by placed_at desc, order_number limit $1", limit)
    return [AdminOrderLine.model_validate(dict(row.items())) for row in rows]
