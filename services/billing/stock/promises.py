"""Sessions promised to orders that are not delivered yet, and how many are left to sell."""

from datetime import datetime, timedelta

from libs.events.billing import (
    OrderCancelled,
    OrderExpired,
    OrderFulfilled,
    OrderPlaced,
    PaymentFinished,
    PaymentRefunded,
)
from libs.eventsourcing.projection import Projection, Sql, TableSql

PROMISES = Projection(
    "promises",
    version=1,
    ddl="""
    create table promises (
        order_no     text primary key,
        sessions     integer not null,
        fulfilled_at timestamptz
    );
    create index promises_kept on promises (fulfilled_at);
    create table placings (
        nothing integer
    );
    """,
)
"""What unpaid and undelivered orders are to get; `placings` holds nothing, it is there to be locked."""

_READER_LAG = timedelta(minutes=10)
"""For so long a fulfilled order is remembered, should the free sessions be behind what was delivered."""


async def _promise(event: OrderPlaced | PaymentFinished, sql: TableSql) -> None:
    """Promise the order its sessions; a late payer's order once more, until it is delivered."""
    if event.renews is None:
        await sql.execute(
            "insert into promises (order_no, sessions) values ($1, $2) on conflict do nothing",
            event.order,
            event.plan.sessions,
        )


async def _withdraw(event: OrderExpired | OrderCancelled | PaymentRefunded, sql: TableSql) -> None:
    await sql.execute("delete from promises where order_no = $1", event.order)


PROMISES.on(OrderPlaced)(_promise)
PROMISES.on(PaymentFinished)(_promise)
PROMISES.on(OrderExpired)(_withdraw)
PROMISES.on(OrderCancelled)(_withdraw)
PROMISES.on(PaymentRefunded)(_withdraw)


@PROMISES.on(OrderFulfilled)
async def _kept(event: OrderFulfilled, sql: TableSql) -> None:
    await sql.execute("update promises set fulfilled_at = $2 where order_no = $1", event.order, sql.at)


async def place_alone(sql: Sql) -> None:
    """Wait until no other order is being placed, and let none be until this transaction ends.

    To be called before anything is read: `lock table` takes no snapshot, so what is read afterwards holds
    the orders that this one waited for. Without it two orders would both be promised the last session.
    """
    await sql.execute("lock table placings in share row exclusive mode")


async def sessions_to_sell(sql: Sql, at: datetime) -> int:
    """Return how many sessions are free and promised to nobody; negative if stock was lost since."""
    found: int = await sql.fetchval(
        "select (select count(*) from free_sessions) - (select coalesce(sum(p.sessions), 0) from promises p "
        "where (p.fulfilled_at is null or p.fulfilled_at > $1) "
        "and not exists (select from served_orders s where s.order_no = p.order_no))",
        at - _READER_LAG,
    )
    return found
