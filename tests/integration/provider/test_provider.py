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
from tests.integration.provider.harness import (
    FAILURES,
    LONG_SECONDS,
    MEMO_COIN,
    PLAIN_COIN,
    REST_SECONDS,
    TIMEOUT_SECONDS,
    UNSOLD_COIN,
    ProviderHarness,
)
from tests.support.clock import Clock

ORDER = "HQADZ-ABC123-WXYZ"
PRICE = Decimal("30.25")
WISH = PaymentWish(order=ORDER, price_usd=PRICE, coin=PLAIN_COIN, description="Bronze / été, 30 days")
MEMO_WISH = PaymentWish(order=ORDER, price_usd=PRICE, coin=MEMO_COIN, description="Bronze")
SMALL_WISH = PaymentWish(order=ORDER, price_usd=Decimal("0.01"), coin=PLAIN_COIN, description="Crumbs")
UNSOLD_WISH = PaymentWish(order=ORDER, price_usd=PRICE, coin=UNSOLD_COIN, description="Bronze")

WITHOUT_MONEY = {PaymentState.WAITING, PaymentState.FAILED, PaymentState.EXPIRED}

Break = Callable[[ProviderHarness], Awaitable[None]]
BROKEN: dict[str, Break] = {
    "down": lambda harness: harness.be_down(503),
    "erring": lambda harness: harness.be_down(500),
    "unreachable behind its proxy": lambda harness: harness.be_down(502),
    "refusing the key": lambda harness: harness.be_down(403),
    "busy": lambda harness: harness.be_down(429, retry_after_seconds=0),
    "silent": lambda harness: harness.hang(),
    "talking nonsense": lambda harness: harness.answer_garbage(),
    "answering of something else": lambda harness: harness.answer_for_another_payment(),
    "breaking off": lambda harness: harness.cut_answers(),
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


async def ask_for_everything(harness: ProviderHarness, payment: PaymentId) -> list[object]:
    """Return what each kind of call comes to."""
    came = await asyncio.gather(
        harness.provider.request(WISH),
        harness.provider.report(payment),
        harness.provider.minimum_usd(PLAIN_COIN),
        return_exceptions=True,
    )
    return list(came)


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr("services.billing.adapters.breaker.time", clock)  # the module's, not the process's
    return clock


async def fail_until_left_alone(harness: ProviderHarness) -> None:
    await harness.be_down()
    for _ in range(FAILURES):
        with pytest.raises(ProviderUnavailable):
            await harness.provider.request(WISH)
    assert harness.provider.pause_seconds > 0


# -- payments


async def test_a_payment_is_made_as_wished(harness: ProviderHarness) -> None:
    offer = await harness.provider.request(WISH)
    assert offer.address
    assert offer.memo is None
    assert offer.amount > 0
    assert offer.expires_at is None or offer.expires_at.tzinfo is not None
    assert await harness.payments() == 1


async def test_a_coin_that_needs_a_memo_has_one(harness: ProviderHarness) -> None:
    offer = await harness.provider.request(MEMO_WISH)
    assert offer.memo
    assert (await harness.provider.report(offer.payment)).memo == offer.memo


async def test_asking_twice_makes_two(harness: ProviderHarness) -> None:
    first, second = await harness.provider.request(WISH), await harness.provider.request(WISH)
    assert first.payment != second.payment
    assert first.address != second.address
    assert await harness.payments() == 2


@pytest.mark.parametrize("wish", [SMALL_WISH, UNSOLD_WISH], ids=["too small", "not sold for"])
async def test_a_payment_that_can_not_be_made_is_declined(
    harness: ProviderHarness, wish: PaymentWish
) -> None:
    with pytest.raises(PaymentDeclined):
        await harness.provider.request(wish)
    assert await harness.payments() == 0
    assert (await harness.provider.request(WISH)).payment


async def test_the_coins_are_those_that_are_sold_for(harness: ProviderHarness) -> None:
    assert {PLAIN_COIN, MEMO_COIN} <= set(harness.provider.coins)
    assert UNSOLD_COIN not in harness.provider.coins
    assert harness.provider.coin("no such coin") is None


# -- reports, asked for and told


@pytest.mark.parametrize("state", list(PaymentState))
async def test_every_state_is_reported_when_asked_and_when_told(
    harness: ProviderHarness, state: PaymentState
) -> None:
    offer = await harness.provider.request(WISH)
    sent = await harness.become(offer.payment, state, received=state not in WITHOUT_MONEY)
    for report in (
        await harness.provider.report(offer.payment),
        harness.provider.read_notification(sent.body, sent.signature),
    ):
        assert (report.status, report.parent, report.coin) == (state, None, PLAIN_COIN)
        assert report.paid == (0 if state in WITHOUT_MONEY else offer.amount)
        assert report.address == offer.address
        assert same(report, offer)


async def test_a_state_that_nobody_knows_is_reported_by_its_name(harness: ProviderHarness) -> None:
    offer = await harness.provider.request(WISH)
    name = await harness.become_unknown(offer.payment)
    report = await harness.provider.report(offer.payment)
    assert (report.status, report.status_text) == (None, name)
    assert same(report, offer)


async def test_money_in_another_coin_is_reported_as_such(harness: ProviderHarness) -> None:
    offer = await harness.provider.request(WISH)
    code = await harness.pay_in_another_coin(offer.payment)
    report = await harness.provider.report(offer.payment)
    assert (report.coin, report.currency) == (None, code)
    assert report.paid


async def test_a_further_deposit_is_a_payment_of_its_own_that_names_the_first(
    harness: ProviderHarness,
) -> None:
    offer = await harness.provider.request(WISH)
    await harness.become(offer.payment, PaymentState.FINISHED, received=True)
    sent = await harness.deposit_again(offer.payment)
    report = harness.provider.read_notification(sent.body, sent.signature)
    assert report.parent == offer.payment
    assert report.payment != offer.payment
    assert (report.status, report.order) == (PaymentState.FINISHED, ORDER)
    assert report.paid


async def test_a_payment_that_is_unknown_there_is_declined(harness: ProviderHarness) -> None:
    with pytest.raises(PaymentDeclined):
        await harness.provider.report("4711")


async def test_a_notification_that_someone_changed_is_refused(harness: ProviderHarness) -> None:
    offer = await harness.provider.request(WISH)
    sent = await harness.become(offer.payment, PaymentState.FINISHED, received=True)
    forged = (
        (sent.body.replace(b"30.25", b"3.25"), sent.signature),
        (sent.body, "ab" * 64),
        (sent.body, ""),
    )
    for body, signature in forged:
        with pytest.raises(Refused) as caught:
            harness.provider.read_notification(body, signature)
        assert caught.value.code == "bad_signature"


@pytest.mark.parametrize("body", [b"", b"{", b"\xff\xfe", b'{"a":1,"a":2}', b"[NaN]"])
async def test_what_can_not_be_read_in_one_way_is_no_notification(
    harness: ProviderHarness, body: bytes
) -> None:
    with pytest.raises(Refused) as caught:
        harness.provider.read_notification(body, "ab" * 64)
    assert caught.value.code == "malformed_notification"


# -- the smallest payment


async def test_the_smallest_price_of_a_coin_is_known(harness: ProviderHarness) -> None:
    assert await harness.provider.minimum_usd(PLAIN_COIN) == harness.minimum_usd
    assert await harness.provider.minimum_usd(UNSOLD_COIN) is None


async def test_while_the_provider_is_down_the_smallest_price_is_the_one_last_heard(
    harness: ProviderHarness,
) -> None:
    await harness.provider.minimum_usd(PLAIN_COIN)
    await harness.be_down()
    assert await harness.provider.minimum_usd(PLAIN_COIN) == harness.minimum_usd
    with pytest.raises(ProviderUnavailable):
        await harness.provider.minimum_usd(MEMO_COIN)


# -- when the provider is not well


@pytest.mark.parametrize("how", BROKEN)
async def test_whatever_is_wrong_with_it_it_is_unavailable_within_its_time(
    harness: ProviderHarness, how: str, clock: Clock
) -> None:
    offer = await harness.provider.request(WISH)
    await BROKEN[how](harness)
    began = time.monotonic()
    came = await ask_for_everything(harness, offer.payment)
    assert time.monotonic() - began < LONG_SECONDS
    unavailable = [error for error in came if isinstance(error, ProviderUnavailable)]
    assert len(unavailable) >= 2, came  # the smallest price names no payment that could be another one
    for error in unavailable:
        assert not any(secret in f"{error!r} {error.__cause__!r}" for secret in harness.secrets)
    await harness.heal()
    clock.now += harness.provider.pause_seconds
    assert (await harness.provider.request(WISH)).payment


async def test_an_answer_that_takes_long_but_not_too_long_is_waited_for(harness: ProviderHarness) -> None:
    await harness.be_slow(TIMEOUT_SECONDS / 10)
    assert (await harness.provider.request(WISH)).payment
    assert await harness.payments() == 1


async def test_nobody_waits_for_an_answer_that_takes_too_long(harness: ProviderHarness) -> None:
    await harness.be_slow(2 * LONG_SECONDS)
    began = time.monotonic()
    with pytest.raises(ProviderUnavailable):
        await harness.provider.request(WISH)
    assert time.monotonic() - began < LONG_SECONDS


async def test_a_request_that_broke_off_is_not_repeated(harness: ProviderHarness) -> None:
    await harness.cut_answers(count=1)
    with pytest.raises(ProviderUnavailable):
        await harness.provider.request(WISH)
    assert await harness.payments() == 1


async def test_a_question_that_broke_off_is_asked_once_more(harness: ProviderHarness) -> None:
    offer = await harness.provider.request(WISH)
    await harness.cut_answers(count=1)
    assert same(await harness.provider.report(offer.payment), offer)


async def test_who_asks_to_be_left_alone_is(harness: ProviderHarness, clock: Clock) -> None:
    await harness.be_down(429, retry_after_seconds=2, count=1)
    with pytest.raises(ProviderUnavailable) as caught:
        await harness.provider.request(WISH)
    assert caught.value.retry_after_seconds == 2
    assert 0 < harness.provider.pause_seconds <= 2
    calls = await harness.calls()
    with pytest.raises(ProviderUnavailable):
        await harness.provider.request(WISH)
    assert await harness.calls() == calls
    clock.now += harness.provider.pause_seconds
    assert (await harness.provider.request(WISH)).payment


async def test_after_several_failures_it_is_left_alone_and_then_tried_once(
    harness: ProviderHarness, clock: Clock
) -> None:
    await fail_until_left_alone(harness)
    calls = await harness.calls()
    came = await ask_for_everything(harness, "4711")
    assert [type(error) for error in came] == [ProviderUnavailable] * 3
    assert await harness.calls() == calls
    clock.now += harness.provider.pause_seconds
    came = await ask_for_everything(harness, "4711")
    assert [type(error) for error in came] == [ProviderUnavailable] * 3
    assert await harness.calls() == calls + 1
    assert harness.provider.pause_seconds > REST_SECONDS / 2


async def test_once_it_answers_again_all_calls_pass(harness: ProviderHarness, clock: Clock) -> None:
    await fail_until_left_alone(harness)
    await harness.heal()
    clock.now += harness.provider.pause_seconds
    offer = await harness.provider.request(WISH)
    assert same(await harness.provider.report(offer.payment), offer)


async def test_a_no_does_not_count_as_a_failure(harness: ProviderHarness) -> None:
    for _ in range(2 * FAILURES):
        with pytest.raises(PaymentDeclined):
            await harness.provider.report("4711")
    assert harness.provider.pause_seconds == 0
