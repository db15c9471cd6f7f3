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
from tests.integration.billing.stage import Stage
from tests.support.waiting import until

PLACED = ["OrderPlaced", "PaymentRequested"]


async def made(stage: Stage) -> list[PaymentId]:
    """Return the payments that were made at the provider for the order."""
    return [
        payment.payment_id for payment in await stage.control.payments() if payment.order_id == stage.number
    ]


async def one_was_made(stage: Stage) -> list[PaymentId]:
    return await until(lambda: made(stage), lambda found: len(found) == 1)


async def test_many_checkouts_of_one_order_at_once_make_one_payment(shop: Stage) -> None:
    await shop.control.be_slow(0.3, path="/v1/payment")
    await asyncio.gather(*(shop.place() for _ in range(8)))
    assert await made(shop) == [await shop.payment()]


async def test_checkouts_in_many_processes_make_one_payment(stage: Stage) -> None:
    async with stage.running(), stage.process():
        await stage.control.be_slow(0.3, path="/v1/payment")
        await asyncio.gather(*(stage.place() for _ in range(8)))
        assert await made(stage) == [await stage.payment()]


async def test_a_process_killed_before_the_payment_was_made_leaves_none_behind(stage: Stage) -> None:
    await stage.control.hang(path="/v1/payment", method="POST")
    async with stage.process():
        placing = asyncio.create_task(stage.place())
        await until(stage.history, lambda found: found == ["OrderPlaced"])
    placing.cancel()
    await stage.control.heal()
    async with stage.process():
        await until(stage.history, lambda found: found == PLACED)
        assert await made(stage) == [await stage.payment()]


async def test_a_process_killed_after_the_payment_was_made_adopts_it_when_it_is_told_of_it(
    stage: Stage,
) -> None:
    await stage.control.lose_answers(path="/v1/payment", method="POST")
    async with stage.process():
        placing = asyncio.create_task(stage.place())
        [payment] = await one_was_made(stage)
        assert await stage.history() == ["OrderPlaced"]
    placing.cancel()
    await stage.control.heal()
    await stage.control.hang(path="/v1/payment", method="POST")  # the next tries make none
    async with stage.process():
        told = await stage.control.notify(payment)  # which waits for an answer, and so until billing is up
        assert told.state == "delivered"
        assert await stage.history() == PLACED
        await stage.control.heal()
        await stage.place()
        assert await made(stage) == [await stage.payment()] == [payment]
        await stage.control.pay(payment)
        assert (await stage.history())[-1] == "PaymentFinished"
        assert len(await stage.correlation_ids()) == 1


async def test_without_being_told_of_it_the_next_try_makes_a_second_and_one_is_recorded(
    stage: Stage,
) -> None:
    await stage.control.lose_answers(path="/v1/payment", method="POST", count=1)
    async with stage.process():
        placing = asyncio.create_task(stage.place())
        [lost] = await one_was_made(stage)
    placing.cancel()
    async with stage.process():
        await until(stage.history, lambda found: found == PLACED)
        assert await made(stage) == [lost, await stage.payment()]
        too_late = await stage.control.notify(lost, silent=True)
        with pytest.raises(Refused) as caught:
            await stage.notify(too_late.body.encode(), too_late.signature)
        assert caught.value.code == "wrong_payment"
        assert await stage.history() == PLACED


async def test_money_for_the_payment_that_a_crash_left_behind_is_refused_and_told_of_once(
    stage: Stage,
) -> None:
    await stage.control.lose_answers(path="/v1/payment", method="POST", count=1)
    async with stage.process():
        placing = asyncio.create_task(stage.place())
        [lost] = await one_was_made(stage)
    placing.cancel()
    async with stage.process():
        await until(stage.history, lambda found: found == PLACED)
        came = (await stage.control.pay(lost, repeat=2)).received
        assert await stage.control.settled()
        answers = {
            attempt.answered for sent in await stage.control.notifications(lost) for attempt in sent.attempts
        }
        assert answers == {400}
        assert await stage.history() == [*PLACED, "UnmatchedPaymentReported"]
        [said] = await stage.events_of("UnmatchedPaymentReported")
        assert (said["payment"], said["why"], Decimal(said["paid"])) == (lost, "wrong_payment", came)
        await stage.control.pay(await stage.payment())
        assert (await stage.history())[-1] == "PaymentFinished"


async def test_a_payment_that_is_another_orders_is_not_recorded_and_asked_for_again_later(
    shop: Stage,
) -> None:
    await shop.place(shop.other)
    taken = await shop.payment(shop.other)
    await shop.control.answer_otherwise({"payment_id": taken}, path="/v1/payment", method="POST")
    with capture_logs() as logs, pytest.raises(Refused, match="provider_unavailable"):
        await shop.place()
    [failed] = [line for line in logs if line["event"] == "payment_requests.failed"]
    assert (failed["log_level"], failed["error"]) == ("error", "UniqueViolationError")
    assert await shop.history() == ["OrderPlaced"]
    await shop.control.heal()
    await shop.place()
    assert await shop.history() == PLACED


async def test_a_lost_answer_does_no_harm_if_the_notification_is_quicker(shop: Stage) -> None:
    await shop.control.switch(tell_waiting=True)
    await shop.control.lose_answers(path="/v1/payment", method="POST")
    await shop.place()
    assert await shop.history() == PLACED
    assert await made(shop) == [await shop.payment()]


@pytest.mark.parametrize("coin", ["BTC", "ETH"])
async def test_an_adopted_payment_is_the_one_that_the_answer_would_have_named(shop: Stage, coin: str) -> None:
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


async def test_health_tells_that_the_provider_is_left_alone_and_billing_stays_ready(stage: Stage) -> None:
    port = free_port()
    changed = {"http_port": port, "provider_failures": 1, "provider_rest_seconds": 2.0}
    async with (
        stage.running(stage.settings().model_copy(update=changed)),
        httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}/health", trust_env=False) as health,
    ):
        await stage.place()
        answer = await health.get("/provider")
        assert (answer.status_code, answer.json()["status"]) == (200, "ok")
        await stage.control.be_down(path="/v1/payment")
        with pytest.raises(Refused, match="provider_unavailable"):
            await stage.place(stage.other)
        answer = await health.get("/provider")
        assert (answer.status_code, answer.json()["status"]) == (503, "left_alone")
        assert (await health.get("/ready")).status_code == 200
        await stage.control.heal()
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


async def test_what_is_not_the_answer_to_what_was_asked_is_not_adopted(shop: Stage) -> None:
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
