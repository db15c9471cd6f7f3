"""`adrelay catalogue`."""

from asyncio import gather
from typing import Any

from tests.integration.cli.program import adrelay
from tests.integration.gateway.shop import Shop

NAMED = ["--name", "Copper", "--kind", "starter"]
COPPER = ["copper", *NAMED, "--sessions", "4", "--interval", "900", "--price", "19.90", "--days", "10"]


async def plans(shop: Shop, *options: str) -> dict[str, dict[str, Any]]:
    ran = await adrelay(shop.url, "catalogue", "list", "--json", *options)
    assert (ran.code, ran.err) == (0, "")
    return {plan["code"]: plan for plan in ran.document}


async def test_the_catalogue_that_an_installation_begins_with_is_listed(shop: Shop) -> None:
    listed = await plans(shop)
    prices = {code: plan["price_usd"] for code, plan in listed.items()}
    assert prices == {
        "bronze": "30",
        "silver": "55",
        "gold": "80",
        "diamond": "160",
        "basic": "199",
        "pro": "450",
        "elite": "899",
    }
    ran = await adrelay(shop.url, "catalogue", "list")
    assert ran.code == 0
    (line,) = [line for line in ran.out.splitlines() if "bronze" in line]
    assert line.split() == [
        "bronze", "starter", "1", "3600", "s", "30", "30", "-", "-", "on", "sale", "Bronze"
    ]  # fmt: skip


async def test_a_plan_is_added_repriced_and_retired(shop: Shop) -> None:
    ran = await adrelay(shop.url, "catalogue", "add", *COPPER, "--json")
    assert (ran.code, ran.err, ran.document["on_sale"]) == (0, "", True)
    ran = await adrelay(shop.url, "catalogue", "reprice", "copper", "21.50", "--json")
    assert (ran.code, ran.document["price_usd"]) == (0, "21.5")
    ran = await adrelay(shop.url, "catalogue", "retire", "copper")
    assert ran.code == 0
    assert "retired" in ran.out
    assert "copper" not in await plans(shop)
    assert (await plans(shop, "--retired"))["copper"]["on_sale"] is False


async def test_a_plan_limits_groups_and_posts(shop: Shop) -> None:
    limited = ["iron", *COPPER[1:], "--max-groups", "200", "--max-posts", "3"]
    ran = await adrelay(shop.url, "catalogue", "add", *limited)
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.splitlines()[-1].split()[6:10] == ["10", "200", "3", "on"]
    plan = (await plans(shop))["iron"]
    assert (plan["max_groups"], plan["max_posts"]) == (200, 3)
    await adrelay(shop.url, "catalogue", "retire", "iron")


async def test_a_name_is_shown_as_it_is(shop: Shop) -> None:
    odd = ["--name", "Zinc [/b] [red]x", *NAMED[2:], *COPPER[len(NAMED) + 1 :]]
    ran = await adrelay(shop.url, "catalogue", "add", "zinc", *odd)
    assert (ran.code, ran.err) == (0, "")
    assert "Zinc [/b] [red]x" in ran.out
    await adrelay(shop.url, "catalogue", "retire", "zinc")


async def test_an_order_keeps_the_price_that_it_was_placed_at(shop: Shop) -> None:
    placed = await shop.check_out(plan="silver")
    await adrelay(shop.url, "catalogue", "reprice", "silver", "56")
    assert (await shop.order(placed["order_number"]))["price_usd"] == "55"
    assert (await shop.check_out(plan="silver"))["price_usd"] == "56"
    await adrelay(shop.url, "catalogue", "reprice", "silver", "55")


async def test_another_plan_under_a_code_that_is_sold_is_refused(shop: Shop) -> None:
    ran = await adrelay(shop.url, "catalogue", "add", "bronze", *COPPER[1:])
    assert (ran.code, ran.out) == (1, "")
    assert ran.err.startswith("✗ already_listed: ")
    assert len(ran.err.splitlines()) == 1


async def test_a_refusal_is_one_line(shop: Shop) -> None:
    refusals = {
        ("reprice", "nothing", "5"): "✗ unknown_plan",
        ("retire", "nothing"): "✗ unknown_plan",
        ("reprice", "bronze", "-5"): "✗ invalid_request: price_usd: is no amount",
        ("reprice", "bronze", "NaN"): "✗ invalid_request: price_usd: is no amount",
        ("reprice", "bronze", "1e9"): "✗ invalid_request: price_usd: is no amount",
        ("reprice", "../orders", "5"): "✗ not_found",
        ("retire", "a/../../x"): "✗ not_found",
    }
    every = await gather(
        *(adrelay(shop.url, "catalogue", command, "--", *arguments) for command, *arguments in refusals)
    )
    for ran, said in zip(every, refusals.values(), strict=True):
        assert (ran.code, ran.out, len(ran.err.splitlines())) == (1, "", 1), ran.err
        assert ran.err.startswith(said)
    assert (await plans(shop))["bronze"]["price_usd"] == "30"
