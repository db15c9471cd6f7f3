"""Queries of totals: the results of all adbots, or of an account's, and how much there is of everything."""

from collections import Counter
from collections.abc import Callable
from datetime import datetime
from typing import Annotated, TypeVar

from pydantic import Field

from libs.events.gateway import Role
from libs.events.values import AccountId
from libs.eventsourcing import Sql
from services.gateway.tables.adbot_query import ALL_ADBOTS
from services.gateway.tables.adbot_states import AdbotStatus
from services.gateway.tables.figures import Counts, counts_in
from services.gateway.tables.orders import OrderStatus
from services.gateway.tables.stock import SessionState
from services.gateway.tables.values import Money, View

Name = TypeVar("Name")

_RESULTS = "select result, sum(count)::bigint as count from seat_results {where} group by result"
_SEATS = """
select coalesce(sum(flood_waits), 0)::bigint as flood_waits, max(last_at) as last_at from seat_figures {where}
"""
_OF_ACCOUNT = "where adbot in (select adbot from adbots where account = $1)"
_ADBOTS = f"select one.status as name, count(*) from {ALL_ADBOTS.source} group by 1 order by 1"  # noqa: S608
_ORDERS = "select status as name, count(*) from orders group by 1 order by 1"
_ACCOUNTS = "select role as name, count(*) from accounts group by 1 order by 1"
_STOCK = "select state as name, count(*) from stock group by 1 order by 1"
_SOLD = "select coalesce(sum(price_usd), 0) from orders where status in ('PAID', 'FULFILLED')"


class Totals(Counts):
    """The results of several adbots since they were created."""

    flood_waits: int
    """How often Telegram asked a session to pause."""
    last_activity: datetime | None
    """When the last result was known."""


class Inventory(View):
    """How much there is of everything."""

    accounts: dict[Role, int]
    """The number of accounts by role."""
    orders: dict[OrderStatus, int]
    """The number of orders by status."""
    adbots: dict[AdbotStatus, int]
    """The number of adbots by status."""
    stock: dict[SessionState, int]
    """The number of sessions by state."""
    sold_usd: Annotated[
        Money, Field(description="The prices of all paid orders, in US dollars.", examples=["30"])
    ]


async def totals_of(sql: Sql, account: AccountId | None) -> Totals:
    """Return the totals of an account's adbots; without an account, of all adbots."""
    where, values = ("", ()) if account is None else (_OF_ACCOUNT, (account,))
    counts = Counter[str]()
    for row in await sql.fetch(_RESULTS.format(where=where), *values):
        counts[row["result"]] += row["count"]
    seats = await sql.fetchrow(_SEATS.format(where=where), *values)
    return Totals(
        **counts_in(counts),
        flood_waits=seats["flood_waits"] if seats else 0,
        last_activity=seats["last_at"] if seats else None,
    )


async def inventory_of(sql: Sql) -> Inventory:
    """Return how much there is of everything."""
    return Inventory(
        accounts=await _counted(sql, _ACCOUNTS, Role),
        orders=await _counted(sql, _ORDERS, OrderStatus),
        adbots=await _counted(sql, _ADBOTS, AdbotStatus),
        stock=await _counted(sql, _STOCK, SessionState),
        sold_usd=await sql.fetchval(_SOLD),
    )


async def _counted(sql: Sql, query: str, kind: Callable[[str], Name]) -> dict[Name, int]:
    return {kind(row["name"]): row["count"] for row in await sql.fetch(query)}
