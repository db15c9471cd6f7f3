"""No sale without stock, on real servers; what is promised to whom is in `test_stock_rules.py`."""

import asyncio

from libs.eventsourcing import Refused
from tests.integration.billing.harness import NUMBER, BillingHarness, client_of
from tests.support.waiting import until

OTHER = "HQADZ-ABC123-ZZZZ"
THIRD = "HQADZ-ABC123-YYYY"


async def tried(harness: BillingHarness, number: str, plan: str = "bronze") -> str:
    """Place an order and return why it was refused, or `placed`; each is another client's."""
    try:
        await harness.place(number, plan=plan, account=client_of(number))
    except Refused as refusal:
        return refusal.code
    return "placed"


async def test_without_stock_nothing_is_sold_and_the_provider_is_not_asked(sold_out: BillingHarness) -> None:
    async with sold_out.running():
        assert await tried(sold_out, NUMBER) == "insufficient_stock"
        assert await sold_out.history() == []
        assert await sold_out.control.payments() == []
        await sold_out.stock(1)
        await until(sold_out.free, lambda free: free == 1)
        assert await tried(sold_out, NUMBER) == "placed"


async def test_the_last_sessions_are_sold_once_however_many_ask_at_once(sold_out: BillingHarness) -> None:
    await sold_out.stock(3)
    numbers = [f"HQADZ-ABC123-{index:04}" for index in range(12)]
    async with sold_out.running():
        outcomes = await asyncio.gather(*(tried(sold_out, number) for number in numbers))
        assert sorted(outcomes) == ["insufficient_stock"] * 9 + ["placed"] * 3
        assert len(await sold_out.control.payments()) == 3


async def test_an_order_that_stands_is_continued_though_its_own_promise_took_the_last_session(
    sold_out: BillingHarness,
) -> None:
    await sold_out.stock(1)
    async with sold_out.running():
        await sold_out.control.be_down()
        assert await tried(sold_out, NUMBER) == "provider_unavailable"
        await sold_out.control.heal()
        await until(lambda: tried(sold_out, NUMBER), lambda outcome: outcome == "placed")
        assert await tried(sold_out, OTHER) == "insufficient_stock"


# -- the smallest price that a coin can pay


async def test_a_price_that_a_coin_can_not_pay_is_refused_before_anything_happens(
    harness: BillingHarness,
) -> None:
    async with harness.running():
        await harness.control.change_answers({"fiat_equivalent": 30.01}, path="/v1/min-amount")
        assert await tried(harness, NUMBER) == "below_minimum"
        assert await harness.history() == []
        assert await harness.control.payments() == []
        assert await tried(harness, NUMBER, plan="silver") == "placed"


async def test_the_smallest_price_is_asked_for_once_and_a_provider_that_can_not_tell_stops_no_order(
    harness: BillingHarness,
) -> None:
    async with harness.running():
        await harness.control.be_down(path="/v1/min-amount")
        assert await tried(harness, NUMBER) == "placed"
        await harness.control.heal()
        for number in (OTHER, THIRD):
            assert await tried(harness, number) == "placed"
        asked = [call for call in await harness.control.calls() if call.path == "/v1/min-amount"]
        assert [call.answered for call in asked][-1] == 200
        assert [call.answered for call in asked].count(200) == 1
