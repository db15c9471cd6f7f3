"""Read model: the orders that need a person, and why."""

from datetime import timedelta
from decimal import Decimal

from libs.events.billing import (
    DepositReceived,
    OrderFulfilled,
    OrderPlaced,
    OrderReviewed,
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
    UnknownStatusReported,
    UnmatchedPaymentReported,
    WrongCoinReceived,
)
from libs.events.provisioning import (
    AdbotExpired,
    AdbotExtended,
    AdbotProvisioned,
    SeatFilled,
    SeatLost,
    SeatsAwaited,
    SeatsReleased,
)
from libs.events.values import OrderNumber, PaymentId
from libs.eventsourcing import Projection, TableSql
from services.gateway.tables.attention_kinds import AttentionKind
from services.gateway.tables.values import plain

REMAINDER_GRACE = timedelta(days=1)
"""How long a client may take to pay the missing amount."""
ARRIVAL_GRACE = timedelta(days=1)
"""How long a payment seen on the blockchain may take to be received, or to fail."""
DELIVERY_GRACE = timedelta(minutes=5)
"""How long the delivery of a paid order may take."""

ATTENTION = Projection(
    "attention",
    version=7,
    # a row per order, kind and payment; `payment` is empty where the kind concerns the order. `share` is the
    # amount as a part of what was asked for, where both are in the same coin. The other
    # tables hold the facts that decide whether a row is needed, one row per order or adbot. Tables of
    # provisioning's events and of billing's are apart: there is no order between the two services
    ddl="""
    create table attention (
        order_number text not null,
        kind text not null,
        payment text not null default '',
        since timestamptz not null,
        due_at timestamptz not null,
        amount numeric,
        currency text,
        detail text,
        share numeric,
        primary key (order_number, kind, payment)
    );
    create table attention_orders (
        order_number text primary key,
        reviewed_at timestamptz,
        refunded boolean not null default false
    );
    create table attention_wishes (
        order_number text primary key,
        account uuid not null,
        plan text not null,
        renews uuid,
        placed_at timestamptz not null,
        paid_at timestamptz,
        asked numeric
    );
    create index on attention_wishes (account, plan) where paid_at is not null;
    create table attention_adbots (
        adbot uuid primary key,
        order_number text not null,
        missing integer not null default 0,
        since timestamptz not null,
        expired boolean not null default false
    );
    create index on attention_adbots (order_number);
    """,
)


async def _need(  # noqa: PLR0913 - a row's columns
    sql: TableSql,
    order: OrderNumber,
    kind: AttentionKind,
    *,
    grace: timedelta = timedelta(0),
    payment: str = "",
    amount: Decimal | None = None,
    currency: str | None = None,
    detail: str | None = None,
    share: Decimal | None = None,
) -> None:
    await sql.execute(
        "insert into attention (order_number, kind, since, due_at, amount, currency, detail, payment, share) "
        "values ($1, $2, $3, $4, $5, $6, $7, $8, $9) on conflict (order_number, kind, payment) do update set "
        "since = excluded.since, due_at = excluded.due_at, amount = excluded.amount, "
        "currency = excluded.currency, detail = excluded.detail, share = excluded.share",
        order,
        kind,
        sql.at,
        sql.at + grace,
        amount,
        currency,
        detail,
        payment,
        share,
    )


async def _settle_payment(
    sql: TableSql, order: OrderNumber, payment: PaymentId, *kinds: AttentionKind
) -> None:
    await sql.execute(
        "delete from attention where order_number = $1 and payment = $2 and kind = any($3)",
        order,
        payment,
        kinds,
    )


async def _settle(sql: TableSql, order: OrderNumber, *kinds: AttentionKind) -> None:
    await sql.execute("delete from attention where order_number = $1 and kind = any($2)", order, kinds)


async def _share(sql: TableSql, order: OrderNumber, amount: Decimal) -> Decimal | None:
    """Return which part of the requested amount this is, in the same coin; None if nothing was requested."""
    asked: Decimal | None = await sql.fetchval(
        "select asked from attention_wishes where order_number = $1", order
    )
    return amount / asked if asked else None


async def _seen(event: PaymentConfirming | PaymentConfirmed | PaymentSending, sql: TableSql) -> None:
    """Expect the payment, from now on; meanwhile the order neither expires nor is cancelled."""
    kind = AttentionKind.ON_THE_WAY
    await _need(sql, event.order, kind, grace=ARRIVAL_GRACE, payment=event.payment)


async def _given_up(event: PaymentFailed | PaymentExpired, sql: TableSql) -> None:
    """Show at once that the payment failed, unless its sum is shown as uncounted."""
    await sql.execute(
        "update attention set since = $3, due_at = $3, detail = $4 where order_number = $1 and kind = $2",
        event.order,
        AttentionKind.ON_THE_WAY,
        sql.at,
        f"given up without a sum: payment {event.payment}",
    )


ATTENTION.on(PaymentConfirming)(_seen)
ATTENTION.on(PaymentConfirmed)(_seen)
ATTENTION.on(PaymentSending)(_seen)
ATTENTION.on(PaymentFailed)(_given_up)
ATTENTION.on(PaymentExpired)(_given_up)


@ATTENTION.on(PaymentPartiallyPaid)
async def partially_paid(event: PaymentPartiallyPaid, sql: TableSql) -> None:
    """Expect the missing amount, from now on; dust that was paid needs nobody if it does not come."""
    await _settle(sql, event.order, AttentionKind.ON_THE_WAY)
    await _settle_payment(sql, event.order, event.payment, AttentionKind.DEPOSIT_ON_THE_WAY)
    kind, missing = AttentionKind.PARTIALLY_PAID, event.missing
    share = event.paid / (event.paid + missing)
    await _need(
        sql, event.order, kind, grace=REMAINDER_GRACE, amount=missing, currency=event.coin, share=share
    )


@ATTENTION.on(PaymentOverpaid)
async def overpaid(event: PaymentOverpaid, sql: TableSql) -> None:
    """Show the excess; a further excess needs a new review."""
    asked = event.paid - event.excess
    share = event.excess / asked if asked > 0 else None
    kind, excess = AttentionKind.OVERPAID, event.excess
    await _need(sql, event.order, kind, amount=excess, currency=event.coin, share=share)


@ATTENTION.on(WrongCoinReceived)
async def wrong_coin(event: WrongCoinReceived, sql: TableSql) -> None:
    """Show the amount received in another coin."""
    kind, much = AttentionKind.WRONG_COIN, event.paid
    await _settle_payment(sql, event.order, event.payment, *_UNCOUNTED)
    await _need(sql, event.order, kind, payment=event.payment, amount=much, currency=event.currency)


@ATTENTION.on(UncountedMoneyReported)
async def uncounted(event: UncountedMoneyReported, sql: TableSql) -> None:
    """Expect a payment that is on its way, or show one that has failed."""
    kind, grace = AttentionKind.UNCOUNTED_MONEY, timedelta(0)
    if event.on_the_way:
        kind, grace = AttentionKind.DEPOSIT_ON_THE_WAY, ARRIVAL_GRACE
    else:
        await _settle_payment(sql, event.order, event.payment, AttentionKind.ON_THE_WAY)
    await _settle_payment(sql, event.order, event.payment, AttentionKind.DEPOSIT_ON_THE_WAY)
    amount = event.uncounted or event.paid
    await _need(
        sql,
        event.order,
        kind,
        grace=grace,
        payment=event.payment,
        amount=amount,
        share=None if event.coin is None else await _share(sql, event.order, amount),
        currency=event.coin or event.currency,
        detail=f"{plain(event.paid)} {event.currency} by payment {event.payment}: {event.status}",
    )


_UNCOUNTED = (AttentionKind.UNCOUNTED_MONEY, AttentionKind.DEPOSIT_ON_THE_WAY)
_SECOND_PAYMENT = """
insert into attention (order_number, kind, since, due_at, amount, currency, detail)
select mine.order_number, $2, $3, $3, $4, $5, other.order_number || ' was paid too'
from attention_wishes mine join attention_wishes other using (account, plan)
left join attention_orders o on o.order_number = other.order_number
where mine.order_number = $1 and other.order_number <> mine.order_number
  and other.renews is not distinct from mine.renews and mine.placed_at < other.paid_at
  and o.refunded is not true
order by other.paid_at desc limit 1
on conflict do nothing
"""
"""A client who means to buy twice pays the first order before placing the second."""


@ATTENTION.on(OrderPlaced)
async def placed(event: OrderPlaced, sql: TableSql) -> None:
    """Store the order's wish, to find duplicates."""
    await sql.execute(
        "insert into attention_wishes (order_number, account, plan, renews, placed_at) "
        "values ($1, $2, $3, $4, $5)",
        event.order,
        event.account,
        event.plan.code,
        event.renews,
        sql.at,
    )


@ATTENTION.on(PaymentRequested)
async def requested(event: PaymentRequested, sql: TableSql) -> None:
    """Store the requested amount, of which dust is a small share."""
    await sql.execute(
        "update attention_wishes set asked = $2 where order_number = $1", event.order, event.amount
    )


@ATTENTION.on(UnmatchedPaymentReported)
async def unmatched(event: UnmatchedPaymentReported, sql: TableSql) -> None:
    """Show the amount received, its payment, and why it does not count."""
    detail = f"{plain(event.paid)} {event.currency} by payment {event.payment}: {event.why}"
    await _need(
        sql,
        event.order,
        AttentionKind.UNMATCHED_PAYMENT,
        payment=event.payment,
        amount=event.paid,
        currency=event.currency,
        detail=detail,
    )


@ATTENTION.on(UnknownStatusReported)
async def unknown_status(event: UnknownStatusReported, sql: TableSql) -> None:
    """Show the unknown status."""
    await _need(sql, event.order, AttentionKind.UNKNOWN_STATUS, detail=event.status)


@ATTENTION.on(DepositReceived)
async def deposited(event: DepositReceived, sql: TableSql) -> None:
    """Stop expecting a deposit; show it if its order was refunded."""
    await _settle_payment(sql, event.order, event.deposit, *_UNCOUNTED)
    await sql.execute(
        "insert into attention (order_number, kind, since, due_at, amount, currency, share) "
        "select $1, $2, $3, $3, $4, $5, $4 / w.asked from attention_orders o "
        "left join attention_wishes w using (order_number) where order_number = $1 and refunded "
        "on conflict (order_number, kind, payment) do update set since = excluded.since, "
        "due_at = excluded.due_at, amount = attention.amount + excluded.amount, "
        "share = attention.share + excluded.share",
        event.order,
        AttentionKind.DEPOSIT_AFTER_REFUND,
        sql.at,
        event.paid,
        event.coin,
    )


@ATTENTION.on(PaymentFinished)
async def finished(event: PaymentFinished, sql: TableSql) -> None:
    """Expect the delivery, stop expecting the payment, and show a second payment for the same wish."""
    await _settle(sql, event.order, AttentionKind.ON_THE_WAY, AttentionKind.PARTIALLY_PAID)
    if event.payment is not None:
        await _settle_payment(sql, event.order, event.payment, AttentionKind.DEPOSIT_ON_THE_WAY)
    await _need(sql, event.order, AttentionKind.NOT_DELIVERED, grace=DELIVERY_GRACE)
    if not event.by_hand:
        await sql.execute(
            _SECOND_PAYMENT, event.order, AttentionKind.SECOND_PAYMENT, sql.at, event.paid, event.coin
        )
    await sql.execute("update attention_wishes set paid_at = $2 where order_number = $1", event.order, sql.at)


@ATTENTION.on(OrderFulfilled)
async def fulfilled(event: OrderFulfilled, sql: TableSql) -> None:
    """Stop expecting the delivery."""
    await _settle(sql, event.order, AttentionKind.NOT_DELIVERED)


@ATTENTION.on(PaymentRefunded)
async def refunded(event: PaymentRefunded, sql: TableSql) -> None:
    """Delete the order's rows: the refund settles them."""
    await sql.execute("delete from attention where order_number = $1", event.order)
    await sql.execute(
        "insert into attention_orders (order_number, refunded) values ($1, true) "
        "on conflict (order_number) do update set refunded = true",
        event.order,
    )


@ATTENTION.on(OrderReviewed)
async def reviewed(event: OrderReviewed, sql: TableSql) -> None:
    """Mark rows due until now as reviewed; rows that become due later are shown."""
    await sql.execute(
        "insert into attention_orders (order_number, reviewed_at) values ($1, $2) "
        "on conflict (order_number) do update set reviewed_at = excluded.reviewed_at",
        event.order,
        sql.at,
    )


@ATTENTION.on(AdbotProvisioned)
async def provisioned(event: AdbotProvisioned, sql: TableSql) -> None:
    """Store the adbot's order."""
    await sql.execute(
        "insert into attention_adbots (adbot, order_number, since) values ($1, $2, $3)",
        event.adbot,
        event.order,
        sql.at,
    )


@ATTENTION.on(SeatsAwaited)
async def seats_awaited(event: SeatsAwaited, sql: TableSql) -> None:
    """Store how many seats await stock."""
    await sql.execute(
        "update attention_adbots set missing = $2, since = $3 where adbot = $1",
        event.adbot,
        event.missing,
        sql.at,
    )


@ATTENTION.on(SeatLost)
async def seat_lost(event: SeatLost, sql: TableSql) -> None:
    """Count one more seat that awaits stock."""
    await sql.execute(
        "update attention_adbots set missing = missing + 1, since = $2 where adbot = $1", event.adbot, sql.at
    )


@ATTENTION.on(SeatFilled)
async def seat_filled(event: SeatFilled, sql: TableSql) -> None:
    """Count one less seat that awaits stock."""
    await sql.execute(
        "update attention_adbots set missing = greatest(0, missing - 1) where adbot = $1", event.adbot
    )


@ATTENTION.on(AdbotExpired)
async def expired(event: AdbotExpired, sql: TableSql) -> None:
    """Hide the awaited seats of an expired adbot."""
    await sql.execute("update attention_adbots set expired = true where adbot = $1", event.adbot)


@ATTENTION.on(SeatsReleased)
async def seats_released(event: SeatsReleased, sql: TableSql) -> None:
    """Reset the number of awaited seats; on renewal, `SeatsAwaited` sets it again."""
    await sql.execute("update attention_adbots set missing = 0 where adbot = $1", event.adbot)


@ATTENTION.on(AdbotExtended)
async def extended(event: AdbotExtended, sql: TableSql) -> None:
    """Store the renewal's order as the one that awaits seats."""
    await sql.execute(
        "update attention_adbots set expired = false, order_number = coalesce($2, order_number) "
        "where adbot = $1",
        event.adbot,
        event.order,
    )
