"""Orders and payments from end to end: real database, real stream, the provider's sandbox."""

import asyncio
import json
from decimal import Decimal

import pytest
from prometheus_client import REGISTRY
from pydantic import JsonValue
from structlog.testing import capture_logs

from libs.chassis.sampling import SampledLog
from libs.eventsourcing import Refused
from services.billing import commands
from tests.integration.billing.harness import BillingHarness
from tests.support.waiting import until

ASKED = ["OrderPlaced", "PaymentRequested"]
SOON = 5
"""How long an order that expires in a test is valid, in seconds: longer than it takes to place it."""
PAID = [*ASKED, "PaymentConfirming", "PaymentConfirmed", "PaymentSending"]


def counted(outcome: str) -> float:
    found = REGISTRY.get_sample_value("adrelay_billing_notifications_total", {"outcome": outcome})
    return found or 0.0


# -- the catalogue


async def test_the_default_catalogue_is_on_sale_and_listed_once_whatever_the_number_of_starts(
    harness: BillingHarness,
) -> None:
    for _ in range(2):
        async with harness.running():
            await harness.place()
    listed = await harness.connection.fetchval(
        "select count(*) from engine.events where type = 'ProductListed'"
    )
    assert listed == 7


# -- checkout


async def test_a_checkout_gives_the_payment_that_the_provider_waits_for(shop: BillingHarness) -> None:
    accepted = await shop.place()
    payment = await shop.control.payment_of(shop.number)
    assert await shop.history() == ["OrderPlaced", "PaymentRequested"]
    assert await shop.payment() == payment.payment_id
    assert (payment.price_amount, payment.pay_currency) == (Decimal(30), "btc")
    assert payment.ipn_callback_url == shop.webhook_url
    assert [written.service for written in accepted.written] == ["billing"]


async def test_the_same_checkout_again_gives_the_same_payment(shop: BillingHarness) -> None:
    await asyncio.gather(*(shop.place() for _ in range(4)))
    await shop.place()
    assert await shop.history() == ["OrderPlaced", "PaymentRequested"]
    assert len(await shop.control.payments()) == 1


async def test_a_checkout_that_makes_no_sense_is_refused(shop: BillingHarness) -> None:
    for plan, coin, code in [
        ("platinum", "BTC", "unknown_plan"),
        ("bronze", "DOGE", "unsupported_coin"),
    ]:
        with pytest.raises(Refused) as caught:
            await shop.place(plan=plan, coin=coin)
        assert caught.value.code == code
    await shop.place()
    with pytest.raises(Refused) as caught:
        await shop.place(plan="silver")
    assert caught.value.code == "order_exists_differently"
    assert len(await shop.control.payments()) == 1


async def test_every_coin_can_be_paid_with(shop: BillingHarness) -> None:
    for coin in ("ETH", "SOL", "LTC", "USDT"):
        number = f"{shop.number[:-4]}{coin}X"
        await shop.place(number, coin=coin)
        await shop.control.pay(await shop.payment(number))
        assert await shop.history(number) == [*PAID, "PaymentFinished"]


# -- paying


async def test_a_paid_order_is_finished_and_once_delivered_fulfilled(shop: BillingHarness) -> None:
    await shop.place()
    await shop.control.pay(await shop.payment())
    assert await shop.history() == [*PAID, "PaymentFinished"]
    await shop.provision()
    await until(shop.history, lambda found: found == [*PAID, "PaymentFinished", "OrderFulfilled"])


async def test_notifications_sent_five_times_and_shuffled_finish_the_payment_once(
    shop: BillingHarness,
) -> None:
    await shop.place()
    payment = await shop.payment()
    await shop.control.pay(payment, repeat=5, order="shuffled", seed=11, together=True)
    assert await shop.control.settled()
    await shop.control.resend(payment, times=5, status="confirming", together=True)
    history = await shop.history()
    assert history.count("PaymentFinished") == 1
    assert history[-1] == "PaymentFinished"
    assert len(await shop.correlation_ids()) == 1
    states = {notification.state for notification in await shop.control.notifications(payment)}
    assert states == {"delivered"}


async def test_the_whole_order_is_one_correlated_tree_and_the_provider_is_its_actor(
    shop: BillingHarness,
) -> None:
    await shop.place()
    await shop.control.pay(await shop.payment())
    assert len(await shop.correlation_ids()) == 1
    actors = await shop.connection.fetch(
        "select distinct actor from engine.events where stream = $1 and version > 2", f"order-{shop.number}"
    )
    assert [row["actor"] for row in actors] == ["provider:nowpayments"]


async def test_arrays_may_be_signed_as_the_older_documentation_did(shop: BillingHarness) -> None:
    await shop.place()
    payment = await shop.payment()
    for index_arrays in (False, True):
        await shop.control.switch(index_arrays=index_arrays)
        sent = await shop.control.notify(payment, {"payment_extra_ids": [{"b": 1, "a": 2}, [1.5e-7]]})
        assert sent.state == "delivered"


async def test_an_order_that_is_not_paid_in_time_expires_and_a_late_payer_is_still_delivered_to(
    harness: BillingHarness,
) -> None:
    async with harness.running(harness.settings(order_valid_seconds=SOON)):
        await harness.place()
        expired = ["OrderPlaced", "PaymentRequested", "OrderExpired"]
        await until(harness.history, lambda found: found == expired)
        await harness.control.pay_late(await harness.payment())
        assert await harness.history() == [
            *expired,
            "PaymentExpired",
            "UncountedMoneyReported",
            "PaymentFinished",
        ]


# -- what is refused


async def test_a_forged_notification_is_refused_and_counted(shop: BillingHarness) -> None:
    await shop.place()
    payment = await shop.payment()
    await shop.control.switch(retries=0)
    before = counted("bad_signature")
    await shop.control.pay(payment, forged=True, steps=("finished",))
    assert counted("bad_signature") == before + 1
    [sent] = await shop.control.notifications(payment)
    assert [attempt.answered for attempt in sent.attempts] == [401]
    with pytest.raises(Refused) as caught:
        await shop.notify(sent.body.replace("30", "3").encode(), sent.signature)
    assert caught.value.code == "bad_signature"
    assert await shop.history() == ["OrderPlaced", "PaymentRequested"]


async def test_many_forged_notifications_are_all_counted_and_few_are_logged(
    shop: BillingHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(commands, "forgeries", SampledLog(commands.__name__))
    before = counted("bad_signature")
    with capture_logs() as lines:
        for _ in range(30):
            with pytest.raises(Refused, match="bad_signature"):
                await shop.notify(b"{}", "ab" * 64)
    assert counted("bad_signature") == before + 30
    assert sum(line["event"] == "notification.refused" for line in lines) == 10


SOMETHING_ELSE: list[tuple[dict[str, JsonValue], str]] = [
    ({"price_amount": 29}, "wrong_amount"),
    ({"price_currency": "eur"}, "wrong_amount"),
    ({"pay_amount": 1e-7}, "wrong_amount"),
    ({"actually_paid": 0}, "wrong_amount"),
    ({"payment_id": 17}, "wrong_payment"),
    ({"payment_id": 18, "order_id": "HQADZ-ABC123-ZZZZ"}, "unknown_order"),
    ({"payment_id": 18, "order_id": None}, "unknown_order"),
    ({"payment_id": 18, "order_id": "*.>"}, "unknown_order"),
    ({"pay_amount": "much"}, "malformed_notification"),
    ({"payment_id": None}, "malformed_notification"),
]


async def test_a_well_signed_notification_of_something_else_is_refused(shop: BillingHarness) -> None:
    await shop.place()
    payment = await shop.payment()
    await shop.control.pay(payment, silent=True)
    for change, code in SOMETHING_ELSE:
        sent = await shop.control.notify(payment, change, silent=True)
        for _ in range(2):
            before = counted(code)
            with pytest.raises(Refused) as caught:
                await shop.notify(sent.body.encode(), sent.signature)
            assert (change, caught.value.code) == (change, code)
            assert counted(code) == before + 1
    told = [code for _, code in SOMETHING_ELSE if code.startswith("wrong_")]
    assert await shop.history() == [*ASKED, *(["UnmatchedPaymentReported"] * len(told))]
    assert [said["why"] for said in await shop.events_of("UnmatchedPaymentReported")] == told
    assert len(await shop.correlation_ids()) == 1


async def test_what_does_not_match_and_brings_no_money_leaves_nothing_behind(shop: BillingHarness) -> None:
    await shop.place()
    payment = await shop.payment()
    for change, code in SOMETHING_ELSE:
        sending: dict[str, JsonValue] = {**change, "payment_status": "sending", "actually_paid": 0}
        sent = await shop.control.notify(payment, sending, silent=True)
        if change != {"actually_paid": 0}:
            with pytest.raises(Refused, match=code):
                await shop.notify(sent.body.encode(), sent.signature)
    assert await shop.history() == ASKED


# -- when things break


async def test_while_the_provider_is_down_checkout_is_refused_and_the_order_goes_on_later(
    shop: BillingHarness,
) -> None:
    await shop.control.be_down()
    with pytest.raises(Refused) as caught:
        await shop.place()
    assert caught.value.code == "provider_unavailable"
    assert await shop.history() == ["OrderPlaced"]
    await shop.control.heal()
    await shop.place()
    assert await shop.history() == ["OrderPlaced", "PaymentRequested"]
    assert not await shop.awaits_payment()


async def test_an_order_that_the_provider_kept_waiting_gets_its_payment_by_itself(
    harness: BillingHarness,
) -> None:
    async with harness.running(harness.settings(provider_timeout_seconds=1.0)):
        await harness.control.hang()
        with pytest.raises(Refused) as caught:
            await harness.place()
        assert caught.value.code == "provider_unavailable"
        await harness.control.heal()
        await until(harness.history, lambda found: found == ["OrderPlaced", "PaymentRequested"])


async def test_what_the_provider_declines_is_refused_with_its_reason(shop: BillingHarness) -> None:
    await shop.control.be_down(status=400)
    with pytest.raises(Refused) as caught:
        await shop.place()
    assert caught.value.code == "payment_declined"
    assert await shop.history() == ["OrderPlaced"]


async def test_a_process_killed_between_asking_and_recording_asks_again_and_records_once(
    harness: BillingHarness,
) -> None:
    async with harness.process():
        await harness.control.lose_answers(path="/v1/payment", count=1)
        placing = asyncio.create_task(harness.place())
        await until(harness.control.payments, lambda found: len(found) == 1)
        assert await harness.history() == ["OrderPlaced"]
    placing.cancel()
    async with harness.process():
        await until(harness.history, lambda found: found == ["OrderPlaced", "PaymentRequested"])
        lost, recorded = await harness.control.payments()
        assert await harness.payment() == recorded.payment_id != lost.payment_id
        await harness.place()
        await harness.control.pay(recorded.payment_id)
        assert await harness.history() == [*PAID, "PaymentFinished"]
        assert len(await harness.correlation_ids()) == 1


async def test_nothing_secret_is_in_an_event(shop: BillingHarness) -> None:
    await shop.place()
    await shop.control.pay(await shop.payment())
    rows = await shop.connection.fetch("select data::text as data from engine.events")
    text = json.dumps([row["data"] for row in rows])
    settings = shop.settings()
    assert settings.api_key.get_secret_value() not in text
    assert settings.ipn_secret.get_secret_value() not in text
