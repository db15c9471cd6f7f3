"""What billing relies on, whoever the payment provider is."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from decimal import Decimal

import pytest

from libs.events.values import PaymentId
from libs.eventsourcing import Refused
from services.billing.order.payment_report import PaymentReport
from services.billing.order.payment_state import PaymentState
from services.billing.ports import PaymentDeclined, PaymentOffer, PaymentWish, ProviderUnavailable
from tests.integration.provider.benches import (
    FAILURES,
    LONG_SECONDS,
    MEMO_COIN,
    PLAIN_COIN,
    REST_SECONDS,
    TIMEOUT_SECONDS,
    UNSOLD_COIN,
    Bench,
)

ORDER = "HQADZ-ABC123-WXYZ"
PRICE = Decimal("30.25")
WISH = PaymentWish(order=ORDER, price_usd=PRICE, coin=PLAIN_COIN, description="Bronze / été, 30 days")
MEMO_WISH = PaymentWish(order=ORDER, price_usd=PRICE, coin=MEMO_COIN, description="Bronze")
SMALL_WISH = PaymentWish(order=ORDER, price_usd=Decimal("0.01"), coin=PLAIN_COIN, description="Crumbs")
UNSOLD_WISH = PaymentWish(order=ORDER, price_usd=PRICE, coin=UNSOLD_COIN, description="Bronze")

WITHOUT_MONEY = {PaymentState.WAITING, PaymentState.FAILED, PaymentState.EXPIRED}

Break = Callable[[Bench], Awaitable[None]]
BROKEN: dict[str, Break] = {
    "down": lambda bench: bench.be_down(503),
    "erring": lambda bench: bench.be_down(500),
    "unreachable behind its proxy": lambda bench: bench.be_down(502),
    "refusing the key": lambda bench: bench.be_down(403),
    "busy": lambda bench: bench.be_down(429, retry_after_seconds=0),
    "silent": lambda bench: bench.hang(),
    "talking nonsense": lambda bench: bench.talk_nonsense(),
    "answering of something else": lambda bench: bench.answer_of_another_payment(),
    "breaking off": lambda bench: bench.cut_answers(),
}


def same(report: PaymentReport, offer: PaymentOffer) -> bool:
    """Whether a report is of what was offered for the wish."""
    return (report.payment, report.order, report.price, report.price_currency, report.amount) == (
        offer.payment,
        ORDER,
        PRICE,
        "USD",
        offer.amount,
    )


async def ask_for_everything(bench: Bench, payment: PaymentId) -> list[object]:
    """Return what each kind of call comes to."""
    came = await asyncio.gather(
        bench.provider.request(WISH),
        bench.provider.report(payment),
        bench.provider.minimum_usd(PLAIN_COIN),
        return_exceptions=True,
    )
    return list(came)


async def fail_until_left_alone(bench: Bench) -> None:
    await bench.be_down()
    for _ in range(FAILURES):
        with pytest.raises(ProviderUnavailable):
            await bench.provider.request(WISH)
    assert bench.provider.pause_seconds > 0


# -- payments


async def test_a_payment_is_made_as_wished(bench: Bench) -> None:
    offer = await bench.provider.request(WISH)
    assert offer.address
    assert offer.memo is None
    assert offer.amount > 0
    assert offer.expires_at is None or offer.expires_at.tzinfo is not None
    assert await bench.payments() == 1


async def test_a_coin_that_needs_a_memo_has_one(bench: Bench) -> None:
    offer = await bench.provider.request(MEMO_WISH)
    assert offer.memo
    assert (await bench.provider.report(offer.payment)).memo == offer.memo


async def test_asking_twice_makes_two(bench: Bench) -> None:
    first, second = await bench.provider.request(WISH), await bench.provider.request(WISH)
    assert first.payment != second.payment
    assert first.address != second.address
    assert await bench.payments() == 2


@pytest.mark.parametrize("wish", [SMALL_WISH, UNSOLD_WISH], ids=["too small", "not sold for"])
async def test_a_payment_that_can_not_be_made_is_declined(bench: Bench, wish: PaymentWish) -> None:
    with pytest.raises(PaymentDeclined):
        await bench.provider.request(wish)
    assert await bench.payments() == 0
    assert (await bench.provider.request(WISH)).payment


async def test_the_coins_are_those_that_are_sold_for(bench: Bench) -> None:
    assert {PLAIN_COIN, MEMO_COIN} <= set(bench.provider.coins)
    assert UNSOLD_COIN not in bench.provider.coins
    assert bench.provider.coin("no such coin") is None


# -- reports, asked for and told


@pytest.mark.parametrize("state", list(PaymentState))
async def test_every_state_is_reported_when_asked_and_when_told(bench: Bench, state: PaymentState) -> None:
    offer = await bench.provider.request(WISH)
    told = await bench.become(offer.payment, state, received=state not in WITHOUT_MONEY)
    for report in (
        await bench.provider.report(offer.payment),
        bench.provider.read_notification(told.body, told.signature),
    ):
        assert (report.status, report.parent, report.coin) == (state, None, PLAIN_COIN)
        assert report.paid == (0 if state in WITHOUT_MONEY else offer.amount)
        assert report.address == offer.address
        assert same(report, offer)


async def test_a_state_that_nobody_knows_is_reported_by_its_name(bench: Bench) -> None:
    offer = await bench.provider.request(WISH)
    name = await bench.become_unheard_of(offer.payment)
    report = await bench.provider.report(offer.payment)
    assert (report.status, report.status_text) == (None, name)
    assert same(report, offer)


async def test_money_in_another_coin_is_reported_as_such(bench: Bench) -> None:
    offer = await bench.provider.request(WISH)
    code = await bench.pay_in_another_coin(offer.payment)
    report = await bench.provider.report(offer.payment)
    assert (report.coin, report.currency) == (None, code)
    assert report.paid


async def test_a_further_deposit_is_a_payment_of_its_own_that_names_the_first(bench: Bench) -> None:
    offer = await bench.provider.request(WISH)
    await bench.become(offer.payment, PaymentState.FINISHED, received=True)
    told = await bench.deposit_again(offer.payment)
    report = bench.provider.read_notification(told.body, told.signature)
    assert report.parent == offer.payment
    assert report.payment != offer.payment
    assert (report.status, report.order) == (PaymentState.FINISHED, ORDER)
    assert report.paid


async def test_a_payment_that_is_unknown_there_is_declined(bench: Bench) -> None:
    with pytest.raises(PaymentDeclined):
        await bench.provider.report("4711")


async def test_a_notification_that_someone_changed_is_refused(bench: Bench) -> None:
    offer = await bench.provider.request(WISH)
    told = await bench.become(offer.payment, PaymentState.FINISHED, received=True)
    forged = (
        (told.body.replace(b"30.25", b"3.25"), told.signature),
        (told.body, "ab" * 64),
        (told.body, ""),
    )
    for body, signature in forged:
        with pytest.raises(Refused) as caught:
            bench.provider.read_notification(body, signature)
        assert caught.value.code == "bad_signature"


@pytest.mark.parametrize("body", [b"", b"{", b"\xff\xfe", b'{"a":1,"a":2}', b"[NaN]"])
async def test_what_can_not_be_read_in_one_way_is_no_notification(bench: Bench, body: bytes) -> None:
    with pytest.raises(Refused) as caught:
        bench.provider.read_notification(body, "ab" * 64)
    assert caught.value.code == "malformed_notification"


# -- the smallest payment


async def test_the_smallest_price_of_a_coin_is_known(bench: Bench) -> None:
    assert await bench.provider.minimum_usd(PLAIN_COIN) == bench.minimum_usd
    assert await bench.provider.minimum_usd(UNSOLD_COIN) is None


async def test_while_the_provider_is_down_the_smallest_price_is_the_one_last_heard(bench: Bench) -> None:
    await bench.provider.minimum_usd(PLAIN_COIN)
    await bench.be_down()
    assert await bench.provider.minimum_usd(PLAIN_COIN) == bench.minimum_usd
    with pytest.raises(ProviderUnavailable):
        await bench.provider.minimum_usd(MEMO_COIN)


# -- when the provider is not well


@pytest.mark.parametrize("how", BROKEN)
async def test_whatever_is_wrong_with_it_it_is_unavailable_within_its_time(bench: Bench, how: str) -> None:
    offer = await bench.provider.request(WISH)
    await BROKEN[how](bench)
    began = time.monotonic()
    came = await ask_for_everything(bench, offer.payment)
    assert time.monotonic() - began < LONG_SECONDS
    unavailable = [error for error in came if isinstance(error, ProviderUnavailable)]
    assert len(unavailable) >= 2, came  # the smallest price names no payment that could be another one
    for error in unavailable:
        assert not any(secret in f"{error!r} {error.__cause__!r}" for secret in bench.secrets)
    await bench.heal()
    await asyncio.sleep(bench.provider.pause_seconds)
    assert (await bench.provider.request(WISH)).payment


async def test_an_answer_that_takes_long_but_not_too_long_is_waited_for(bench: Bench) -> None:
    await bench.be_slow(TIMEOUT_SECONDS / 2)
    assert (await bench.provider.request(WISH)).payment
    assert await bench.payments() == 1


async def test_nobody_waits_for_an_answer_that_takes_too_long(bench: Bench) -> None:
    await bench.be_slow(2 * LONG_SECONDS)
    began = time.monotonic()
    with pytest.raises(ProviderUnavailable):
        await bench.provider.request(WISH)
    assert time.monotonic() - began < LONG_SECONDS


async def test_a_request_that_broke_off_is_not_repeated(bench: Bench) -> None:
    await bench.cut_answers(count=1)
    with pytest.raises(ProviderUnavailable):
        await bench.provider.request(WISH)
    assert await bench.payments() == 1


async def test_a_question_that_broke_off_is_asked_once_more(bench: Bench) -> None:
    offer = await bench.provider.request(WISH)
    await bench.cut_answers(count=1)
    assert same(await bench.provider.report(offer.payment), offer)


async def test_who_asks_to_be_left_alone_is(bench: Bench) -> None:
    await bench.be_down(429, retry_after_seconds=2, count=1)
    with pytest.raises(ProviderUnavailable) as caught:
        await bench.provider.request(WISH)
    assert caught.value.retry_after_seconds == 2
    assert 0 < bench.provider.pause_seconds <= 2
    calls = await bench.calls()
    with pytest.raises(ProviderUnavailable):
        await bench.provider.request(WISH)
    assert await bench.calls() == calls
    await asyncio.sleep(bench.provider.pause_seconds)
    assert (await bench.provider.request(WISH)).payment


async def test_after_several_failures_it_is_left_alone_and_then_tried_once(bench: Bench) -> None:
    await fail_until_left_alone(bench)
    calls = await bench.calls()
    came = await ask_for_everything(bench, "4711")
    assert [type(error) for error in came] == [ProviderUnavailable] * 3
    assert await bench.calls() == calls
    await asyncio.sleep(bench.provider.pause_seconds)
    came = await ask_for_everything(bench, "4711")
    assert [type(error) for error in came] == [ProviderUnavailable] * 3
    assert await bench.calls() == calls + 1
    assert bench.provider.pause_seconds > REST_SECONDS / 2


async def test_once_it_answers_again_all_calls_pass(bench: Bench) -> None:
    await fail_until_left_alone(bench)
    await bench.heal()
    await asyncio.sleep(bench.provider.pause_seconds)
    offer = await bench.provider.request(WISH)
    assert same(await bench.provider.report(offer.payment), offer)


async def test_a_no_does_not_count_as_a_failure(bench: Bench) -> None:
    for _ in range(2 * FAILURES):
        with pytest.raises(PaymentDeclined):
            await bench.provider.report("4711")
    assert bench.provider.pause_seconds == 0
