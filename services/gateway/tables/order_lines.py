"""Queries of orders and their payments: one, an account's, or a search."""

from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from pydantic import SecretStr

from libs.events.values import AccountId, AdbotId, Coin, OrderNumber, PaymentId, PlanCode
from libs.eventsourcing import Row, Sql
from services.gateway.mail.addresses import canonical_or_same
from services.gateway.tables.orders import OrderStatus, PaymentStatus
from services.gateway.tables.values import Money, View


class PaymentState(View):
    """The state of a payment, for anyone who knows the order's number."""

    order_number: str
    """`HQADZ-…`; whoever knows it may see the payment."""
    status: PaymentStatus
    """The status of the payment."""
    order_status: OrderStatus
    """The status of the order."""
    plan: str
    """The plan's code."""
    price_usd: Money
    """The price in US dollars."""
    pay_currency: str
    """The coin to pay in."""
    pay_address: str | None
    """Where to pay; null until the provider gave an address."""
    memo: str | None
    """If given, the payment must contain it."""
    amount: Money | None
    """The amount to pay, in units of `pay_currency`."""
    paid: Money | None
    """The amount that was received, in units of `pay_currency`."""
    missing: Money | None
    """What is missing of a partial payment, in units of `pay_currency`."""
    expires_at: datetime
    """Until when it can be paid."""
    updated_at: datetime
    """When anything of it changed last."""


class OrderLine(PaymentState):
    """An order in its owner's list."""

    plan_name: str
    """The plan's name when it was ordered."""
    placed_at: datetime
    """When it was ordered."""
    finished_at: datetime | None
    """When it was paid in full."""
    adbot: UUID | None
    """The adbot that was delivered or renewed."""
    renews: UUID | None
    """The adbot that the order renews."""


class AdminOrderLine(OrderLine):
    """An order as the operator sees it."""

    account: UUID
    """The id of the account."""
    email: str
    payment: str | None
    """The provider's number of the payment."""
    excess: Money | None
    """What was paid too much, in units of `pay_currency`."""
    by_hand: bool
    """The operator marked the order as paid."""
    fulfilled_at: datetime | None
    """When the adbot was delivered."""


@dataclass(frozen=True, slots=True)
class Wish:
    """A wish to buy: there is at most one pending order for each.

    A client who is not signed in can find an order only by the token of the checkout that placed it.
    """

    account: AccountId
    plan: PlanCode
    coin: Coin
    renews: AdbotId | None = None
    token: SecretStr | None = field(default=None, repr=False)
    """None: the owner of the account is signed in."""


@dataclass(frozen=True, slots=True)
class OrderCursor:
    """A position in the list of orders, the latest first; a page begins after it."""

    at: datetime
    order: OrderNumber


@dataclass(frozen=True, slots=True)
class Search:
    """The conditions of a search for orders; None matches all."""

    number: OrderNumber | None = None
    email: str | None = None
    """A part of the address, in lower case, or the whole address in any spelling of its domain."""
    payment: PaymentId | None = None
    """The payment of the order, or of a deposit to it."""
    status: OrderStatus | None = None
    payment_status: PaymentStatus | None = None


_PAID = """
case when uncounted = '{}' then paid else coalesce(paid, 0) + (
    select coalesce(sum(greatest(0,
        value::numeric - case when key = payment then coalesce(paid, 0) - deposited else 0 end)), 0)
    from jsonb_each_text(uncounted)) end as paid
"""
"""The sum received, including money that is not counted."""
_LINE = f"""
select order_number, account, email, plan, plan_name, price_usd, pay_currency, renews,
    status as order_status, payment_status as status, placed_at, payment, pay_address, memo, amount, {_PAID},
    missing, excess, by_hand, least(expires_at, pay_by) as expires_at, finished_at, fulfilled_at, adbot,
    updated_at
from orders
"""  # noqa: S608 - constants
PAYABLE = (
    "status = 'PENDING' and payment_status not in ('FAILED', 'EXPIRED', 'REFUNDED', 'FINISHED') "
    "and pay_by > {now} and (expires_at is null or expires_at > {now})"
)
"""The condition that an order can be paid. Once it is false for an order, it stays false."""
_NEWEST_FIRST = "order by placed_at desc, order_number desc"
_PENDING = (
    f"{_LINE} where account = $1 and plan = $2 and pay_currency = $3 and renews is not distinct from $4 "
    f"and {PAYABLE.format(now='$5')} {_NEWEST_FIRST} limit 1"
)
_OWN = (
    f"{_LINE} where account = $1 and ($2::timestamptz is null or (placed_at, order_number) < ($2, $3)) "
    f"{_NEWEST_FIRST} limit $4"
)
_SEARCH = f"""{_LINE}
where ($1::text is null or order_number = $1)
  and ($2::text is null or position($2 in email) > 0 or position($9 in email) > 0)
  and ($3::text is null or payment = $3
       or order_number in (select order_number from order_history where payment = $3))
  and ($4::text is null or status = $4)
  and ($5::text is null or payment_status = $5)
  and ($6::timestamptz is null or (placed_at, order_number) < ($6, $7))
{_NEWEST_FIRST} limit $8"""  # noqa: S608 - constants


SECOND_OF = """(
select first.order_number from orders first
where first.account = o.account and first.plan = o.plan and first.renews is not distinct from o.renews
  and first.order_number <> o.order_number and first.status in ('PAID', 'FULFILLED')
  and o.placed_at < first.finished_at and first.finished_at < coalesce(o.finished_at, 'infinity')
order by first.finished_at desc limit 1
)"""
"""An order of the same wish, paid before the paid order `o`, while both were open."""


async def payment_of(sql: Sql, order: OrderNumber) -> PaymentState | None:
    """Return the state of an order's payment."""
    row = await sql.fetchrow(f"{_LINE} where order_number = $1", order)
    return None if row is None else PaymentState.model_validate(dict(row.items()))


async def pending_order(sql: Sql, wish: Wish, at: datetime) -> PaymentState | None:
    """Return the account's pending order for this wish, from any checkout."""
    row = await sql.fetchrow(_PENDING, wish.account, wish.plan, wish.coin, wish.renews, at)
    return None if row is None else PaymentState.model_validate(dict(row.items()))


async def order_of(sql: Sql, account: AccountId, order: OrderNumber) -> OrderLine | None:
    """Return an order of this account, else None."""
    row = await sql.fetchrow(f"{_LINE} where order_number = $1 and account = $2", order, account)
    return None if row is None else OrderLine.model_validate(dict(row.items()))


async def orders_of(sql: Sql, account: AccountId, after: OrderCursor | None, limit: int) -> list[OrderLine]:
    """Return an account's orders, the latest first."""
    rows = await sql.fetch(_OWN, account, *_key_of(after), limit)
    return [OrderLine.model_validate(dict(row.items())) for row in rows]


async def any_order(sql: Sql, order: OrderNumber) -> AdminOrderLine | None:
    """Return an order of any account."""
    row = await sql.fetchrow(f"{_LINE} where order_number = $1", order)
    return None if row is None else admin_line(row)


async def find_orders(
    sql: Sql, search: Search, after: OrderCursor | None, limit: int
) -> list[AdminOrderLine]:
    """Return the orders that match a search, the latest first."""
    rows = await sql.fetch(
        _SEARCH,
        search.number,
        search.email,
        search.payment,
        search.status,
        search.payment_status,
        *_key_of(after),
        limit,
        None if search.email is None else canonical_or_same(search.email),
    )
    return [admin_line(row) for row in rows]


def admin_line(row: Row) -> AdminOrderLine:
    """Return a row as the operator's view of an order."""
    return AdminOrderLine.model_validate(dict(row.items()))


def _key_of(after: OrderCursor | None) -> tuple[datetime | None, str | None]:
    return (None, None) if after is None else (after.at, after.order)
