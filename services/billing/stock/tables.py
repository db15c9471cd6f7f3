"""Sessions promised to orders that are not delivered yet, and how many are left to sell."""

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
from libs.events.values import EmailAddress
from libs.eventsourcing import Projection, Sql, TableSql
from services.billing.stock.limits import Unpaid

PROMISES = Projection(
    "promises",
    version=2,
    ddl="""
    create table promises (
        order_no     text primary key,
        sessions     integer not null,
        email        text,
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
"""The sessions promised to unpaid and undelivered orders; `placings` is empty, and exists to be locked.

An unpaid order keeps its promise for a while from `placed_at`, and until `pay_by` where money is on its way
or a part came. One that is paid after that is promised its sessions again.
"""

_READER_LAG = timedelta(minutes=10)
"""For so long a fulfilled order is remembered, should the free sessions be behind what was delivered."""


@PROMISES.on(OrderPlaced)
async def _promise(event: OrderPlaced, sql: TableSql) -> None:
    if event.renews is None:
        await sql.insert(
            order_no=event.order,
            sessions=event.plan.sessions,
            email=event.email,
            origin=event.origin,
            placed_at=sql.at,
            pay_by=event.pay_by,
        )


@PROMISES.on(PaymentFinished)
async def _paid(event: PaymentFinished, sql: TableSql) -> None:
    """Promise the order its sessions until it is delivered, also that of a late payer."""
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
    """Forget what was on its way; a part that came is there all the same."""
    await sql.execute("update promises set on_the_way = false where order_no = $1", event.order)


PROMISES.on(PaymentFailed)(_given_up)
PROMISES.on(PaymentExpired)(_given_up)


async def _withdraw(event: OrderExpired | OrderCancelled | PaymentRefunded, sql: TableSql) -> None:
    await sql.execute("delete from promises where order_no = $1", event.order)


PROMISES.on(OrderExpired)(_withdraw)
PROMISES.on(OrderCancelled)(_withdraw)
PROMISES.on(PaymentRefunded)(_withdraw)


@PROMISES.on(OrderFulfilled)
async def _kept(event: OrderFulfilled, sql: TableSql) -> None:
    await sql.execute("update promises set fulfilled_at = $2 where order_no = $1", event.order, sql.at)


async def lock_stock(sql: Sql) -> None:
    """Wait until no other order is being placed, and let none be until this transaction ends.

    To be called before anything is read: `lock table` takes no snapshot, so what is read afterwards holds
    the orders that this one waited for. Without it two orders would both be promised the last session.
    """
    await sql.execute("lock table placings in share row exclusive mode")


@dataclass(frozen=True, slots=True)
class StockLeft:
    """How many sessions are free and promised to nobody, and how many are promised without being paid for.

    `available` is negative if stock was lost since it was promised.
    """

    available: int
    unpaid: Unpaid


_STOCK = """
with kept as (
    select p.sessions, p.email, p.origin, p.paid from promises p
    where (p.fulfilled_at is null or p.fulfilled_at > $1)
    and (p.paid or p.placed_at > $2 or ((p.on_the_way or p.part_came) and p.pay_by > $3))
    and not exists (select from served_orders s where s.order_no = p.order_no)
)
select (select count(*) from free_sessions) - (select coalesce(sum(missing), 0) from adbots where waiting)
    - coalesce(sum(sessions), 0) as available,
    coalesce(sum(sessions) filter (where not paid), 0) as together,
    coalesce(sum(sessions) filter (where not paid and email = $4), 0) as email,
    coalesce(sum(sessions) filter (where not paid and origin = $5), 0) as address
from kept
"""


async def stock_for(
    sql: Sql, email: EmailAddress, origin: str | None, at: datetime, promised: timedelta
) -> StockLeft:
    """Return what can be sold to a client, where unpaid orders are promised their sessions for a while."""
    row = await sql.fetchrow(_STOCK, at - _READER_LAG, at - promised, at, email, origin)
    assert row is not None  # noqa: S101 - an aggregate has one row
    unpaid = Unpaid(row["email"], row["address"], row["together"])
    return StockLeft(row["available"], unpaid)
