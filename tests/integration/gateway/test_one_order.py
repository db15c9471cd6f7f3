"""One wish is one order: whatever the provider does, and however many gateways are asked."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from secrets import token_urlsafe
from uuid import uuid4

import httpx
import pytest
import pytest_asyncio

from tests.integration.gateway.shop import ADDRESS, MEMO
from tests.integration.gateway.world import World
from tests.support.waiting import until

CHECKOUT = "/api/v1/checkout"


def body(**changed: str) -> dict[str, str]:
    """What a client asks for who made a token before the first click."""
    usual = {"email": f"{uuid4().hex}@example.com", "plan": "bronze", "pay_currency": "BTC"}
    return usual | {"checkout_token": token_urlsafe()} | changed


@pytest.fixture
def away(world: World) -> Iterator[World]:
    """A world whose payment provider does not answer."""
    world.shop.provider_away = True
    yield world
    world.shop.provider_away = False


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def pair(world: World) -> AsyncIterator[tuple[httpx.AsyncClient, httpx.AsyncClient]]:
    """Two gateways on one database."""
    async with AsyncExitStack() as stack:
        database = await world.database(stack, "gateway")
        first = await stack.enter_async_context(world.gateway(postgres_url=database))
        second = await stack.enter_async_context(world.gateway(postgres_url=database))
        yield first, second


async def test_a_checkout_whose_provider_was_away_goes_on_with_the_same_order(away: World) -> None:
    wish = body()
    numbers = [command.order for command in away.shop.placed]
    for _ in range(3):
        answer = await away.http.post(CHECKOUT, json=wish)
        assert (answer.status_code, answer.json()["code"]) == (503, "provider_unavailable")
        assert int(answer.headers["Retry-After"]) > 0
    away.shop.provider_away = False
    answer = await away.http.post(CHECKOUT, json=wish)
    assert (answer.status_code, answer.json()["pay_address"]) == (201, ADDRESS)
    asked = {command.order for command in away.shop.placed[len(numbers) :]}
    assert asked == {answer.json()["order_number"]}


async def test_it_goes_on_with_the_same_order_before_reads_show_it(away: World) -> None:
    wish = body()
    await away.billing.pause()
    try:
        before = len(away.shop.placed)
        for _ in range(2):
            assert (await away.http.post(CHECKOUT, json=wish)).status_code == 503
        assert len({command.order for command in away.shop.placed[before:]}) == 1
    finally:
        away.billing.resume()


async def test_it_goes_on_with_the_same_order_in_another_gateway(
    away: World, pair: tuple[httpx.AsyncClient, httpx.AsyncClient]
) -> None:
    first, second = pair
    wish = body()
    await away.billing.pause()
    try:
        before = len(away.shop.placed)
        assert (await first.post(CHECKOUT, json=wish)).status_code == 503
        assert (await second.post(CHECKOUT, json=wish)).status_code == 503
        assert len({command.order for command in away.shop.placed[before:]}) == 1
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
    world: World, pair: tuple[httpx.AsyncClient, httpx.AsyncClient]
) -> None:
    wish = body()
    numbers: list[str] = []
    for _ in range(3):
        answers = await asyncio.gather(*(http.post(CHECKOUT, json=wish) for http in pair * 2))
        (number,) = {answer.json()["order_number"] for answer in answers}
        numbers.append(number)
        await world.cancel(number)

        async def over(number: str = number) -> bool:
            shown = [(await http.get(f"/api/v1/payments/{number}")).json() for http in pair]
            return all(one["order_status"] == "CANCELLED" for one in shown)

        await until(over)
    assert len(set(numbers)) == 3


async def test_an_order_that_is_over_in_billing_alone_is_waited_for(world: World) -> None:
    wish = body()
    world.shop.provider_away = True
    try:
        before = len(world.shop.placed)
        assert (await world.http.post(CHECKOUT, json=wish)).status_code == 503
    finally:
        world.shop.provider_away = False
    number = world.shop.placed[before].order
    world.shop.over[number] = "order_expired"
    answering = asyncio.create_task(world.http.post(CHECKOUT, json=wish))
    await until(lambda: _asked(world, number, 3))
    await world.expire(number)
    answer = await answering
    assert answer.status_code == 201
    assert answer.json()["order_number"] != number


async def _asked(world: World, number: str, times: int) -> bool:
    return sum(command.order == number for command in world.shop.placed) >= times


async def test_a_coin_that_needs_a_memo_shows_it(world: World) -> None:
    answer = await world.http.post(CHECKOUT, json=body(pay_currency="XRP"))
    assert (answer.status_code, answer.json()["memo"]) == (201, MEMO)
    payment = (await world.http.get(f"/api/v1/payments/{answer.json()['order_number']}")).json()
    assert payment["memo"] == MEMO


@pytest.mark.parametrize("coin", ["BTC", "ETH", "SOL", "LTC", "USDT", "XRP"])
async def test_every_coin_has_its_picture(world: World, coin: str) -> None:
    order = (await world.http.post(CHECKOUT, json=body(pay_currency=coin))).json()
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
async def test_what_billing_refuses_has_its_status(world: World, code: str, status: int) -> None:
    world.shop.no_sale = code
    try:
        answer = await world.http.post(CHECKOUT, json=body())
    finally:
        world.shop.no_sale = None
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert ("Retry-After" in answer.headers) == (status == 503)
