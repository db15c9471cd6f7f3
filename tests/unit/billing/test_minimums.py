"""The smallest payments: cached, and stale values are used while the provider is down."""

import asyncio
from decimal import Decimal

import pytest

from libs.events.values import Coin
from services.billing.adapters.nowpayments.minimums import AGAIN_SECONDS, STALE_SECONDS, Minimums
from services.billing.ports import ProviderUnavailable


class Provider:
    """Returns the configured minimum, and counts requests."""

    def __init__(self) -> None:
        self.asked = 0
        self.down = False
        self.minimum: Decimal | None = Decimal(2)

    async def ask(self, _: Coin) -> Decimal | None:
        self.asked += 1
        await asyncio.sleep(0)
        if self.down:
            raise ProviderUnavailable("down")
        return self.minimum


class Clock:
    """A clock that tests advance."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        self.now += 1e-6
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


async def test_concurrent_callers_share_one_request(clock: Clock) -> None:
    provider = Provider()
    minimums = Minimums(provider.ask, clock=clock)
    assert await asyncio.gather(*(minimums.of("BTC") for _ in range(20))) == [Decimal(2)] * 20
    assert provider.asked == 1
    await minimums.of("ETH")
    assert provider.asked == 2


async def test_a_minimum_is_cached_for_a_while(clock: Clock) -> None:
    provider = Provider()
    minimums = Minimums(provider.ask, fresh_seconds=600, clock=clock)
    await minimums.of("BTC")
    clock.now += 599
    await minimums.of("BTC")
    assert provider.asked == 1
    provider.minimum = Decimal(3)
    clock.now += 2
    assert await minimums.of("BTC") == Decimal(3)


async def test_an_unknown_minimum_is_cached_too(clock: Clock) -> None:
    provider = Provider()
    provider.minimum = None
    minimums = Minimums(provider.ask, clock=clock)
    assert [await minimums.of("BTC") for _ in range(3)] == [None] * 3
    assert provider.asked == 1


async def test_while_the_provider_is_down_a_stale_minimum_is_used_and_requests_are_limited(
    clock: Clock,
) -> None:
    provider = Provider()
    minimums = Minimums(provider.ask, clock=clock)
    await minimums.of("BTC")
    provider.down = True
    clock.now += 3600
    assert [await minimums.of("BTC") for _ in range(5)] == [Decimal(2)] * 5
    assert provider.asked == 2
    clock.now += AGAIN_SECONDS
    provider.down, provider.minimum = False, Decimal(4)
    assert await minimums.of("BTC") == Decimal(4)


async def test_a_minimum_of_yesterday_is_not_used(clock: Clock) -> None:
    provider = Provider()
    minimums = Minimums(provider.ask, clock=clock)
    await minimums.of("BTC")
    provider.down = True
    clock.now += STALE_SECONDS + 1
    with pytest.raises(ProviderUnavailable):
        await minimums.of("BTC")


async def test_without_any_answer_all_waiting_callers_fail_at_once(clock: Clock) -> None:
    provider = Provider()
    provider.down = True
    minimums = Minimums(provider.ask, clock=clock)
    reported = await asyncio.gather(*(minimums.of("BTC") for _ in range(10)), return_exceptions=True)
    assert {type(error) for error in reported} == {ProviderUnavailable}
    assert provider.asked == 1
    provider.down = False
    assert await minimums.of("BTC") == Decimal(2)
