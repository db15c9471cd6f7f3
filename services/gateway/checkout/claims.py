"""Which order a repeated checkout goes on with, whatever process it comes to."""

import hashlib
import hmac
import re
import secrets
from datetime import datetime, timedelta
from typing import Annotated

from pydantic import AfterValidator, Field, SecretStr

from libs.events.values import OrderNumber
from libs.eventsourcing import Engine
from libs.eventsourcing.hosting import make_once
from services.gateway.tables.order_lines import PAYABLE, Wish

KEPT = timedelta(days=31)
"""How long a claim is kept: no order may wait for its money for longer."""
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
_FORGET = """
delete from checkout.claimed_orders where key in (
    select key from checkout.claimed_orders where claimed_at < $1 order by claimed_at limit 10
    for update skip locked
)
"""
"""Ten for each one that is added: the table shrinks again after a rush."""


def _checked(token: SecretStr) -> SecretStr:
    if not _TOKEN.fullmatch(token.get_secret_value()):
        message = "is not 22 to 128 letters, digits, dashes and underscores"
        raise ValueError(message)
    return token


CheckoutToken = Annotated[SecretStr, AfterValidator(_checked), Field(examples=["<43 random characters>"])]


def new_checkout_token() -> SecretStr:
    """Return a fresh token, 256 random bits."""
    return SecretStr(secrets.token_urlsafe(_TOKEN_BYTES))


def checkout_token_in(cookie: str | None) -> SecretStr | None:
    """Return the token in a cookie, None if there is none."""
    return SecretStr(cookie) if cookie is not None and _TOKEN.fullmatch(cookie) else None


class Claims:
    """Order numbers that were claimed for wishes, in a table that no event fills.

    It holds keyed hashes of the wishes alone, a row for each checkout of the last month.
    """

    def __init__(self, engine: Engine, pepper: SecretStr) -> None:
        self._engine = engine
        self._pepper = pepper.get_secret_value().encode()

    async def make_tables(self) -> None:
        """Make the table where it is missing."""
        async with self._engine.pool.acquire() as connection:
            await make_once(connection, "checkout", _TABLES)

    async def claim(self, wish: Wish, fresh: OrderNumber, at: datetime) -> OrderNumber:
        """Return the number under which this wish is ordered: `fresh`, unless another was claimed for it.

        That one stays until the read models show that its order is over. So two checkouts at once, in any two
        gateways, and one that goes on after the provider did not answer, mean the same order, even before the
        read models show it; billing makes one of a number.
        """
        key = self._key(wish)
        async with self._engine.pool.acquire() as connection:
            await connection.execute(_FORGET, at - KEPT)
            number: OrderNumber | None = None
            while number is None:  # another process may forget an old claim in between
                await connection.execute(_CLAIM, key, fresh, at)
                number = await connection.fetchval(_CLAIMED, key)
            return number

    def _key(self, wish: Wish) -> str:
        """Return what a wish is found by again; nobody can make it without the pepper and the token."""
        token = wish.token.get_secret_value() if wish.token else ""
        text = f"checkout:{wish.account}:{wish.plan}:{wish.coin}:{wish.renews}:{token}"
        return hmac.new(self._pepper, text.encode(), hashlib.sha256).hexdigest()
