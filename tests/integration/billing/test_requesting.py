"""How many payments are made for an order, whatever happens around the call that makes them."""

import asyncio
from decimal import Decimal

import httpx
import pytest
from pydantic import JsonValue
from structlog.testing import capture_logs

from adrelay.runtime.ports import free_port
from libs.events.values import PaymentId
from libs.eventsourcing import Refused
from tests.deadlines import DEADLINE_SECONDS
from tests.integration.billing.harness import BillingHarness
from tests.support.waiting import until

PLACED = ["OrderPlaced", "PaymentRequested"]


async def made(harness: BillingHarness) -> list[PaymentId]:
    """Return the payments that were made at the provider for the order."""
    return [
        payment.payment_id
        for payment in await harness.control.payments()
        if payment.order_id == harness.number
    ]


async def one_was_made(harness: BillingHarness) -> list[PaymentId]:
    return await until(lambda: made(harness), lambda found: len(found) == 1)


async def test_many_checkouts_of_one_order_at_once_make_one_payment(shop: BillingHarness) -> None:
    await shop.control.be_slow(0.3, path="/v1/payment")
    await asyncio.gather(*(shop.place() for _ in range(8)))
    assert await made(shop) == [await shop.payment()]


async def test_checkouts_in_many_processes_make_one_payment(harness: BillingHarness) -> None:
    async with harness.running(), harness.process():
        await harness.control.be_slow(0.3, path="/v1/payment")
        await asyncio.gather(*(harness.place() for _ in range(8)))
        assert await made(harness) == [await harness.payment()]


async def test_a_process_killed_before_the_payment_was_made_leaves_none_behind(
    harness: BillingHarness,
) -> None:
    await harness.control.hang(path="/v1/payment", method="POST")
    async with harness.process():
        placing = asyncio.create_task(harness.place())
        await until(harness.history, lambda found: found == ["OrderPlaced"])
    placing.cancel()
    await harness.control.heal()
    async with harness.process():
        await until(harness.history, lambda found: found == PLACED)
        assert await made(harness) == [await harness.payment()]


async def test_a_process_killed_after_the_payment_was_made_adopts_it_when_it_is_told_of_it(
    harness: BillingHarness,
) -> None:
    await harness.control.lose_answers(path="/v1/payment", method="POST")
    async with harness.process():
        placing = asyncio.create_task(harness.place())
        [payment] = await one_was_made(harness)
        assert await harness.history() == ["OrderPlaced"]
    placing.cancel()
    await harness.control.heal()
    await harness.control.hang(path="/v1/payment", method="POST")  # the next tries make none
    async with harness.process():
        told = await harness.control.notify(payment)  # which waits for an answer, and so until billing is up
        assert told.state == "delivered"
        assert await harness.history() == PLACED
        await harness.control.heal()
        await harness.place()
        assert await made(harness) == [await harness.payment()] == [payment]
        await harness.control.pay(payment)
        assert (await harness.history())[-1] == "PaymentFinished"
        assert len(await harness.correlation_ids()) == 1


async def test_without_being_told_of_it_the_next_try_makes_a_second_and_one_is_recorded(
    harness: BillingHarness,
) -> None:
    await harness.control.lose_answers(path="/v1/payment", method="POST", count=1)
    async with harness.process():
        placing = asyncio.create_task(harness.place())
        [lost] = await one_was_made(harness)
    placing.cancel()
    async with harness.process():
        await until(harness.history, lambda found: found == PLACED)
        assert await made(harness) == [lost, await harness.payment()]
        too_late = await harness.control.notify(lost, silent=True)
        with pytest.raises(Refused) as caught:
            await harness.notify(too_late.body.encode(), too_late.signature)
        assert caught.value.code == "wrong_payment"
        assert await harness.history() == PLACED


async def test_money_for_the_payment_that_a_crash_left_behind_is_refused_and_told_of_once(
    harness: BillingHarness,
) -> None:
    await harness.control.lose_answers(path="/v1/payment", method="POST", count=1)
    async with harness.process():
        placing = asyncio.create_task(harness.place())
        [lost] = await one_was_made(harness)
    placing.cancel()
    async with harness.process():
        await until(harness.history, lambda found: found == PLACED)
        came = (await harness.control.pay(lost, repeat=2)).received
        assert await harness.control.settled()
        answers = {
            attempt.answered
            for sent in await harness.control.notifications(lost)
            for attempt in sent.attempts
        }
        assert answers == {400}
        assert await harness.history() == [*PLACED, "UnmatchedPaymentReported"]
        [said] = await harness.events_of("UnmatchedPaymentReported")
        assert (said["payment"], said["why"], Decimal(said["paid"])) == (lost, "wrong_payment", came)
        await harness.control.pay(await harness.payment())
        assert (await harness.history())[-1] == "PaymentFinished"


async def test_a_payment_that_is_another_orders_is_not_recorded_and_asked_for_again_later(
    shop: BillingHarness,
) -> None:
    await shop.place(shop.other)
    taken = await shop.payment(shop.other)
    await shop.control.change_answers({"payment_id": taken}, path="/v1/payment", method="POST")
    with capture_logs() as logs, pytest.raises(Refused, match="provider_unavailable"):
        await shop.place()
    [failed] = [line for line in logs if line["event"] == "payment_requests.failed"]
    assert (failed["log_level"], failed["error"]) == ("error", "UniqueViolationError")
    assert await shop.history() == ["OrderPlaced"]
    await shop.control.heal()
    await shop.place()
    assert await shop.history() == PLACED


async def test_a_lost_answer_does_no_harm_if_the_notification_is_quicker(shop: BillingHarness) -> None:
    await shop.control.switch(tell_waiting=True)
    await shop.control.lose_answers(path="/v1/payment", method="POST")
    await shop.place()
    assert await shop.history() == PLACED
    assert await made(shop) == [await shop.payment()]


@pytest.mark.parametrize("coin", ["BTC", "ETH"])
async def test_an_adopted_payment_is_the_one_that_the_answer_would_have_named(
    shop: BillingHarness, coin: str
) -> None:
    await shop.control.switch(tell_waiting=True)
    await shop.control.lose_answers(path="/v1/payment", method="POST", count=1)
    await shop.place(coin=coin)
    [asked] = await shop.control.payments()
    [requested] = await shop.events_of("PaymentRequested")
    assert requested["payment"] == asked.payment_id
    assert requested["address"] == asked.pay_address
    assert requested["memo"] == asked.payin_extra_id
    assert requested["amount"] == str(asked.pay_amount)
    assert requested["coin"] == coin


async def test_health_tells_that_the_provider_is_left_alone_and_billing_stays_ready(
    harness: BillingHarness,
) -> None:
    port = free_port()
    changed = {"http_port": port, "provider_failures": 1, "provider_rest_seconds": 2.0}
    async with (
        harness.running(harness.settings().model_copy(update=changed)),
        httpx.AsyncClient(
            base_url=f"http://127.0.0.1:{port}/health", trust_env=False, timeout=DEADLINE_SECONDS
        ) as health,
    ):
        await harness.place()
        answer = await health.get("/provider")
        assert (answer.status_code, answer.json()["status"]) == (200, "ok")
        await harness.control.be_down(path="/v1/payment")
        with pytest.raises(Refused, match="provider_unavailable"):
            await harness.place(harness.other)
        answer = await health.get("/provider")
        assert (answer.status_code, answer.json()["status"]) == (503, "left_alone")
        assert (await health.get("/ready")).status_code == 200
        await harness.control.heal()
        await until(lambda: health.get("/provider"), lambda found: found.status_code == 200)


NOT_THE_ANSWER: list[dict[str, JsonValue]] = [
    {"price_amount": 29},
    {"price_currency": "eur"},
    {"pay_currency": "eth"},
    {"payment_status": "confirming"},
    {"payment_status": "finished"},
    {"actually_paid": 0.0001},
    {"parent_payment_id": 17},
    {"pay_address": None},
]


async def test_what_is_not_the_answer_to_what_was_asked_is_not_adopted(shop: BillingHarness) -> None:
    await shop.control.lose_answers(path="/v1/payment", method="POST")
    placing = asyncio.create_task(shop.place())
    [payment] = await one_was_made(shop)
    for change in NOT_THE_ANSWER:
        told = await shop.control.notify(payment, change, silent=True)
        with pytest.raises(Refused) as caught:
            await shop.notify(told.body.encode(), told.signature)
        assert (change, caught.value.code) == (change, "wrong_payment")
    # what was finished, and what waits with money
    assert await shop.history() == ["OrderPlaced", *["UnmatchedPaymentReported"] * 2]
    with pytest.raises(Refused, match="provider_unavailable"):
        await placing
