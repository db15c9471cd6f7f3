"""Read model and queries of plans on sale."""

from typing import Annotated

from pydantic import Field

from libs.events.billing import ProductListed, ProductRepriced, ProductRetired
from libs.events.values import PlanCode, PlanKind
from libs.eventsourcing import Projection, Sql, TableSql
from services.gateway.tables.paging import Key, KeyType, PagedList, amount, holds
from services.gateway.tables.values import Money, View

PRODUCTS = Projection(
    "products",
    version=2,
    ddl="""
    create table products (
        code text primary key,
        name text not null,
        kind text not null,
        sessions integer not null,
        interval_seconds integer not null,
        price_usd numeric not null,
        validity_days integer not null,
        max_groups integer,
        max_posts integer,
        on_sale boolean not null
    )
    """,
)


class PlanOnSale(View):
    """A plan that is on sale."""

    code: str
    """What a checkout sends as `plan`."""
    name: str
    """The name for people."""
    kind: PlanKind
    sessions: int
    """How many sessions an adbot of this plan sends with."""
    interval_seconds: int
    """The least time between two cycles."""
    price_usd: Money
    """The price in US dollars."""
    validity_days: int
    """How long an adbot runs."""
    max_groups: Annotated[
        int | None,
        Field(description="How many groups an adbot may have; null: as many as this service allows."),
    ] = None
    max_posts: Annotated[
        int | None, Field(description="How many posts an adbot may have; null: likewise.")
    ] = None


class CataloguePlan(PlanOnSale):
    """A plan as the operator sees it."""

    on_sale: bool


@PRODUCTS.on(ProductListed)
async def listed(event: ProductListed, sql: TableSql) -> None:
    """Put the plan on sale, with these terms."""
    plan = event.plan
    await sql.execute("delete from products where code = $1", plan.code)
    await sql.insert(
        code=plan.code,
        name=plan.name,
        kind=plan.kind,
        sessions=plan.sessions,
        interval_seconds=plan.interval_seconds,
        price_usd=plan.price_usd,
        validity_days=plan.validity_days,
        max_groups=plan.max_groups,
        max_posts=plan.max_posts,
        on_sale=True,
    )


@PRODUCTS.on(ProductRepriced)
async def repriced(event: ProductRepriced, sql: TableSql) -> None:
    """Set the plan's price."""
    await sql.execute("update products set price_usd = $2 where code = $1", event.code, event.price_usd)


@PRODUCTS.on(ProductRetired)
async def retired(event: ProductRetired, sql: TableSql) -> None:
    """Take the plan off sale."""
    await sql.execute("update products set on_sale = false where code = $1", event.code)


_ON_SALE = f"""
code, name, kind, sessions, interval_seconds, {amount("price_usd")} as price_usd, validity_days, max_groups,
max_posts
"""
_SORTS = {
    "kind": (
        Key("(not on_sale)::integer", KeyType.INTEGER),
        Key(f"(kind <> '{PlanKind.STARTER}')::integer", KeyType.INTEGER),
        Key("price_usd", KeyType.AMOUNT),
        Key("code", KeyType.TEXT),
    ),
    "price_usd": (Key("price_usd", KeyType.AMOUNT), Key("code", KeyType.TEXT)),
    "code": (Key("code", KeyType.TEXT),),
}
"""`kind` has those on sale first, then starters, the cheapest first."""
_FILTERS = {"kind": "kind = {}", "text": holds("code", "name")}
PLANS_ON_SALE = PagedList(
    name="catalogue", fields=_ON_SALE, source="products", where="on_sale", sorts=_SORTS, filters=_FILTERS
)
ALL_PLANS = PagedList(
    name="plans",
    fields=f"{_ON_SALE}, on_sale",
    source="products",
    sorts=_SORTS,
    filters=_FILTERS | {"on_sale": "on_sale = {}"},
)
"""Every plan that was ever on sale."""


async def plan_of(sql: Sql, code: PlanCode) -> CataloguePlan | None:
    """Return a plan, on sale or not."""
    row = await sql.fetchrow("select * from products where code = $1", code)
    return None if row is None else CataloguePlan.model_validate(dict(row.items()))


async def plan_named(sql: Sql, name: str, kind: PlanKind | None) -> CataloguePlan | None:
    """Return the plan on sale of this code or else name, in any case; of several the cheapest."""
    row = await sql.fetchrow(
        "select * from products where on_sale and lower($1) in (code, lower(name)) "
        "and kind = coalesce($2, kind) order by code = lower($1) desc, price_usd, code limit 1",
        name,
        kind,
    )
    return None if row is None else CataloguePlan.model_validate(dict(row.items()))
