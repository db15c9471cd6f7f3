"""One wish is one order: whatever the provider does, and however many gateways are asked."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from secrets import token_urlsafe
from uuid import uuid4

import httpx
import pytest
import pytest_asyncio

from tests.integration.gateway.fake_handlers import ADDRESS, MEMO
from tests.integration.gateway.harness import GatewayHarness
from tests.support.waiting import until

CHECKOUT = "/api/v1/checkout"


def body(**changed: str) -> dict[str, str]:
    """What a client asks for who made a token before the first click."""
    usual = {"email": f"{uuid4().hex}@example.com", "plan": "bronze", "pay_currency": "BTC"}
    return usual | {"checkout_token": token_urlsafe()} | changed


@pytest.fixture
def away(harness: GatewayHarness) -> Iterator[GatewayHarness]:
    """A harness whose payment provider does not answer."""
    harness.fake_billing.provider_away = True
    yield harness
    harness.fake_billing.provider_away = False


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def pair(harness: GatewayHarness) -> AsyncIterator[tuple[httpx.AsyncClient, httpx.AsyncClient]]:
    """Two gateways on one database."""
    async with harness.gateway() as replica:
        yield harness.http, replica


async def test_a_checkout_whose_provider_was_away_goes_on_with_the_same_order(away: GatewayHarness) -> None:
    wish = body()
    numbers = [command.order for command in away.fake_billing.placed]
    for _ in range(3):
        answer = await away.http.post(CHECKOUT, json=wish)
        assert (answer.status_code, answer.json()["code"]) == (503, "provider_unavailable")
        assert int(answer.headers["Retry-After"]) > 0
    away.fake_billing.provider_away = False
    answer = await away.http.post(CHECKOUT, json=wish)
    assert (answer.status_code, answer.json()["pay_address"]) == (201, ADDRESS)
    asked = {command.order for command in away.fake_billing.placed[len(numbers) :]}
    assert asked == {answer.json()["order_number"]}


async def test_it_goes_on_with_the_same_order_before_reads_show_it(away: GatewayHarness) -> None:
    wish = body()
    await away.billing.pause()
    try:
        before = len(away.fake_billing.placed)
        for _ in range(2):
            assert (await away.http.post(CHECKOUT, json=wish)).status_code == 503
        assert len({command.order for command in away.fake_billing.placed[before:]}) == 1
    finally:
        away.billing.resume()


async def test_it_goes_on_with_the_same_order_in_another_gateway(
    away: GatewayHarness, pair: tuple[httpx.AsyncClient, httpx.AsyncClient]
) -> None:
    first, second = pair
    wish = body()
    await away.billing.pause()
    try:
        before = len(away.fake_billing.placed)
        assert (await first.post(CHECKOUT, json=wish)).status_code == 503
        assert (await second.post(CHECKOUT, json=wish)).status_code == 503
        assert len({command.order for command in away.fake_billing.placed[before:]}) == 1
    finally:
        away.billing.resume()


async def test_two_gateways_asked_at_once_make_one_order(
    pair: tuple[httpx.AsyncClient, httpx.AsyncClient],
) -> None:
    for _ in range(3):
        wish = body()
        answers = await asyncio.gather(*(http.post(CHECKOUT, json=wish) for http in pair * 4))
        assert {answer.status_code for answer in answers} <= {200, 201, 202}
        assert len({answer.json()["order_number"] for answer in answers}) == 1


async def test_two_gateways_each_go_on_once_the_order_is_over(
    harness: GatewayHarness, pair: tuple[httpx.AsyncClient, httpx.AsyncClient]
) -> None:
    wish = body()
    numbers: list[str] = []
    for _ in range(3):
        answers = await asyncio.gather(*(http.post(CHECKOUT, json=wish) for http in pair * 2))
        (number,) = {answer.json()["order_number"] for answer in answers}
        numbers.append(number)
        await harness.cancel(number)

        async def over(number: str = number) -> bool:
            shown = [(await http.get(f"/api/v1/payments/{number}")).json() for http in pair]
            return all(one["order_status"] == "CANCELLED" for one in shown)

        await until(over)
    assert len(set(numbers)) == 3


async def test_an_order_that_is_over_in_billing_alone_is_waited_for(harness: GatewayHarness) -> None:
    wish = body()
    harness.fake_billing.provider_away = True
    try:
        before = len(harness.fake_billing.placed)
        assert (await harness.http.post(CHECKOUT, json=wish)).status_code == 503
    finally:
        harness.fake_billing.provider_away = False
    number = harness.fake_billing.placed[before].order
    harness.fake_billing.over[number] = "order_expired"
    answering = asyncio.create_task(harness.http.post(CHECKOUT, json=wish))
    await until(lambda: _asked(harness, number, 3))
    await harness.expire(number)
    answer = await answering
    assert answer.status_code == 201
    assert answer.json()["order_number"] != number


async def _asked(harness: GatewayHarness, number: str, times: int) -> bool:
    return sum(command.order == number for command in harness.fake_billing.placed) >= times


async def test_a_coin_that_needs_a_memo_shows_it(harness: GatewayHarness) -> None:
    answer = await harness.http.post(CHECKOUT, json=body(pay_currency="XRP"))
    assert (answer.status_code, answer.json()["memo"]) == (201, MEMO)
    payment = (await harness.http.get(f"/api/v1/payments/{answer.json()['order_number']}")).json()
    assert payment["memo"] == MEMO


@pytest.mark.parametrize("coin", ["BTC", "ETH", "SOL", "LTC", "USDT", "XRP"])
async def test_every_coin_has_its_picture(harness: GatewayHarness, coin: str) -> None:
    order = (await harness.http.post(CHECKOUT, json=body(pay_currency=coin))).json()
    assert order["qr_svg"].startswith("data:image/svg+xml")
    assert ADDRESS in order["payment_uri"]


@pytest.mark.parametrize(
    ("code", "status"),
    [
        ("insufficient_stock", 409),
        ("below_minimum", 409),
        ("unsupported_coin", 422),
        ("unknown_plan", 404),
        ("order_exists_differently", 409),
        ("payment_declined", 502),
        ("provider_unavailable", 503),
    ],
)
async def test_what_billing_refuses_has_its_status(harness: GatewayHarness, code: str, status: int) -> None:
    harness.fake_billing.no_sale = code
    try:
        answer = await harness.http.post(CHECKOUT, json=body())
    finally:
        harness.fake_billing.no_sale = None
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert ("Retry-After" in answer.headers) == (status == 503)
