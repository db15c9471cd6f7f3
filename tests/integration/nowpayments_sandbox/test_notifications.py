"""How notifications are sent: retries, order, repeats, silence, wrong secrets."""

import asyncio

import httpx
import pytest

from sandbox.nowpayments import NowPaymentsControl, NowPaymentsSandbox, SandboxSettings
from tests.deadlines import DEADLINE_SECONDS
from tests.integration.nowpayments_sandbox.conftest import IPN_SECRET, Create
from tests.integration.nowpayments_sandbox.merchant import Merchant, signature_of

PAID = ["confirming", "confirmed", "sending", "finished"]


async def test_what_was_sent_and_answered_is_logged_byte_for_byte(
    control: NowPaymentsControl, create: Create, merchant: Merchant
) -> None:
    payment = await create()
    await control.pay(payment.payment_id)
    log = await control.notifications(payment.payment_id)
    assert [entry.status for entry in log] == PAID
    assert [(entry.body.encode(), entry.signature) for entry in log] == [
        (arrived.body, arrived.signature) for arrived in merchant.received
    ]
    for entry in log:
        assert (entry.state, entry.url, entry.forged) == ("delivered", merchant.url, False)
        assert [attempt.answered for attempt in entry.attempts] == [200]
    assert await control.notifications("1") == []


@pytest.mark.parametrize("answer", [201, 204])
async def test_any_2xx_is_an_answer(
    control: NowPaymentsControl, create: Create, merchant: Merchant, answer: int
) -> None:
    merchant.answers = [answer]
    await control.expire((await create()).payment_id)
    assert await control.settled()
    assert len(merchant.received) == 1


@pytest.mark.parametrize("answer", [302, 400, 401, 500, 503])
async def test_what_is_not_taken_is_sent_again_unchanged(
    control: NowPaymentsControl, create: Create, merchant: Merchant, answer: int
) -> None:
    merchant.answers = [answer, answer, 200]
    payment = await create()
    await control.expire(payment.payment_id)
    assert await control.settled()
    (entry,) = await control.notifications()
    assert [attempt.answered for attempt in entry.attempts] == [answer, answer, 200]
    assert entry.state == "delivered"
    assert len(set(merchant.received)) == 1
    assert len(merchant.received) == 3


async def test_after_the_last_try_it_is_never_sent_again(
    control: NowPaymentsControl, create: Create, merchant: Merchant
) -> None:
    merchant.answers = [500] * 10
    await control.expire((await create()).payment_id)
    assert await control.settled()
    (entry,) = await control.notifications()
    assert entry.state == "given_up"
    assert len(merchant.received) == 3  # once, and two retries


async def test_an_answer_that_takes_too_long_is_none(
    control: NowPaymentsControl, create: Create, merchant: Merchant
) -> None:
    await control.switch(retries=1, retry_seconds=0, answer_within_seconds=1.0)
    merchant.may_answer.clear()
    await control.expire((await create()).payment_id)
    assert await control.settled()
    (entry,) = await control.notifications()
    assert [attempt.error for attempt in entry.attempts] == ["no answer in time"] * 2
    assert all(attempt.took_seconds >= 1.0 for attempt in entry.attempts)
    # it heard them, and the provider does not know; on a busy machine, so short an attempt may end before
    assert len(merchant.received) <= 2


async def test_a_merchant_that_is_away_is_told_when_it_is_back(
    control: NowPaymentsControl, create: Create, merchant: Merchant
) -> None:
    away = "http://127.0.0.1:1/ipn"
    await control.switch(retries=1, retry_seconds=0)
    payment = await create(ipn_callback_url=away)
    await control.expire(payment.payment_id)
    assert await control.settled()
    (entry,) = await control.notifications()
    assert [attempt.error for attempt in entry.attempts] == ["ConnectError"] * 2
    assert merchant.received == []


async def test_a_retry_may_arrive_after_what_happened_later(
    control: NowPaymentsControl, create: Create, merchant: Merchant, retry_time: asyncio.Event
) -> None:
    merchant.answers = [500]
    await control.pay((await create()).payment_id)
    retry_time.set()
    assert await control.settled()
    assert merchant.statuses == [*PAID, "confirming"]


async def test_the_last_notification_is_sent_again_as_often_as_wished(
    control: NowPaymentsControl, create: Create, merchant: Merchant
) -> None:
    payment = (await create()).payment_id
    await control.pay(payment)
    copies = await control.resend(payment, times=5)
    assert [arrived.status for arrived in merchant.received[4:]] == ["finished"] * 5
    assert len(set(merchant.received[3:])) == 1
    original = (await control.notifications())[3]
    assert {copy.copy_of for copy in copies} == {original.id}
    await control.resend(payment, status="confirming")
    assert merchant.received[-1] == merchant.received[0]


async def test_a_batch_may_be_repeated_and_shuffled(
    control: NowPaymentsControl, create: Create, merchant: Merchant
) -> None:
    payment = (await create()).payment_id
    await control.pay(payment, repeat=5, order="shuffled", seed=3)
    assert sorted(merchant.statuses) == sorted(PAID * 5)
    assert merchant.statuses != sorted(merchant.statuses, key=PAID.index)
    shuffled = list(merchant.statuses)
    merchant.received.clear()
    await control.pay((await create()).payment_id, repeat=5, order="shuffled", seed=3)
    assert merchant.statuses == shuffled


async def test_a_batch_may_come_in_reverse(
    control: NowPaymentsControl, create: Create, merchant: Merchant
) -> None:
    await control.pay((await create()).payment_id, order="reversed")
    assert merchant.statuses == PAID[::-1]


async def test_a_batch_may_come_all_at_once(
    control: NowPaymentsControl, create: Create, merchant: Merchant
) -> None:
    payment = (await create()).payment_id
    await control.switch(answer_within_seconds=DEADLINE_SECONDS)
    merchant.may_answer.clear()
    merchant.answers_from = 12
    await control.pay(payment, repeat=3, together=True)
    assert len(merchant.received) == 12
    assert merchant.most_at_once == 12
    merchant.may_answer.clear()
    merchant.answers_from = 4
    await control.resend(payment, times=4, together=True)
    assert len(merchant.received) == 16


async def test_a_notification_that_never_came_can_be_read_and_sent_later(
    control: NowPaymentsControl, create: Create, merchant: Merchant
) -> None:
    payment = (await create()).payment_id
    assert (await control.pay(payment, silent=True, repeat=2)).status == "finished"
    log = await control.notifications()
    assert {entry.state for entry in log} == {"withheld"}
    assert len(log) == 8
    assert signature_of(log[-1].body.encode(), IPN_SECRET) == log[-1].signature
    assert merchant.received == []
    await control.resend(payment)
    assert [(arrived.body.decode(), arrived.signature) for arrived in merchant.received] == [
        (log[-1].body, log[-1].signature)
    ]


async def test_silence_may_last(control: NowPaymentsControl, create: Create, merchant: Merchant) -> None:
    assert (await control.switch(silent=True)).silent
    await control.pay((await create()).payment_id)
    assert merchant.received == []
    await control.switch(silent=False)
    await control.pay((await create()).payment_id)
    assert merchant.statuses == PAID


async def test_a_wrong_secret_gives_another_signature_of_the_same_kind(
    control: NowPaymentsControl, create: Create, merchant: Merchant
) -> None:
    payment = (await create()).payment_id
    await control.expire(payment, forged=True)
    await control.switch(forged=True)
    await control.fail(payment)
    for arrived in merchant.received:
        assert len(arrived.signature) == 128
        assert arrived.signature != signature_of(arrived.body, IPN_SECRET)
    assert all(entry.forged for entry in await control.notifications())


async def test_arrays_may_be_signed_as_the_older_sample_does(
    control: NowPaymentsControl, create: Create, merchant: Merchant
) -> None:
    payment = (await create()).payment_id
    await control.switch(index_arrays=True)
    await control.notify(payment, {"payment_extra_ids": ["x"]})
    arrived = merchant.received[-1]
    assert arrived.fields["payment_extra_ids"] == ["x"]
    as_object = arrived.body.replace(b'["x"]', b'{"0":"x"}')
    assert arrived.signature == signature_of(as_object, IPN_SECRET) != signature_of(arrived.body, IPN_SECRET)


async def test_switches_that_are_not_named_stay(control: NowPaymentsControl) -> None:
    before = await control.switches()
    assert (before.retries, before.retry_seconds) == (2, 0.02)
    after = await control.switch(retries=7)
    assert after == before.model_copy(update={"retries": 7})
    assert await control.switches() == after


async def test_retries_that_are_far_off_do_not_hold_up_the_end(merchant: Merchant) -> None:
    merchant.answers = [500]
    other = NowPaymentsSandbox(SandboxSettings(api_key="k", ipn_secret="s", retry_seconds=3600))
    async with asyncio.timeout(DEADLINE_SECONDS), other, NowPaymentsControl(other.url) as control:
        asked = {"price_amount": 30, "price_currency": "usd", "pay_currency": "sol"}
        async with httpx.AsyncClient(base_url=other.url, headers={"x-api-key": "k"}, trust_env=False) as api:
            made = await api.post("/v1/payment", json={**asked, "ipn_callback_url": merchant.url})
        await control.expire(made.json()["payment_id"])
        assert not await control.settled(0)
        await control.hang()


async def test_a_new_payment_is_told_only_if_that_is_switched_on(
    control: NowPaymentsControl, create: Create, merchant: Merchant
) -> None:
    await create()
    assert await control.settled()
    assert merchant.received == []
    await control.switch(tell_waiting=True)
    payment = await create()
    assert await control.settled()
    (arrived,) = merchant.received
    assert (arrived.status, str(arrived.fields["payment_id"])) == ("waiting", payment.payment_id)
    assert arrived.fields["pay_address"] == payment.pay_address
    assert arrived.signature == signature_of(arrived.body, IPN_SECRET)
