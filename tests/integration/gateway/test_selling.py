"""Selling with real billing and provisioning behind the gateway."""

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import httpx
import pytest_asyncio

from adrelay.runtime.nats import EmbeddedNats
from adrelay.runtime.postgres import EmbeddedPostgres
from tests.integration.gateway.harness import access_code
from tests.integration.gateway.shop import Shop, open_shop
from tests.support.waiting import until

PLAN: dict[str, Any] = {
    "name": "Tiny",
    "kind": "starter",
    "sessions": 1,
    "interval_seconds": 60,
    "validity_days": 1,
}


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def shop(postgres_server: EmbeddedPostgres, nats_server: EmbeddedNats) -> AsyncIterator[Shop]:
    """A market without stock, that soon tries a provider again which was away."""
    async with open_shop(postgres_server, nats_server, provider_rest_seconds=0.3) as opened:
        yield opened


def wish(**changed: str) -> dict[str, str]:
    return {"email": f"{uuid4().hex}@example.com", "plan": "bronze", "pay_currency": "BTC"} | changed


async def test_what_is_not_in_stock_is_not_sold_and_the_last_session_once(shop: Shop) -> None:
    answer = await shop.http.post("checkout", json=wish())
    assert (answer.status_code, answer.json()["code"]) == (409, "insufficient_stock")
    await shop.stock(1)
    sold: list[str] = []

    async def one_is_sold() -> bool:
        answers = await asyncio.gather(*(shop.http.post("checkout", json=wish()) for _ in range(4)))
        sold.extend(answer.json()["order_number"] for answer in answers if answer.status_code == 201)
        assert {answer.json()["code"] for answer in answers if answer.status_code != 201} <= {
            "insufficient_stock"
        }
        return bool(sold)

    await until(one_is_sold)
    assert len(sold) == 1
    await shop.stock(20)


async def test_a_price_below_the_coins_smallest_payment_is_refused(shop: Shop) -> None:
    plan = PLAN | {"code": "penny", "price_usd": "0.01"}
    assert (await shop.admin.post("plans", json=plan)).status_code == 201
    before = len(await shop.payments.payments())
    answer = await shop.http.post("checkout", json=wish(plan="penny"))
    assert (answer.status_code, answer.json()["code"]) == (409, "below_minimum")
    assert len(await shop.payments.payments()) == before


async def test_a_coin_that_nobody_sells_for_is_refused(shop: Shop) -> None:
    answer = await shop.http.post("checkout", json=wish(pay_currency="DOGE"))
    assert (answer.status_code, answer.json()["code"]) == (422, "unsupported_coin")


async def test_a_checkout_while_the_provider_is_away_is_one_order_and_one_payment(shop: Shop) -> None:
    await shop.check_out()  # there is stock
    bought = wish()
    await shop.payments.be_down()
    try:
        for _ in range(2):
            answer = await shop.http.post("checkout", json=bought)
            assert (answer.status_code, answer.json()["code"]) == (503, "provider_unavailable")
            assert int(answer.headers["Retry-After"]) > 0
    finally:
        await shop.payments.heal()

    async def placed() -> Any:  # noqa: ANN401 - JSON
        answer = await shop.http.post("checkout", json=bought)
        return answer.json() if answer.status_code in {200, 201} else None

    order = await until(placed)
    lines = (await shop.admin.get("orders", params={"email": bought["email"]})).json()["items"]
    assert [line["order_number"] for line in lines] == [order["order_number"]]
    made = [one for one in await shop.payments.payments() if one.order_id == order["order_number"]]
    assert [one.pay_address for one in made] == [order["pay_address"]]


def _delivered(order: dict[str, Any]) -> bool:
    return bool(order["order_status"] == "FULFILLED")


async def signed_in(shop: Shop, email: str) -> dict[str, str]:
    code = await access_code(shop.admin, email)
    answer = await shop.http.post("auth/sign-in", json={"access_code": code})
    return {"Authorization": f"Bearer {answer.json()['token']}"}


async def renewal(shop: Shop, adbot: str, token: dict[str, str]) -> httpx.Response:
    return await shop.http.post(f"adbots/{adbot}/renewal", json={"pay_currency": "BTC"}, headers=token)


async def bought(shop: Shop, **wanted: str) -> tuple[str, dict[str, str]]:
    """Return an adbot that somebody bought, and what signs its owner in."""
    email = f"{uuid4().hex}@example.com"
    order = await shop.check_out(email=email, **wanted)
    await shop.payments.pay(await shop.payment(order["order_number"]))
    delivered = await shop.becomes(order["order_number"], _delivered)
    return delivered["adbot"], await signed_in(shop, email)


async def test_a_stop_and_a_start_bring_no_cycle_before_the_plans_interval_is_over(shop: Shop) -> None:
    adbot, token = await bought(shop)

    async def press(button: str) -> dict[str, Any]:
        answer = await shop.http.post(f"adbots/{adbot}/{button}", headers=token)
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    async def first_cycle() -> Any:  # noqa: ANN401 - JSON
        return (await shop.http.get(f"adbots/{adbot}", headers=token)).json()["cycles"]["last_due_at"]

    async def advertised() -> bool:
        advertisement = {"post": "https://t.me/channel/42", "groups": ["@a_group"]}
        answer = await shop.http.put(f"adbots/{adbot}/advertisement", json=advertisement, headers=token)
        return answer.status_code == 200

    await until(advertised)
    await press("start")
    last = await until(first_cycle)
    second = (datetime.fromisoformat(last) + timedelta(hours=1)).isoformat()
    for _ in range(2):
        stopped = await press("stop")
        assert (stopped["status"], stopped["cycles"]["next_due_at"]) == ("STOPPED", None)
        assert datetime.fromisoformat(stopped["next_cycle_at"]).isoformat() == second
        started = await press("start")
        assert started["status"] == "RUNNING"
        assert datetime.fromisoformat(started["next_cycle_at"]).isoformat() == second
    assert (await press("stop"))["cycles"]["last_number"] == 1


async def test_a_plan_of_one_cycle_in_three_days_is_sold_and_its_cycles_are_three_days_apart(
    shop: Shop,
) -> None:
    interval = timedelta(days=3)
    slow = {"code": "slow", "price_usd": "30", "validity_days": 30}
    plan = PLAN | slow | {"interval_seconds": interval // timedelta(seconds=1)}
    listed = await shop.admin.post("plans", json=plan)
    assert (listed.status_code, listed.json()["interval_seconds"]) == (201, 259_200)
    await shop.stock(1)
    adbot, token = await bought(shop, plan="slow")
    advertisement = {"post": "https://t.me/channel/42", "groups": ["@a_group"]}
    set_up = await shop.http.put(f"adbots/{adbot}/advertisement", json=advertisement, headers=token)
    assert set_up.status_code == 200, set_up.text
    assert (await shop.http.post(f"adbots/{adbot}/start", headers=token)).status_code == 200

    async def cycles() -> Any:  # noqa: ANN401 - JSON
        found = (await shop.http.get(f"adbots/{adbot}", headers=token)).json()["cycles"]
        return found if found["last_number"] else None

    found = await until(cycles)
    last, following = (datetime.fromisoformat(found[name]) for name in ("last_due_at", "next_due_at"))
    assert (found["last_number"], following - last) == (1, interval)


async def test_a_plan_whose_interval_is_longer_than_it_is_valid_is_refused(shop: Shop) -> None:
    plan = PLAN | {"code": "once", "price_usd": "30", "validity_days": 2, "interval_seconds": 172_801}
    refused = await shop.admin.post("plans", json=plan)
    assert (refused.status_code, refused.json()["code"]) == (422, "interval_too_long")
    assert refused.json()["detail"] == (
        "an interval of 172801 s is longer than the plan is valid: 2 days are 172800 s"
    )
    assert "once" not in {one["code"] for one in (await shop.admin.get("plans")).json()["items"]}


async def test_a_renewal_that_is_paid_extends_the_adbot_and_is_fulfilled(shop: Shop) -> None:
    first = await shop.check_out(email="renewer@example.com")
    token = await signed_in(shop, "renewer@example.com")
    await shop.payments.pay(await shop.payment(first["order_number"]))
    adbot = (await shop.becomes(first["order_number"], _delivered))["adbot"]

    async def shown() -> Any:  # noqa: ANN401 - JSON
        answer = await shop.http.get(f"adbots/{adbot}", headers=token)
        return answer.json() if answer.status_code == 200 else None

    before = await until(shown)
    answer = await renewal(shop, adbot, token)
    assert answer.status_code == 201, answer.text
    number = answer.json()["order_number"]
    assert (await renewal(shop, adbot, token)).json()["order_number"] == number
    await shop.payments.pay(await shop.payment(number), repeat=3, order="shuffled")
    order = await shop.becomes(number, _delivered)
    assert (order["adbot"], order["renews"]) == (adbot, adbot)
    after = await shown()
    ends = [datetime.fromisoformat(one["valid_until"]) for one in (before, after)]
    assert ends[1] - ends[0] == timedelta(days=30)
    assert len((await shop.http.get("adbots", headers=token)).json()["items"]) == 1


async def test_a_refunded_order_suspends_its_adbot_which_is_not_renewed(shop: Shop) -> None:
    first = await shop.check_out(email="refunded@example.com")
    token = await signed_in(shop, "refunded@example.com")
    await shop.payments.pay(await shop.payment(first["order_number"]))
    order = await shop.becomes(first["order_number"], lambda order: order["adbot"] is not None)
    await shop.admin.post(f"orders/{first['order_number']}/refund", json={"reason": "wished so"})

    async def suspended() -> bool:
        adbot = (await shop.admin.get(f"adbots/{order['adbot']}")).json()
        return bool(adbot["status"] == "SUSPENDED")

    await until(suspended)
    answer = await renewal(shop, order["adbot"], token)
    assert (answer.status_code, answer.json()["code"]) == (409, "adbot_suspended")
    marked = await shop.admin.post(f"orders/{first['order_number']}/mark-paid", json={"reason": "no"})
    assert (marked.status_code, marked.json()["code"]) == (409, "order_refunded")
