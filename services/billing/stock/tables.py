"""State table: sessions promised to undelivered orders; and the stock left to sell."""

from dataclasses import dataclass
from datetime import datetime, timedelta

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
    PaymentPartiallyPaid,
    PaymentRefunded,
    PaymentSending,
    UncountedMoneyReported,
)
from libs.events.values import AccountId
from libs.eventsourcing import Projection, Sql, TableSql
from services.billing.stock.limits import Unpaid

PROMISES = Projection(
    "promises",
    version=3,
    ddl="""
    create table promises (
        order_no     text primary key,
        sessions     integer not null,
        account      uuid,
        origin       text,
        placed_at    timestamptz,
        pay_by       timestamptz,
        on_the_way   boolean not null default false,
        part_came    boolean not null default false,
        paid         boolean not null default false,
        fulfilled_at timestamptz
    );
    create index promises_kept on promises (fulfilled_at);
    create table placings (
        nothing integer
    );
    """,
)
"""Promises of sessions to undelivered orders; `placings` has no rows and serves as a lock.

A promise to an unpaid order holds for a while from `placed_at`, and until `pay_by` if a payment is on its way
or a part was received. An order that is paid later gets its promise again.
"""

_READER_LAG = timedelta(minutes=10)
"""How long a fulfilled order is kept, in case the read model of free sessions lags."""


@PROMISES.on(OrderPlaced)
async def _promise(event: OrderPlaced, sql: TableSql) -> None:
    if event.renews is None:
        await sql.insert(
            order_no=event.order,
            sessions=event.plan.sessions,
            account=event.account,
            origin=event.origin,
            placed_at=sql.at,
            pay_by=event.pay_by,
        )


@PROMISES.on(PaymentFinished)
async def _paid(event: PaymentFinished, sql: TableSql) -> None:
    """Promise the order its sessions until it is delivered, also if it was paid late."""
    if event.renews is None:
        await sql.execute(
            "insert into promises (order_no, sessions, paid) values ($1, $2, true) "
            "on conflict (order_no) do update set paid = true",
            event.order,
            event.plan.sessions,
        )


async def _seen(event: PaymentConfirming | PaymentConfirmed | PaymentSending, sql: TableSql) -> None:
    await sql.execute("update promises set on_the_way = true where order_no = $1", event.order)


PROMISES.on(PaymentConfirming)(_seen)
PROMISES.on(PaymentConfirmed)(_seen)
PROMISES.on(PaymentSending)(_seen)


@PROMISES.on(UncountedMoneyReported)
async def _deposit_seen(event: UncountedMoneyReported, sql: TableSql) -> None:
    if event.on_the_way:
        await sql.execute("update promises set on_the_way = true where order_no = $1", event.order)


async def _part_came(event: PaymentPartiallyPaid | DepositReceived, sql: TableSql) -> None:
    await sql.execute("update promises set part_came = true where order_no = $1", event.order)


PROMISES.on(PaymentPartiallyPaid)(_part_came)
PROMISES.on(DepositReceived)(_part_came)


async def _given_up(event: PaymentFailed | PaymentExpired, sql: TableSql) -> None:
    """End the mark of a payment on its way; a part that was received still counts."""
    await sql.execute("update promises set on_the_way = false where order_no = $1", event.order)


PROMISES.on(PaymentFailed)(_given_up)
PROMISES.on(PaymentExpired)(_given_up)


async def _withdraw(event: OrderExpired | OrderCancelled | PaymentRefunded, sql: TableSql) -> None:
    await sql.execute("delete from promises where order_no = $1", event.order)


PROMISES.on(OrderExpired)(_withdraw)
PROMISES.on(OrderCancelled)(_withdraw)
PROMISES.on(PaymentRefunded)(_withdraw)


@PROMISES.on(OrderFulfilled)
async def _fulfilled(event: OrderFulfilled, sql: TableSql) -> None:
    await sql.execute("update promises set fulfilled_at = $2 where order_no = $1", event.order, sql.at)


async def lock_stock(sql: Sql) -> None:
    """Lock the placing of orders until this transaction ends.

    Call it before any query: `lock table` takes no snapshot, so queries after it see the orders whose
    transactions it waited for. Without it, two orders could be promised the same last session.
    """
    await sql.execute("lock table placings in share row exclusive mode")


@dataclass(frozen=True, slots=True)
class StockLeft:
    """The number of free sessions without a promise, and of those promised to unpaid orders.

    `available` is negative if stock was lost after it was promised.
    """

    available: int
    unpaid: Unpaid


_STOCK = """
with kept as (
    select p.sessions, p.account, p.origin, p.paid from promises p
    where (p.fulfilled_at is null or p.fulfilled_at > $1)
    and (p.paid or p.placed_at > $2 or ((p.on_the_way or p.part_came) and p.pay_by > $3))
    and not exists (select from served_orders s where s.order_no = p.order_no)
)
select (select count(*) from free_sessions) - (select coalesce(sum(missing), 0) from adbots where waiting)
    - coalesce(sum(sessions), 0) as available,
    coalesce(sum(sessions) filter (where not paid), 0) as together,
    coalesce(sum(sessions) filter (where not paid and account = $4), 0) as account,
    coalesce(sum(sessions) filter (where not paid and origin = $5), 0) as address
from kept
"""


async def stock_for(
    sql: Sql, account: AccountId, origin: str | None, at: datetime, promised: timedelta
) -> StockLeft:
    """Return the stock left for a client; promises to unpaid orders hold for `promised`."""
    row = await sql.fetchrow(_STOCK, at - _READER_LAG, at - promised, at, account, origin)
    assert row is not None  # noqa: S101 - an aggregate has one row
    unpaid = Unpaid(row["account"], row["address"], row["together"])
    return StockLeft(row["available"], unpaid)
