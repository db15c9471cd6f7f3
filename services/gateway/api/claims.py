"""Which order an account's next try at a checkout goes on with, whatever process it comes to."""

from datetime import datetime
from uuid import UUID

from libs.events.values import OrderNumber
from libs.eventsourcing.engine import Engine
from libs.eventsourcing.postgres import make_once
from services.gateway.tables.order_lines import PAYABLE, Wish

_NOTHING = UUID(int=0)
"""Stands for no adbot in a primary key."""
_TABLES = """
create schema if not exists checkout;
create table if not exists checkout.claims (
    account uuid not null,
    plan text not null,
    pay_currency text not null,
    renews uuid not null,
    order_number text not null,
    claimed_at timestamptz not null,
    primary key (account, plan, pay_currency, renews)
);
"""
_CLAIM = f"""
insert into checkout.claims as claim (account, plan, pay_currency, renews, order_number, claimed_at)
values ($1, $2, $3, $4, $5, $6)
on conflict (account, plan, pay_currency, renews) do update
set order_number = excluded.order_number, claimed_at = excluded.claimed_at
where exists (
    select from orders where orders.order_number = claim.order_number and not ({PAYABLE.format(now="$6")})
)
"""  # noqa: S608 - constants
_CLAIMED = """
select order_number from checkout.claims
where account = $1 and plan = $2 and pay_currency = $3 and renews = $4
"""


async def make_tables(engine: Engine) -> None:
    """Make the table of claims where it is missing; no event fills it."""
    async with engine.pool.acquire() as connection:
        await make_once(connection, "checkout", _TABLES)


async def claim(engine: Engine, wish: Wish, fresh: OrderNumber, at: datetime) -> OrderNumber:
    """Return the number under which this wish is ordered: `fresh`, unless another was claimed for it.

    That one stays until the read models show that its order is over. So two checkouts at once, in any two
    gateways, and one that goes on after the provider did not answer, mean the same order, even before the
    read models show it; billing makes one of a number.
    """
    key = (wish.account, wish.plan, wish.coin, wish.renews or _NOTHING)
    async with engine.pool.acquire() as connection:
        await connection.execute(_CLAIM, *key, fresh, at)
        number: OrderNumber = await connection.fetchval(_CLAIMED, *key)
        return number
