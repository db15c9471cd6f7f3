"""Read model: orders and their payments; `order_lines` queries it."""

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
    version=5,
    ddl="""
    create table orders (
        order_number text primary key,
        account uuid not null,
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
    create index on orders (account, placed_at desc, order_number desc);
    create index on orders (placed_at desc, order_number desc);
    create index on orders (payment);
    """,
)
"""`paid` is the counted sum, `deposited` the part of it from further deposits.

`uncounted` has sums per payment: all that the order's own payment received, and what does not count of each
further deposit.
"""


class OrderStatus(StrEnum):
    """The status of an order."""

    PENDING = "PENDING"
    PAID = "PAID"
    FULFILLED = "FULFILLED"
    EXPIRED = "EXPIRED"
    CANCELLED = "CANCELLED"
    REFUNDED = "REFUNDED"


class PaymentStatus(StrEnum):
    """The status of an order's payment; `REQUESTED` until the provider gave an address."""

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
    """Store the payment's address and amount."""
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
    """Mark the payment as seen on the blockchain."""
    await _payment(sql, event.order, PaymentStatus.CONFIRMING)


@ORDERS.on(PaymentConfirmed)
async def confirmed(event: PaymentConfirmed, sql: TableSql) -> None:
    """Mark the payment as confirmed by the blockchain."""
    await _payment(sql, event.order, PaymentStatus.CONFIRMED)


@ORDERS.on(PaymentSending)
async def sending(event: PaymentSending, sql: TableSql) -> None:
    """Mark the payment as being forwarded by the provider."""
    await _payment(sql, event.order, PaymentStatus.SENDING)


@ORDERS.on(PaymentPartiallyPaid)
async def partially_paid(event: PaymentPartiallyPaid, sql: TableSql) -> None:
    """Store the received and the missing amount."""
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
    """Add the deposit to the sum; a following event may correct the sum."""
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
    """Store the uncounted sum of a payment in the order's coin."""
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
    """Store the received amount and the excess."""
    await sql.execute(
        "update orders set paid = $2, excess = $3, updated_at = $4 where order_number = $1",
        event.order,
        event.paid,
        event.excess,
        sql.at,
    )


@ORDERS.on(PaymentFinished)
async def finished(event: PaymentFinished, sql: TableSql) -> None:
    """Mark the order as paid."""
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
    """Mark the payment as failed."""
    await _payment(sql, event.order, PaymentStatus.FAILED)


@ORDERS.on(PaymentExpired)
async def payment_expired(event: PaymentExpired, sql: TableSql) -> None:
    """Mark the payment as expired."""
    await _payment(sql, event.order, PaymentStatus.EXPIRED)


@ORDERS.on(PaymentRefunded)
async def refunded(event: PaymentRefunded, sql: TableSql) -> None:
    """Mark the order as refunded."""
    await _payment(sql, event.order, PaymentStatus.REFUNDED)
    await _order(sql, event.order, OrderStatus.REFUNDED)


@ORDERS.on(OrderExpired)
async def expired(event: OrderExpired, sql: TableSql) -> None:
    """Mark the order as expired."""
    await _order(sql, event.order, OrderStatus.EXPIRED)


@ORDERS.on(OrderCancelled)
async def cancelled(event: OrderCancelled, sql: TableSql) -> None:
    """Mark the order as cancelled."""
    await _order(sql, event.order, OrderStatus.CANCELLED)


@ORDERS.on(OrderFulfilled)
async def fulfilled(event: OrderFulfilled, sql: TableSql) -> None:
    """Mark the order as delivered, with its adbot."""
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
