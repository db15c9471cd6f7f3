"""Ordering a plan by its name, and watching the payment."""

import hmac
import re
from typing import Any
from uuid import uuid4

import httpx
import pytest

from tests.deadlines import DEADLINE_SECONDS
from tests.integration.gateway.compat.front_end import FrontEnd
from tests.integration.gateway.fake_handlers import ADDRESS
from tests.integration.gateway.harness import IPN_SECRET, Client, GatewayHarness
from tests.support.waiting import until

NUMBER = re.compile(r"HQADZ-[0-9A-Z]{6,16}-[0-9A-Z]{12}")


def wish(**changed: object) -> dict[str, object]:
    return {"email": f"{uuid4().hex}@example.com", "planName": "Bronze", "currency": "BTC", **changed}


async def created(front: FrontEnd, **changed: object) -> Any:  # noqa: ANN401 - JSON
    return await front.post("payment/create", wish(**changed), status=201)


async def test_an_order_is_placed_at_the_price_of_the_catalogue(http: httpx.AsyncClient) -> None:
    found = await created(FrontEnd(http), planType="starter", amount=30)
    assert NUMBER.fullmatch(found["orderId"])
    shown = {name: found[name] for name in ("paymentId", "payAddress", "payAmount", "payCurrency", "status")}
    assert shown == {
        "paymentId": found["orderId"],
        "payAddress": ADDRESS,
        "payAmount": "0.000456",
        "payCurrency": "BTC",
        "status": "pending",
    }
    assert found["price_usd"] == "30"
    assert found["payment_uri"] == f"bitcoin:{ADDRESS}?amount=0.000456"


@pytest.mark.parametrize("amount", [30, 30.0, "30", "30.00"])
async def test_the_right_amount_may_be_written_in_any_way(http: httpx.AsyncClient, amount: object) -> None:
    assert (await created(FrontEnd(http), amount=amount))["price_usd"] == "30"


@pytest.mark.parametrize(
    ("changed", "refusal"),
    [
        ({"amount": 29.99}, (409, "another_price")),
        ({"amount": 0}, (409, "another_price")),
        ({"amount": "3e1000"}, (409, "another_price")),
        ({"amount": "free"}, (422, "invalid_request")),
        ({"amount": "NaN"}, (422, "invalid_request")),
        ({"planName": "Gilt"}, (404, "unknown_plan")),
        ({"planType": "enterprise"}, (404, "unknown_plan")),
        ({"planType": "gift"}, (422, "invalid_request")),
        ({"currency": "DOGE"}, (422, "unsupported_coin")),
        ({"currency": "!"}, (422, "unsupported_coin")),
        ({"email": "nobody"}, (422, "invalid_request")),
    ],
)
async def test_nothing_is_ordered_that_the_catalogue_does_not_have(
    http: httpx.AsyncClient, harness: GatewayHarness, changed: dict[str, object], refusal: tuple[int, str]
) -> None:
    before = len(harness.fake_billing.placed)
    assert await FrontEnd(http).refused("POST", "payment/create", json=wish(**changed)) == refusal
    assert len(harness.fake_billing.placed) == before


@pytest.mark.parametrize(
    ("plan", "currency", "coin"), [(" BRONZE ", "btc", "BTC"), ("bronze", "usdttrc20", "USDT")]
)
async def test_plans_and_coins_are_found_by_name_or_code(
    http: httpx.AsyncClient, harness: GatewayHarness, plan: str, currency: str, coin: str
) -> None:
    found = await created(FrontEnd(http), planName=plan, currency=currency)
    assert found["payCurrency"] == coin
    assert harness.fake_billing.placed[-1].plan == "bronze"


async def test_a_repetition_returns_the_same_order_and_a_stranger_gets_another(
    harness: GatewayHarness,
) -> None:
    body = wish()
    async with (
        httpx.AsyncClient(base_url=harness.http.base_url, timeout=DEADLINE_SECONDS) as browser,
        httpx.AsyncClient(base_url=harness.http.base_url, timeout=DEADLINE_SECONDS) as elsewhere,
        httpx.AsyncClient(base_url=harness.http.base_url, timeout=DEADLINE_SECONDS) as third,
    ):
        first = (await browser.post("/api/payment/create", json=body)).json()
        again = await browser.post("/api/payment/create", json=body)
        assert (again.status_code, again.json()["orderId"]) == (200, first["orderId"])
        other = await elsewhere.post("/api/payment/create", json=body)
        assert (other.status_code, other.json()["orderId"] != first["orderId"]) == (201, True)
        by_token = {**body, "checkout_token": first["checkout_token"]}
        found = await third.post("/api/payment/create", json=by_token)
        assert found.json()["orderId"] == first["orderId"]


async def test_checkouts_under_both_paths_share_their_limit(harness: GatewayHarness) -> None:
    async with harness.apart(checkouts_per_minute=2) as http:
        front = FrontEnd(http)
        for _ in range(2):
            refused = await front.refused("POST", "payment/create", json=wish(planName="Gilt"))
            assert refused == (404, "unknown_plan")
        assert await front.refused("POST", "payment/create", json=wish()) == (429, "too_many_requests")
        body = {"email": "client@example.com", "plan": "bronze", "pay_currency": "BTC"}
        assert await front.refused("POST", "v1/checkout", json=body) == (429, "too_many_requests")


async def test_a_payment_is_watched_by_whoever_knows_the_orders_number(
    http: httpx.AsyncClient, client: Client, admin: httpx.AsyncClient
) -> None:
    front = FrontEnd(http)
    watched = await front.get("payment/status", paymentId=client.order)
    assert (watched["status"], watched["paymentId"], watched["orderId"]) == (
        "pending",
        client.order,
        client.order,
    )
    answer = await front.ask("GET", "payment/status", params={"paymentId": client.order})
    headers = {"If-None-Match": answer.headers["ETag"]}
    same = await front.ask("GET", "payment/status", params={"paymentId": client.order}, headers=headers)
    assert same.status_code == 304
    await admin.post(f"orders/{client.order}/mark-paid", json={"reason": "a test"})

    async def paid() -> bool:
        return bool((await front.get("payment/status", paymentId=client.order))["status"] == "paid")

    await until(paid)
    await admin.post(f"orders/{client.order}/refund", json={"reason": "a test"})

    async def refunded() -> bool:
        return bool((await front.get("payment/status", paymentId=client.order))["status"] == "refunded")

    await until(refunded)


async def test_the_providers_number_shows_no_payment(
    http: httpx.AsyncClient, client: Client, admin: httpx.AsyncClient
) -> None:
    number = (await admin.get(f"orders/{client.order}")).json()["payment"]
    found = await FrontEnd(http).refused("GET", "payment/status", params={"paymentId": number})
    assert found == (422, "invalid_request")
    unknown = {"paymentId": "HQADZ-MWPM0SFH-9J8ZHS6IAHLL"}
    assert await FrontEnd(http).refused("GET", "payment/status", params=unknown) == (404, "unknown_order")


async def test_looks_under_both_paths_share_their_limit(harness: GatewayHarness) -> None:
    unknown = "HQADZ-MWPM0SFH-9J8ZHS6IAHLL"
    async with harness.apart(payment_looks_per_minute=1) as http:
        front, params = FrontEnd(http), {"paymentId": unknown}
        assert (await front.refused("GET", f"v1/payments/{unknown}"))[0] == 404
        found = await front.refused("GET", "payment/status", params=params)
        assert found == (429, "too_many_requests")


@pytest.mark.usefixtures("patient_provider")
async def test_the_provider_may_use_either_path(http: httpx.AsyncClient) -> None:
    body = b'{"payment_status": "finished"}'
    signed = {"x-nowpayments-sig": hmac.digest(IPN_SECRET.encode(), body, "sha512").hex()}
    answer = await FrontEnd(http).ask("POST", "payment/webhook", content=body, headers=signed)
    assert (answer.status_code, answer.json()) == (200, {"status": "recorded"})
    forged = {"x-nowpayments-sig": "ab" * 64}
    found = await FrontEnd(http).refused("POST", "payment/webhook", content=body, headers=forged)
    assert found == (401, "bad_signature")
    large = await FrontEnd(http).refused("POST", "payment/webhook", content=b" " * 20_000, headers=signed)
    assert large == (413, "body_too_large")
    assert await FrontEnd(http).refused("GET", "payment/webhook") == (405, "method_not_allowed")
