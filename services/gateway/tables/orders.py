"""Every order and its payment, as they are now; `order_lines` asks about them."""

from enum import StrEnum

from libs.events.billing import (
    DepositReceived,
    OrderCancelled,
    OrderExpired,
    OrderFulfilled,
    OrderPlaced,
    PaymentConfirmed,
    PaymentConfirming,
    PaymentExpired,
    PaymentFailed,
    PaymentFinished,
    PaymentOverpaid,
    PaymentPartiallyPaid,
    PaymentRefunded,
    PaymentRequested,
    PaymentSending,
    UncountedMoneyReported,
)
from libs.eventsourcing import Projection, TableSql

ORDERS = Projection(
    "orders",
    version=3,
    ddl="""
    create table orders (
        order_number text primary key,
        account uuid not null,
        email text not null,
        plan text not null,
        plan_name text not null,
        price_usd numeric not null,
        pay_currency text not null,
        renews uuid,
        status text not null,
        payment_status text not null,
        placed_at timestamptz not null,
        pay_by timestamptz not null,
        payment text,
        pay_address text,
        memo text,
        amount numeric,
        paid numeric,
        deposited numeric not null default 0,
        uncounted jsonb not null default '{}',
        missing numeric,
        excess numeric,
        by_hand boolean not null default false,
        expires_at timestamptz,
        finished_at timestamptz,
        fulfilled_at timestamptz,
        adbot uuid,
        updated_at timestamptz not null
    );
    create index on orders (account, placed_at desc);
    create index on orders (placed_at desc, order_number desc);
    create index on orders (payment);
    create index on orders (email);
    """,
)
"""`paid` is what counts, `deposited` how much of it came by further deposits. `uncounted` is what came beside
it: of the order's own payment all that it received, of each further deposit what does not count."""


class OrderStatus(StrEnum):
    """How far an order has come."""

    PENDING = "PENDING"
    PAID = "PAID"
    FULFILLED = "FULFILLED"
    EXPIRED = "EXPIRED"
    CANCELLED = "CANCELLED"
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
        renews=event.renews,
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
        "update orders set payment = $2, pay_address = $3, memo = $4, amount = $5, expires_at = $6, "
        "payment_status = $7, updated_at = $8 where order_number = $1",
        event.order,
        event.payment,
        event.address,
        event.memo,
        event.amount,
        event.expires_at,
        PaymentStatus.WAITING,
        sql.at,
    )


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
        "update orders set paid = $2, missing = $3, payment_status = $4, updated_at = $5 "
        "where order_number = $1",
        event.order,
        event.paid,
        event.missing,
        PaymentStatus.PARTIALLY_PAID,
        sql.at,
    )


@ORDERS.on(DepositReceived)
async def deposited(event: DepositReceived, sql: TableSql) -> None:
    """Add what came; where more is said of the sum, that stands behind this event."""
    await sql.execute(
        "update orders set paid = coalesce(paid, 0) + $2, updated_at = $3, uncounted = uncounted - $4, "
        "deposited = deposited + case when payment = $4 then 0 else $2 end where order_number = $1",
        event.order,
        event.paid,
        sql.at,
        event.deposit,
    )


@ORDERS.on(UncountedMoneyReported)
async def uncounted(event: UncountedMoneyReported, sql: TableSql) -> None:
    """Add what came in the order's coin and was given up."""
    if event.on_the_way or event.coin is None or not event.uncounted:
        return
    await sql.execute(
        "update orders set updated_at = $5, uncounted = uncounted || jsonb_build_object("
        "$2::text, case when payment = $2 then $3::numeric else $4::numeric end) where order_number = $1",
        event.order,
        event.payment,
        event.paid,
        event.uncounted,
        sql.at,
    )


@ORDERS.on(PaymentOverpaid)
async def overpaid(event: PaymentOverpaid, sql: TableSql) -> None:
    """Show what came, and how much of it was too much."""
    await sql.execute(
        "update orders set paid = $2, excess = $3, updated_at = $4 where order_number = $1",
        event.order,
        event.paid,
        event.excess,
        sql.at,
    )


@ORDERS.on(PaymentFinished)
async def finished(event: PaymentFinished, sql: TableSql) -> None:
    """Show that the order is paid."""
    await sql.execute(
        "update orders set paid = $2, missing = null, by_hand = $3, finished_at = $4, updated_at = $4, "
        "payment_status = $5, status = $6 where order_number = $1",
        event.order,
        event.paid,
        event.by_hand,
        sql.at,
        PaymentStatus.FINISHED,
        OrderStatus.PAID,
    )


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
    """Show that the money goes back."""
    await _payment(sql, event.order, PaymentStatus.REFUNDED)
    await _order(sql, event.order, OrderStatus.REFUNDED)


@ORDERS.on(OrderExpired)
async def expired(event: OrderExpired, sql: TableSql) -> None:
    """Show that the order was not paid in time."""
    await _order(sql, event.order, OrderStatus.EXPIRED)


@ORDERS.on(OrderCancelled)
async def cancelled(event: OrderCancelled, sql: TableSql) -> None:
    """Show that the order was called off."""
    await _order(sql, event.order, OrderStatus.CANCELLED)


@ORDERS.on(OrderFulfilled)
async def fulfilled(event: OrderFulfilled, sql: TableSql) -> None:
    """Show what the order brought."""
    await sql.execute(
        "update orders set adbot = $2, fulfilled_at = $3, updated_at = $3, status = $4 "
        "where order_number = $1",
        event.order,
        event.adbot,
        sql.at,
        OrderStatus.FULFILLED,
    )


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
