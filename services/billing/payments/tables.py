"""State table: open payments, and when the provider is asked for each."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from libs.events.billing import (
    DepositReceived,
    OrderCancelled,
    OrderExpired,
    PaymentConfirmed,
    PaymentConfirming,
    PaymentExpired,
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

OPEN_PAYMENTS = Projection(
    "open_payments",
    version=1,
    ddl="""
    create table open_payments (
        payment       text primary key,
        order_no      text not null unique,
        provider      text not null,
        heard_at      timestamptz not null,
        over_at       timestamptz,
        ask_at        timestamptz,
        asked         integer not null default 0,
        claimed_until timestamptz
    );
    create index open_payments_silent on open_payments (heard_at) where ask_at is null;
    create index open_payments_due on open_payments (ask_at) where ask_at is not null;
    create table open_payments_pace (
        id      integer primary key,
        free_at timestamptz not null
    );
    insert into open_payments_pace values (1, 'epoch');
    """,
    undecided=(
        "open_payments.ask_at",
        "open_payments.asked",
        "open_payments.claimed_until",
        "open_payments_pace.free_at",
    ),
)
"""Payments that are neither finished nor refunded, each with the time of its last event and of its end.

`ask_at` is null until the provider was first asked since the last event, `infinity` once it is not asked any
more. `open_payments_pace` has one row: when the budget, shared by all replicas, allows the next request.
"""


@dataclass(frozen=True, slots=True)
class Silence:
    """When silent payments are asked for. `first` and `longest` bound the pauses, which double."""

    first: timedelta
    longest: timedelta
    late: timedelta
    """How long an ended payment is still asked for, since its last event."""


@dataclass(frozen=True, slots=True)
class Claimed:
    """A payment that this process has claimed to ask for, until the claim expires."""

    payment: PaymentId
    order: OrderNumber
    until: datetime
    given_up: bool
    """The payment ended too long ago and is not asked for any more."""


@OPEN_PAYMENTS.on(PaymentRequested)
async def _opened(event: PaymentRequested, sql: TableSql) -> None:
    await sql.insert(
        payment=event.payment, order_no=event.order, provider=event.provider, heard_at=sql.recorded.at
    )


_Reported = (
    PaymentConfirming
    | PaymentConfirmed
    | PaymentSending
    | PaymentPartiallyPaid
    | DepositReceived
    | WrongCoinReceived
    | UncountedMoneyReported
    | UnknownStatusReported
)
_Over = PaymentExpired | PaymentFailed | OrderExpired | OrderCancelled


async def _report_received(event: _Reported | _Over, sql: TableSql) -> None:
    """Restart the pause before the provider is asked, and drop any claim."""
    await sql.execute(
        "update open_payments set heard_at = $2::timestamptz, ask_at = null, asked = 0, "
        "claimed_until = null, over_at = case when over_at is not null then $2::timestamptz end "
        "where order_no = $1",
        event.order,
        sql.at,
    )


async def _over(event: _Over, sql: TableSql) -> None:
    await _report_received(event, sql)
    await sql.execute("update open_payments set over_at = $2 where order_no = $1", event.order, sql.at)


async def _closed(event: PaymentFinished | PaymentRefunded, sql: TableSql) -> None:
    await sql.execute("delete from open_payments where order_no = $1", event.order)


OPEN_PAYMENTS.on(PaymentConfirming)(_report_received)
OPEN_PAYMENTS.on(PaymentConfirmed)(_report_received)
OPEN_PAYMENTS.on(PaymentSending)(_report_received)
OPEN_PAYMENTS.on(PaymentPartiallyPaid)(_report_received)
OPEN_PAYMENTS.on(DepositReceived)(_report_received)
OPEN_PAYMENTS.on(WrongCoinReceived)(_report_received)
OPEN_PAYMENTS.on(UncountedMoneyReported)(_report_received)
OPEN_PAYMENTS.on(UnknownStatusReported)(_report_received)
OPEN_PAYMENTS.on(PaymentExpired)(_over)
OPEN_PAYMENTS.on(PaymentFailed)(_over)
OPEN_PAYMENTS.on(OrderExpired)(_over)
OPEN_PAYMENTS.on(OrderCancelled)(_over)
OPEN_PAYMENTS.on(PaymentFinished)(_closed)
OPEN_PAYMENTS.on(PaymentRefunded)(_closed)


async def next_question(sql: Sql, provider: str, first: timedelta) -> tuple[datetime | None, datetime]:
    """Return when the next payment is due, None if there is none, and when the budget allows a request."""
    row = await sql.fetchrow(
        "select least("
        " (select min(ask_at) from open_payments"
        "  where provider = $1 and ask_at is not null and ask_at < 'infinity'),"
        " (select min(heard_at) from open_payments where provider = $1 and ask_at is null) + $2::interval"
        ") as due_at, free_at from open_payments_pace",
        provider,
        first,
    )
    assert row is not None  # noqa: S101 - the table has one row
    return row["due_at"], row["free_at"]


async def claim_silent(
    sql: Sql, provider: str, at: datetime, silence: Silence, *, lease: timedelta, spacing: timedelta
) -> Claimed | None:
    """Claim the payment that has been due longest, if the budget allows it; else return None."""
    if await sql.fetchval("select free_at > $1 from open_payments_pace", at):
        return None
    row = await sql.fetchrow(
        "update open_payments set claimed_until = $2 where payment = ("
        " select payment from open_payments"
        " where provider = $3 and (claimed_until is null or claimed_until <= $1)"
        "  and (ask_at <= $1 or (ask_at is null and heard_at <= $4))"
        " order by coalesce(ask_at, heard_at) limit 1 for update skip locked"
        ") returning payment, order_no, claimed_until, over_at <= $5 as given_up",
        at,
        at + lease,
        provider,
        at - silence.first,
        at - silence.late,
    )
    if row is None:
        return None
    claimed = Claimed(row["payment"], row["order_no"], row["claimed_until"], bool(row["given_up"]))
    if claimed.given_up:
        await sql.execute("update open_payments set ask_at = 'infinity' where payment = $1", claimed.payment)
    else:
        await sql.execute("update open_payments_pace set free_at = $1", at + spacing)
    return claimed


async def ask_later(sql: Sql, claimed: Claimed, at: datetime, silence: Silence, *, answered: bool) -> None:
    """Release the claim on a payment, unless there was an event since.

    The pause doubles after each answer without news; an unavailable provider does not change it.
    """
    await sql.execute(
        "update open_payments set claimed_until = null, asked = asked + $4, "
        "ask_at = $3::timestamptz + least($6::interval, $5::interval * power(2, least(asked + $4, 30))) "
        "where payment = $1 and claimed_until = $2",
        claimed.payment,
        claimed.until,
        at,
        int(answered),
        silence.first,
        silence.longest,
    )
