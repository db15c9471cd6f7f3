"""Queries of orders and their payments: one, an account's, or a search."""

from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from pydantic import Field, SecretStr

from libs.events.values import AccountId, AdbotId, Coin, OrderNumber, PlanCode
from libs.eventsourcing import Sql
from services.gateway.tables.orders import OrderStatus, PaymentStatus
from services.gateway.tables.paging import Key, KeyType, PagedList, amount, holds, instant, item_of
from services.gateway.tables.values import Money, View


class PaymentState(View):
    """The state of a payment, for anyone who knows the order's number."""

    order_number: str
    order_status: OrderStatus
    payment_status: PaymentStatus
    status: PaymentStatus = Field(
        description="`payment_status`, under its first name.", json_schema_extra={"deprecated": True}
    )
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
    email: str | None
    """Null if the account was erased, or its address is not known."""
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


_PAID = """case when uncounted = '{}' then paid else coalesce(paid, 0) + (
    select coalesce(sum(greatest(0,
        value::numeric - case when key = payment then coalesce(paid, 0) - deposited else 0 end)), 0)
    from jsonb_each_text(uncounted)) end
"""
"""The sum received, including money that is not counted."""
_PAYMENT = f"""
order_number, status as order_status, payment_status, payment_status as status, plan,
{amount("price_usd")} as price_usd, pay_currency, pay_address, memo, {amount("amount")} as amount,
{amount(_PAID)} as paid, {amount("missing")} as missing,
{instant("least(expires_at, pay_by)")} as expires_at, {instant("updated_at")} as updated_at
"""
_OWN = f"""{_PAYMENT}, plan_name, {instant("placed_at")} as placed_at,
{instant("finished_at")} as finished_at, adbot, renews
"""
_ANY = f"""{_OWN}, account, nullif(email, '') as email, payment, {amount("excess")} as excess, by_hand,
{instant("fulfilled_at")} as fulfilled_at
"""


_ALL = "orders left join personal.addresses using (account)"


def _select(fields: str, source: str = "orders") -> str:
    return f"select {item_of(fields)} from {source}"  # noqa: S608 - constants


PAYABLE = (
    "status = 'PENDING' and payment_status not in ('FAILED', 'EXPIRED', 'REFUNDED', 'FINISHED') "
    "and pay_by > {now} and (expires_at is null or expires_at > {now})"
)
"""The condition that an order can be paid. Once it is false for an order, it stays false."""
_PENDING = (
    f"{_select(_PAYMENT)} where account = $1 and plan = $2 and pay_currency = $3 "
    f"and renews is not distinct from $4 and {PAYABLE.format(now='$5')} "
    "order by placed_at desc, order_number desc limit 1"
)
_SORTS = {
    "created_at": (Key("placed_at", KeyType.INSTANT), Key("order_number", KeyType.TEXT)),
}
_FILTERS = {
    "number": "order_number = {}",
    "order_status": "status = {}",
    "payment_status": "payment_status = {}",
    "plan": "plan = {}",
    "from": "placed_at >= {}",
    "to": "placed_at < {}",
}
OWN_ORDERS = PagedList(
    name="orders",
    fields=_OWN,
    source="orders",
    where="account = $1",
    sorts=_SORTS,
    filters=_FILTERS | {"text": holds("order_number", "plan", "plan_name", "pay_currency", "pay_address")},
)
"""The orders of the account `$1`."""
ALL_ORDERS = PagedList(
    name="all-orders",
    fields=_ANY,
    source=_ALL,
    sorts=_SORTS,
    filters=_FILTERS
    | {
        "text": holds("order_number", "email", "plan", "plan_name", "pay_currency", "pay_address", "payment"),
        "account": "account = {}",
        "email": "position({0} in email) > 0 or position({1} in email) > 0",
        "payment": "payment = {0} or "
        "order_number in (select order_number from order_history where payment = {0})",
    },
)
"""The orders of all accounts. `email` is a part of the address, in lower case, and its canonical form."""


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
    item = await sql.fetchval(f"{_select(_PAYMENT)} where order_number = $1", order)
    return None if item is None else PaymentState.model_validate_json(item)


async def pending_order(sql: Sql, wish: Wish, at: datetime) -> PaymentState | None:
    """Return the account's pending order for this wish, from any checkout."""
    item = await sql.fetchval(_PENDING, wish.account, wish.plan, wish.coin, wish.renews, at)
    return None if item is None else PaymentState.model_validate_json(item)


async def order_of(sql: Sql, account: AccountId, order: OrderNumber) -> OrderLine | None:
    """Return an order of this account, else None."""
    query = f"{_select(_OWN)} where order_number = $1 and account = $2"
    item = await sql.fetchval(query, order, account)
    return None if item is None else OrderLine.model_validate_json(item)


async def any_order(sql: Sql, order: OrderNumber) -> AdminOrderLine | None:
    """Return an order of any account."""
    item = await sql.fetchval(f"{_select(_ANY, _ALL)} where order_number = $1", order)
    return None if item is None else AdminOrderLine.model_validate_json(item)
