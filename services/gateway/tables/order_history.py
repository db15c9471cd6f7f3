"""Read model and queries of the history of orders and their payments."""

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple, TypeVar

from pydantic import Field

from libs.events.billing import (
    DepositReceived,
    OrderCancelled,
    OrderExpired,
    OrderFulfilled,
    OrderMarkedPaid,
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
from libs.events.values import OrderNumber
from libs.eventsourcing import Projection, Sql, TableSql
from services.gateway.tables.values import Money, View, plain

ORDER_HISTORY = Projection(
    "order_history",
    version=2,
    ddl="""
    create table order_history (
        order_number text not null,
        number integer not null,
        event text not null,
        at timestamptz not null,
        actor text not null,
        payment text,
        amount numeric,
        currency text,
        missing numeric,
        excess numeric,
        note text,
        primary key (order_number, number)
    );
    create index on order_history (payment) where payment is not null;
    """,
)

_Listed = (
    OrderPlaced
    | PaymentRequested
    | PaymentConfirming
    | PaymentConfirmed
    | PaymentSending
    | PaymentFailed
    | PaymentExpired
    | PaymentPartiallyPaid
    | DepositReceived
    | PaymentOverpaid
    | WrongCoinReceived
    | UncountedMoneyReported
    | UnknownStatusReported
    | UnmatchedPaymentReported
    | PaymentFinished
    | PaymentRefunded
    | OrderMarkedPaid
    | OrderExpired
    | OrderCancelled
    | OrderReviewed
    | OrderFulfilled
)
_FOR_THE_OPERATOR = (
    OrderReviewed.__name__,
    UncountedMoneyReported.__name__,
    UnknownStatusReported.__name__,
    UnmatchedPaymentReported.__name__,
)


class Happening(View):
    """An event of an order, for its owner."""

    event: str = Field(examples=["PaymentFinished"])
    """What happened."""
    at: datetime
    """When it happened."""
    amount: Money | None
    """The amount that it is about, in units of `currency`."""
    currency: str | None
    """The coin of the amounts."""
    missing: Money | None
    """What was missing by then."""
    excess: Money | None
    """What was paid too much by then."""


class AdminHappening(Happening):
    """An event of an order, with the operator's details."""

    actor: str = Field(examples=["provider:nowpayments"])
    payment: str | None
    note: str | None


class _Facts(NamedTuple):
    payment: str | None = None
    amount: Decimal | None = None
    currency: str | None = None
    missing: Decimal | None = None
    excess: Decimal | None = None
    note: str | None = None


_ListedT = TypeVar("_ListedT", bound=_Listed)


def _unmatched(event: UnmatchedPaymentReported) -> str:
    asked = f"{plain(event.amount)} {event.currency} for {plain(event.price)} {event.price_currency}"
    return f"{event.why}: {event.status}, asked {asked}"


def _insert_on(kind: type[_ListedT], facts: Callable[[_ListedT], _Facts]) -> None:
    """Register a handler that adds events of this type with these facts to the history."""

    async def insert(event: _ListedT, sql: TableSql) -> None:
        envelope = sql.recorded.envelope
        await sql.insert(
            order_number=event.order,
            number=envelope.version,
            event=envelope.type,
            at=envelope.at,
            actor=envelope.actor,
            **facts(event)._asdict(),
        )

    ORDER_HISTORY.on(kind)(insert)


_insert_on(OrderPlaced, lambda event: _Facts(amount=event.plan.price_usd, currency="USD"))
_insert_on(PaymentRequested, lambda event: _Facts(event.payment, event.amount, event.coin))
_insert_on(PaymentConfirming, lambda event: _Facts(event.payment))
_insert_on(PaymentConfirmed, lambda event: _Facts(event.payment))
_insert_on(PaymentSending, lambda event: _Facts(event.payment))
_insert_on(PaymentFailed, lambda event: _Facts(event.payment))
_insert_on(PaymentExpired, lambda event: _Facts(event.payment))
_insert_on(
    PaymentPartiallyPaid, lambda event: _Facts(event.payment, event.paid, event.coin, missing=event.missing)
)
_insert_on(DepositReceived, lambda event: _Facts(event.deposit, event.paid, event.coin))
_insert_on(PaymentOverpaid, lambda event: _Facts(None, event.paid, event.coin, excess=event.excess))
_insert_on(WrongCoinReceived, lambda event: _Facts(event.payment, event.paid, event.currency))
_insert_on(
    UncountedMoneyReported,
    lambda event: _Facts(event.payment, event.paid, event.coin or event.currency, note=event.status),
)
_insert_on(UnknownStatusReported, lambda event: _Facts(event.payment, note=event.status))
_insert_on(
    UnmatchedPaymentReported,
    lambda event: _Facts(event.payment, event.paid, event.currency, note=_unmatched(event)),
)
_insert_on(
    PaymentFinished,
    lambda event: _Facts(event.payment, event.paid, event.coin, missing=event.tolerated or None),
)
_insert_on(PaymentRefunded, lambda event: _Facts(event.payment, note=event.reason))
_insert_on(OrderMarkedPaid, lambda event: _Facts(note=event.reason))
_insert_on(OrderExpired, lambda _: _Facts())
_insert_on(OrderCancelled, lambda event: _Facts(note=event.reason))
_insert_on(OrderReviewed, lambda event: _Facts(note=event.note))
_insert_on(OrderFulfilled, lambda event: _Facts(note=f"adbot {event.adbot}"))


async def history_of(sql: Sql, order: OrderNumber) -> list[Happening]:
    """Return the history of an order that its owner may see, the oldest first."""
    rows = await sql.fetch(
        "select * from order_history where order_number = $1 and event <> all($2) order by number",
        order,
        list(_FOR_THE_OPERATOR),
    )
    return [Happening.model_validate(dict(row.items())) for row in rows]


async def whole_history_of(sql: Sql, order: OrderNumber) -> list[AdminHappening]:
    """Return the whole history of an order, the oldest first."""
    rows = await sql.fetch("select * from order_history where order_number = $1 order by number", order)
    return [AdminHappening.model_validate(dict(row.items())) for row in rows]
