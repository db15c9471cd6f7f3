"""State tables: orders by number and payment, timeouts, and requests for payments."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from libs.events.billing import (
    DepositReceived,
    OrderCancelled,
    OrderExpired,
    OrderPlaced,
    PaymentConfirmed,
    PaymentConfirming,
    PaymentFailed,
    PaymentFinished,
    PaymentPartiallyPaid,
    PaymentRefunded,
    PaymentRequested,
    PaymentSending,
    UncountedMoneyReported,
    UnknownStatusReported,
    WrongCoinReceived,
)
from libs.events.values import OrderNumber, PaymentId
from libs.eventsourcing import Projection, Sql, TableSql

ORDERS = Projection(
    "orders",
    version=2,
    ddl="""
    create table orders (
        order_no text primary key,
        payment  text unique
    );
    create table deposits (
        payment  text primary key,
        order_no text not null
    );
    """,
)
"""All orders, and all further deposits that were reported. No two orders share a payment."""

ORDER_TIMEOUTS = Projection(
    "order_timeouts",
    version=2,
    ddl="""
    create table order_timeouts (
        order_no text primary key,
        pay_by   timestamptz not null,
        due_at   timestamptz
    );
    create index order_timeouts_due on order_timeouts (due_at) where due_at is not null;
    """,
)
"""Unpaid orders; `due_at` is null while a payment is on its way."""

PAYMENT_REQUESTS = Projection(
    "payment_requests",
    version=2,
    ddl="""
    create table payment_requests (
        order_no      text primary key,
        try_at        timestamptz not null,
        claimed_until timestamptz not null,
        attempts      integer not null default 0
    );
    create index payment_requests_due on payment_requests (try_at);
    """,
    undecided=("payment_requests.try_at", "payment_requests.claimed_until", "payment_requests.attempts"),
)
"""Orders whose payment must be requested from the provider.

Due time, claim and attempts are not decided by events: a rebuild copies them, and in a first fold every row
is due at once, unclaimed.
"""

TABLES = (ORDERS, ORDER_TIMEOUTS, PAYMENT_REQUESTS)


@ORDERS.on(OrderPlaced)
async def _order(event: OrderPlaced, sql: TableSql) -> None:
    await sql.insert(order_no=event.order)


@ORDERS.on(PaymentRequested)
async def _payment(event: PaymentRequested, sql: TableSql) -> None:
    await sql.execute("update orders set payment = $2 where order_no = $1", event.order, event.payment)


@ORDERS.on(DepositReceived)
async def _deposit(event: DepositReceived, sql: TableSql) -> None:
    await _belongs(event.deposit, event.order, sql)


async def _reported(
    event: UncountedMoneyReported | WrongCoinReceived | UnknownStatusReported, sql: TableSql
) -> None:
    await _belongs(event.payment, event.order, sql)


ORDERS.on(UncountedMoneyReported)(_reported)
ORDERS.on(WrongCoinReceived)(_reported)
ORDERS.on(UnknownStatusReported)(_reported)


async def _belongs(payment: PaymentId, order: OrderNumber, sql: TableSql) -> None:
    """Store which order a deposit is for, unless it is the order's own payment."""
    await sql.execute(
        "insert into deposits (payment, order_no) select $1, $2 "
        "where not exists (select from orders where payment = $1) on conflict do nothing",
        payment,
        order,
    )


async def whose_payment(sql: Sql, payments: Sequence[PaymentId]) -> OrderNumber | None:
    """Return the order of the first of these payments that belongs to one, None if none does."""
    found: OrderNumber | None = await sql.fetchval(
        "select coalesce(o.order_no, d.order_no) "
        "from unnest($1::text[]) with ordinality as asked (payment, place) "
        "left join orders o using (payment) left join deposits d using (payment) "
        "where coalesce(o.order_no, d.order_no) is not null order by place limit 1",
        list(payments),
    )
    return found


# -- timeouts


@ORDER_TIMEOUTS.on(OrderPlaced)
async def _wait(event: OrderPlaced, sql: TableSql) -> None:
    await sql.insert(order_no=event.order, pay_by=event.pay_by, due_at=event.pay_by)


async def _on_the_way(event: PaymentConfirming | PaymentConfirmed | PaymentSending, sql: TableSql) -> None:
    await sql.execute("update order_timeouts set due_at = null where order_no = $1", event.order)


ORDER_TIMEOUTS.on(PaymentConfirming)(_on_the_way)
ORDER_TIMEOUTS.on(PaymentConfirmed)(_on_the_way)
ORDER_TIMEOUTS.on(PaymentSending)(_on_the_way)


async def _wait_again(event: PaymentPartiallyPaid | PaymentFailed, sql: TableSql) -> None:
    await sql.execute("update order_timeouts set due_at = pay_by where order_no = $1", event.order)


ORDER_TIMEOUTS.on(PaymentPartiallyPaid)(_wait_again)
ORDER_TIMEOUTS.on(PaymentFailed)(_wait_again)


async def _over(
    event: PaymentFinished | PaymentRefunded | OrderExpired | OrderCancelled, sql: TableSql
) -> None:
    await sql.execute("delete from order_timeouts where order_no = $1", event.order)


ORDER_TIMEOUTS.on(PaymentFinished)(_over)
ORDER_TIMEOUTS.on(PaymentRefunded)(_over)
ORDER_TIMEOUTS.on(OrderExpired)(_over)
ORDER_TIMEOUTS.on(OrderCancelled)(_over)


async def earliest_timeout(sql: Sql) -> datetime | None:
    """Return the time of the next timeout, None if there is none."""
    found: datetime | None = await sql.fetchval("select min(due_at) from order_timeouts")
    return found


async def due_timeouts(sql: Sql, at: datetime, limit: int) -> list[OrderNumber]:
    """Return orders that have timed out, locked for this transaction."""
    rows = await sql.fetch(
        "select order_no from order_timeouts where due_at <= $1 order by due_at limit $2 "
        "for update skip locked",
        at,
        limit,
    )
    return [row["order_no"] for row in rows]


# -- payment requests


@PAYMENT_REQUESTS.on(OrderPlaced)
async def _ask(event: OrderPlaced, sql: TableSql) -> None:
    await sql.insert(order_no=event.order, try_at=sql.at, claimed_until=sql.at)


async def _needless(
    event: PaymentRequested | OrderExpired | OrderCancelled | PaymentFinished | PaymentRefunded,
    sql: TableSql,
) -> None:
    """Delete the request; an operator may close an order without a payment."""
    await sql.execute("delete from payment_requests where order_no = $1", event.order)


PAYMENT_REQUESTS.on(PaymentRequested)(_needless)
PAYMENT_REQUESTS.on(OrderExpired)(_needless)
PAYMENT_REQUESTS.on(OrderCancelled)(_needless)
PAYMENT_REQUESTS.on(PaymentFinished)(_needless)
PAYMENT_REQUESTS.on(PaymentRefunded)(_needless)


async def claim_request(sql: Sql, order: OrderNumber, at: datetime, lease: timedelta) -> bool:
    """Claim the request for an order's payment, unless it is claimed; return whether this process has it."""
    taken = await sql.execute(
        "update payment_requests set claimed_until = $3 where order_no = $1 and claimed_until <= $2",
        order,
        at,
        at + lease,
    )
    return bool(taken)


async def claim_next_request(sql: Sql, at: datetime, lease: timedelta) -> OrderNumber | None:
    """Claim the request that has been due longest, and return its order."""
    found: OrderNumber | None = await sql.fetchval(
        "update payment_requests set claimed_until = $2 where order_no = ("
        " select order_no from payment_requests where try_at <= $1 and claimed_until <= $1"
        " order by try_at limit 1 for update skip locked) returning order_no",
        at,
        at + lease,
    )
    return found


async def next_request(sql: Sql) -> datetime | None:
    """Return when the next request may be claimed, None if none waits."""
    at: datetime | None = await sql.fetchval(
        "select min(greatest(try_at, claimed_until)) from payment_requests"
    )
    return at


async def put_off_request(
    sql: Sql, order: OrderNumber, at: datetime, first: timedelta, longest: timedelta
) -> None:
    """Release the claim on a request; its pause doubles with each attempt, up to `longest`."""
    await sql.execute(
        "update payment_requests set claimed_until = $2::timestamptz, attempts = attempts + 1, "
        "try_at = $2::timestamptz + least($4::interval, $3::interval * power(2, least(attempts, 20))) "
        "where order_no = $1",
        order,
        at,
        first,
        longest,
    )
