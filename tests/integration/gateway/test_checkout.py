"""Buying: the catalogue, the checkout, the payment."""

import asyncio
import re
from datetime import datetime, timedelta
from secrets import token_urlsafe
from typing import Any
from uuid import uuid4

import httpx
import pytest

from libs.events.billing import (
    OrderExpired,
    OrderFulfilled,
    PaymentConfirming,
    PaymentExpired,
    PaymentFinished,
    PaymentPartiallyPaid,
    PaymentRequested,
)
from libs.events.values import AdbotId
from libs.eventsourcing.values import new_id, utc_now
from tests.integration.gateway.fake_handlers import ADDRESS, AMOUNT
from tests.integration.gateway.fake_services import BRONZE
from tests.integration.gateway.harness import Client, GatewayHarness
from tests.support.waiting import until


def checkout(*, email: str | None = None, plan: str = "bronze", coin: str = "BTC") -> dict[str, str]:
    return {"email": email or f"{uuid4().hex}@example.com", "plan": plan, "pay_currency": coin}


async def payment(http: httpx.AsyncClient, order: str) -> dict[str, Any]:
    answer = await http.get(f"/api/v1/payments/{order}")
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def test_the_catalogue_lists_what_is_on_sale(http: httpx.AsyncClient) -> None:
    async def listed() -> Any:  # noqa: ANN401 - JSON
        return (await http.get("/api/v1/catalogue")).json()["items"]

    assert await until(listed) == [
        {
            "code": "bronze",
            "name": "Bronze",
            "kind": "starter",
            "sessions": 2,
            "interval_seconds": 3600,
            "price_usd": "30",
            "validity_days": 30,
            "max_groups": None,
            "max_posts": None,
        }
    ]


async def test_a_first_checkout_says_how_to_pay_and_shows_no_code(http: httpx.AsyncClient) -> None:
    answer = await http.post("/api/v1/checkout", json=checkout())
    assert answer.status_code == 201
    order = answer.json()
    assert re.fullmatch(r"HQADZ-[0-9A-Z]{8}-[0-9A-Z]{12}", order["order_number"])
    assert (order["pay_address"], order["amount"], order["pay_currency"]) == (ADDRESS, "0.000456", "BTC")
    assert order["payment_uri"] == f"bitcoin:{ADDRESS}?amount=0.000456"
    assert order["qr_svg"].startswith("data:image/svg+xml")
    assert "access_code" not in order
    assert "USER-" not in answer.text
    until_then = datetime.fromisoformat(order["expires_at"]) - utc_now()
    assert timedelta(minutes=18) < until_then <= timedelta(minutes=20)


async def test_checking_out_again_returns_the_same_order(http: httpx.AsyncClient) -> None:
    body = checkout()
    first = await http.post("/api/v1/checkout", json=body)
    again = await http.post("/api/v1/checkout", json=body | {"email": body["email"].upper()})
    assert (first.status_code, again.status_code) == (201, 200)
    assert again.json()["order_number"] == first.json()["order_number"]
    assert again.json()["pay_address"] == ADDRESS


async def test_another_coin_is_another_order(client: Client, harness: GatewayHarness) -> None:
    other = await harness.http.post("/api/v1/checkout", json=checkout(email=client.email, coin="LTC"))
    assert other.status_code == 201
    assert other.json()["order_number"] != client.order


async def test_several_clicks_with_a_token_of_the_clients_own_are_one_order(http: httpx.AsyncClient) -> None:
    body = checkout() | {"checkout_token": token_urlsafe()}
    answers = await asyncio.gather(*(http.post("/api/v1/checkout", json=body) for _ in range(5)))
    assert sorted(answer.status_code for answer in answers) == [200, 200, 200, 200, 201]
    assert len({answer.json()["order_number"] for answer in answers}) == 1
    assert {answer.json()["checkout_token"] for answer in answers} == {body["checkout_token"]}


async def test_a_refused_checkout_names_the_plan(http: httpx.AsyncClient) -> None:
    refused = await http.post("/api/v1/checkout", json=checkout(plan="platinum"))
    assert (refused.status_code, refused.json()["code"]) == (404, "unknown_plan")


async def test_an_order_without_an_address_goes_on_where_it_stopped(
    http: httpx.AsyncClient, harness: GatewayHarness
) -> None:
    body = checkout(plan="no-address")
    first = (await http.post("/api/v1/checkout", json=body)).json()
    assert (first["pay_address"], first["qr_svg"]) == (None, None)
    requested = PaymentRequested(
        order=first["order_number"], provider="p", payment="1", address="there", amount=AMOUNT, coin="BTC"
    )
    await harness.billing.publish(f"order-{first['order_number']}", requested)

    async def shown() -> bool:
        return bool((await payment(http, first["order_number"]))["pay_address"] == "there")

    await until(shown)
    again = await http.post("/api/v1/checkout", json=body)
    assert (again.status_code, again.json()["order_number"]) == (200, first["order_number"])


async def test_an_expired_order_is_not_returned_again(client: Client, harness: GatewayHarness) -> None:
    await harness.billing.publish(
        f"order-{client.order}",
        PaymentExpired(order=client.order, payment="5001"),
        OrderExpired(order=client.order),
    )

    async def over() -> bool:
        return bool((await payment(harness.http, client.order))["order_status"] == "EXPIRED")

    await until(over)
    fresh = await client.http.post("checkout", json=checkout(email=client.email))
    assert fresh.status_code == 201
    assert fresh.json()["order_number"] != client.order


async def test_a_payment_can_be_followed_to_its_end(client: Client, harness: GatewayHarness) -> None:
    order, stream, adbot = client.order, f"order-{client.order}", AdbotId(new_id())

    async def reaches(status: str) -> dict[str, Any]:
        async def there() -> Any:  # noqa: ANN401 - JSON
            found = await payment(harness.http, order)
            return found if found["status"] == status else None

        return dict(await until(there))

    assert (await payment(harness.http, order))["status"] == "WAITING"
    half = PaymentPartiallyPaid(order=order, payment="5001", paid=AMOUNT / 2, missing=AMOUNT / 2, coin="BTC")
    await harness.billing.publish(stream, PaymentConfirming(order=order, payment="5001"), half)
    state = await reaches("PARTIALLY_PAID")
    assert (state["paid"], state["missing"], state["order_status"]) == ("0.000228", "0.000228", "PENDING")
    finished = PaymentFinished(
        order=order,
        account=client.account,
        plan=BRONZE,
        payment="5001",
        paid=AMOUNT,
        coin="BTC",
        by_hand=False,
    )
    await harness.billing.publish(stream, finished)
    state = await reaches("FINISHED")
    assert (state["missing"], state["order_status"]) == (None, "PAID")
    await harness.billing.publish(stream, OrderFulfilled(order=order, account=client.account, adbot=adbot))

    async def delivered() -> Any:  # noqa: ANN401 - JSON
        lines = (await client.get("orders"))["items"]
        return lines if lines[0]["order_status"] == "FULFILLED" else None

    (line,) = await until(delivered)
    assert (line["order_number"], line["adbot"], line["amount"]) == (order, str(adbot), "0.000456")


async def test_an_unknown_order_is_not_found(http: httpx.AsyncClient) -> None:
    answer = await http.get("/api/v1/payments/HQADZ-AAAAAAAA-BBBBBBBB")
    assert (answer.status_code, answer.json()["code"]) == (404, "unknown_order")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("email", "nobody"),
        ("email", "a\u0000b@example.com"),
        ("email", ""),
        ("email", "a@[example"),
        ("email", "a,b@example.com"),
        ("email", "ü@example.com"),
        ("email", "user@example"),
        ("email", "user@-example.com"),
        ("email", "user@exam_ple.com"),
        ("email", f"{'x' * 65}@example.com"),
        ("checkout_token", "short"),
        ("checkout_token", "ä" * 40),
        ("plan", "no such plan!"),
        ("pay_currency", "B T C"),
        ("amount", "1"),
    ],
)
async def test_a_malformed_checkout_names_the_field(http: httpx.AsyncClient, field: str, value: str) -> None:
    answer = await http.post("/api/v1/checkout", json=checkout() | {field: value})
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_request")
    assert [problem["field"] for problem in answer.json()["errors"]] == [f"body.{field}"]


async def test_the_commands_continue_the_requests_correlated_tree(
    client: Client, harness: GatewayHarness
) -> None:
    answer = await harness.http.post("/api/v1/checkout", json=checkout(email=client.email, coin="SOL"))
    placed, requested = await harness.billing.events_of(f"order-{answer.json()['order_number']}")
    for recorded in (placed, requested):
        assert str(recorded.envelope.correlation_id) == answer.headers["X-Correlation-Id"]
        assert recorded.envelope.actor == "anonymous"


async def test_a_broken_service_is_answered_with_503(http: httpx.AsyncClient) -> None:
    answer = await http.post("/api/v1/checkout", json=checkout(plan="broken"))
    assert (answer.status_code, answer.json()["code"]) == (503, "service_unavailable")
    assert int(answer.headers["Retry-After"]) > 0
