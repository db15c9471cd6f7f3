"""The operator's side of the catalogue."""

from typing import Any

import httpx
import pytest

from libs.events.commands.billing import ListProduct
from tests.integration.gateway.fake_services import BRONZE
from tests.integration.gateway.harness import GatewayHarness

COPPER: dict[str, Any] = {
    "code": "copper",
    "name": "Copper",
    "kind": "enterprise",
    "sessions": 4,
    "interval_seconds": 900,
    "price_usd": "19.90",
    "validity_days": 10,
    "max_groups": 200,
    "max_posts": None,
}


async def codes_on_sale(http: httpx.AsyncClient) -> list[str]:
    return [plan["code"] for plan in (await http.get("/api/v1/catalogue")).json()["items"]]


async def test_a_plan_is_added_repriced_retired_and_sold_again(
    admin: httpx.AsyncClient, http: httpx.AsyncClient
) -> None:
    answer = await admin.post("plans", json=COPPER)
    assert (answer.status_code, answer.json()) == (201, COPPER | {"price_usd": "19.9", "on_sale": True})
    assert "copper" in await codes_on_sale(http)

    answer = await admin.patch("plans/copper", json={"price_usd": "25"})
    assert (answer.status_code, answer.json()["price_usd"]) == (200, "25")

    answer = await admin.delete("plans/copper")
    assert (answer.status_code, answer.json()["on_sale"]) == (200, False)
    assert "copper" not in await codes_on_sale(http)
    listed = {plan["code"]: plan["on_sale"] for plan in (await admin.get("plans")).json()["items"]}
    assert listed == {"bronze": True, "copper": False}

    answer = await admin.post("plans", json=COPPER)
    assert (answer.status_code, answer.json()["on_sale"], answer.json()["price_usd"]) == (201, True, "19.9")
    assert (await admin.delete("plans/copper")).status_code == 200


async def test_adding_what_is_there_already_changes_nothing(admin: httpx.AsyncClient) -> None:
    same = BRONZE.model_dump(mode="json")
    answer = await admin.post("plans", json=same)
    assert (answer.status_code, answer.json()["on_sale"]) == (200, True)


async def test_a_plan_that_nobody_knows_is_not_found(admin: httpx.AsyncClient) -> None:
    for answer in (
        await admin.patch("plans/nothing", json={"price_usd": "1"}),
        await admin.delete("plans/nothing"),
    ):
        assert (answer.status_code, answer.json()["code"]) == (404, "unknown_plan")


PRICES = [
    "-1", "0", "0.00", "NaN", "Infinity", "-Infinity", "1e9", "1E400", "9" * 40, "100000000", "1.001", "1,5",
    "1_000", "\u0661", " 5", "5\n", "", "five", 5, 5.5, True, None, ["5"], {"amount": "5"},
]  # fmt: skip


@pytest.mark.parametrize("price", PRICES, ids=str)
async def test_a_price_that_is_none_is_refused_and_changes_nothing(
    admin: httpx.AsyncClient, harness: GatewayHarness, price: object
) -> None:
    before = len(harness.fake_billing.seen)
    for answer in (
        await admin.patch("plans/bronze", json={"price_usd": price}),
        await admin.post("plans", json=COPPER | {"price_usd": price}),
    ):
        assert (answer.status_code, answer.json()["code"]) == (422, "invalid_request")
        assert [problem["field"] for problem in answer.json()["errors"]] == ["body.price_usd"]
    assert len(harness.fake_billing.seen) == before


@pytest.mark.parametrize("price", ["NaN", "Infinity", "-Infinity", "1e999", "9" * 5000])
async def test_a_bare_number_that_is_none_is_refused(
    admin: httpx.AsyncClient, harness: GatewayHarness, price: str
) -> None:
    before = len(harness.fake_billing.seen)
    headers = {"content-type": "application/json"}
    answer = await admin.patch("plans/bronze", content=f'{{"price_usd": {price}}}', headers=headers)
    assert answer.status_code in {400, 422}
    assert answer.json()["code"] in {"invalid_request", "malformed_request"}
    assert len(harness.fake_billing.seen) == before


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("code", "Copper Plan"),
        ("code", ""),
        ("name", ""),
        ("name", "x" * 61),
        ("name", "a\u0000b"),
        ("kind", "luxury"),
        ("sessions", 0),
        ("sessions", 1001),
        ("interval_seconds", 0),
        ("interval_seconds", 316_224_001),
        ("validity_days", 0),
        ("validity_days", 10**20),
        ("max_groups", 0),
        ("max_groups", 10_001),
        ("max_posts", 21),
        ("colour", "red"),
    ],
)
async def test_a_malformed_plan_names_the_field(
    admin: httpx.AsyncClient, harness: GatewayHarness, field: str, value: object
) -> None:
    before = len(harness.fake_billing.seen)
    answer = await admin.post("plans", json=COPPER | {field: value})
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_request")
    assert [problem["field"] for problem in answer.json()["errors"]] == [f"body.{field}"]
    assert len(harness.fake_billing.seen) == before


async def test_the_plan_arrives_as_it_was_described(
    admin: httpx.AsyncClient, harness: GatewayHarness
) -> None:
    await admin.post("plans", json=COPPER | {"code": "tin"})
    told = harness.fake_billing.seen[-1]
    assert isinstance(told, ListProduct)
    assert told.plan.model_dump(mode="json") == COPPER | {"code": "tin"}
    await admin.delete("plans/tin")
