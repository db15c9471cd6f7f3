"""Claims of order numbers, by which a repeated checkout gets the same order in every process."""

import re
import secrets
from datetime import datetime, timedelta
from typing import Annotated

from pydantic import AfterValidator, Field, SecretStr, WithJsonSchema

from libs.events.values import OrderNumber
from libs.eventsourcing import Engine
from libs.eventsourcing.hosting import make_once
from services.gateway.account.keyed_hash import KeyedHash
from services.gateway.tables.order_lines import PAYABLE, Wish

KEPT = timedelta(days=31)
"""How long a claim is stored: longer than the longest time to pay of an order."""
_TOKEN = re.compile(r"[A-Za-z0-9_-]{22,128}")
_TOKEN_BYTES = 32
_TABLES = """
create schema if not exists checkout;
drop table if exists checkout.claims;
create table if not exists checkout.claimed_orders (
    key text primary key,
    order_number text not null,
    claimed_at timestamptz not null
);
create index if not exists claimed_orders_age on checkout.claimed_orders (claimed_at);
"""
_CLAIM = f"""
insert into checkout.claimed_orders as claimed (key, order_number, claimed_at) values ($1, $2, $3)
on conflict (key) do update set order_number = excluded.order_number, claimed_at = excluded.claimed_at
where exists (
    select from orders where orders.order_number = claimed.order_number and not ({PAYABLE.format(now="$3")})
)
"""  # noqa: S608 - constants
_CLAIMED = "select order_number from checkout.claimed_orders where key = $1"
_CLAIMED_BEFORE = f"""
select order_number from checkout.claimed_orders claimed where key = any($1) and not exists (
    select from orders where orders.order_number = claimed.order_number and not ({PAYABLE.format(now="$2")})
)
"""  # noqa: S608 - constants
"""The order of a wish that was claimed with another pepper."""
_FORGET = """
delete from checkout.claimed_orders where key in (
    select key from checkout.claimed_orders where claimed_at < $1 order by claimed_at limit 10
    for update skip locked
)
"""
"""Ten are deleted for each new one, so that the table shrinks again after a peak."""


def _checked(token: SecretStr) -> SecretStr:
    if not _TOKEN.fullmatch(token.get_secret_value()):
        message = "is not 22 to 128 letters, digits, dashes and underscores"
        raise ValueError(message)
    return token


CheckoutToken = Annotated[
    SecretStr,
    AfterValidator(_checked),
    WithJsonSchema({"type": "string", "format": "password", "pattern": f"^{_TOKEN.pattern}$"}),
    Field(examples=["9QmT3vVxk2cYtJ0r5sLw8bNqZ1aHfGdE7uPiKoRyXcM"]),
]


def new_checkout_token() -> SecretStr:
    """Return a new token with 256 random bits."""
    return SecretStr(secrets.token_urlsafe(_TOKEN_BYTES))


def checkout_token_in(cookie: str | None) -> SecretStr | None:
    """Return the token in a cookie, None if there is no valid one."""
    return SecretStr(cookie) if cookie is not None and _TOKEN.fullmatch(cookie) else None


class Claims:
    """Order numbers that are claimed for wishes, in a table that is not a projection.

    The table stores a keyed hash of each wish, with a row for each checkout of the last month.
    """

    def __init__(self, engine: Engine, keyed: KeyedHash) -> None:
        self._engine = engine
        self._keyed = keyed

    async def make_tables(self) -> None:
        """Create the table if it is missing."""
        async with self._engine.pool.acquire() as connection:
            await make_once(connection, "checkout", _TABLES)

    async def claim(self, wish: Wish, fresh: OrderNumber, at: datetime) -> OrderNumber:
        """Return the order number that is claimed for a wish: `fresh`, unless there is an earlier claim.

        An earlier claim stays valid until the read models show that its order can't be paid any more. So
        concurrent checkouts, in any gateway, and a retry after the provider did not answer get the same
        number, even before the read models show the order. Billing places one order per number.
        """
        key, *others = (_key(keyed, wish) for keyed in self._keyed.each)
        async with self._engine.connection() as connection:
            await connection.execute(_FORGET, at - KEPT)
            if others:
                fresh = await connection.fetchval(_CLAIMED_BEFORE, others, at) or fresh
            number: OrderNumber | None = None
            while number is None:  # another process may delete an expired claim between the two statements
                await connection.execute(_CLAIM, key, fresh, at)
                number = await connection.fetchval(_CLAIMED, key)
            return number


def _key(keyed: KeyedHash, wish: Wish) -> str:
    """Return the key of a wish, a keyed hash; it can't be computed without the pepper and the token."""
    token = wish.token.get_secret_value() if wish.token else ""
    return keyed.of("checkout", f"{wish.account}:{wish.plan}:{wish.coin}:{wish.renews}:{token}").hex()
