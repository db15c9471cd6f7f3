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
from tests.integration.billing.stage import NUMBER, Stage
from tests.support.waiting import until

ASKED = ["OrderPlaced", "PaymentRequested"]
PAID = [*ASKED, "PaymentConfirming", "PaymentConfirmed", "PaymentSending"]


def counted(outcome: str) -> float:
    found = REGISTRY.get_sample_value("adrelay_billing_notifications_total", {"outcome": outcome})
    return found or 0.0


async def requests_left(stage: Stage) -> int:
    return int(await stage.connection.fetchval("select count(*) from payment_requests.payment_requests"))


# -- the catalogue


async def test_the_default_catalogue_is_on_sale_and_listed_once_whatever_the_number_of_starts(
    stage: Stage,
) -> None:
    for _ in range(2):
        async with stage.running():
            await stage.place()
    listed = await stage.connection.fetchval(
        "select count(*) from engine.events where type = 'ProductListed'"
    )
    assert listed == 7


# -- checkout


async def test_a_checkout_gives_the_payment_that_the_provider_waits_for(stage: Stage) -> None:
    async with stage.running():
        accepted = await stage.place()
        payment = await stage.control.payment_of(NUMBER)
        assert await stage.history() == ["OrderPlaced", "PaymentRequested"]
        assert await stage.payment() == payment.payment_id
        assert (payment.price_amount, payment.pay_currency) == (Decimal(30), "btc")
        assert payment.ipn_callback_url == stage.webhook_url
        assert [written.service for written in accepted.written] == ["billing"]


async def test_the_same_checkout_again_gives_the_same_payment(stage: Stage) -> None:
    async with stage.running():
        await asyncio.gather(*(stage.place() for _ in range(4)))
        await stage.place()
        assert await stage.history() == ["OrderPlaced", "PaymentRequested"]
        assert len(await stage.control.payments()) == 1


async def test_a_checkout_that_makes_no_sense_is_refused(stage: Stage) -> None:
    async with stage.running():
        for plan, coin, code in [
            ("platinum", "BTC", "unknown_plan"),
            ("bronze", "DOGE", "unsupported_coin"),
        ]:
            with pytest.raises(Refused) as caught:
                await stage.place(plan=plan, coin=coin)
            assert caught.value.code == code
        await stage.place()
        with pytest.raises(Refused) as caught:
            await stage.place(plan="silver")
        assert caught.value.code == "order_exists_differently"
        assert len(await stage.control.payments()) == 1


async def test_every_coin_can_be_paid_with(stage: Stage) -> None:
    async with stage.running():
        for coin in ("ETH", "SOL", "LTC", "USDT"):
            number = f"HQADZ-ABC123-{coin}X"
            await stage.place(number, coin=coin)
            await stage.control.pay(await stage.payment(number))
            assert await stage.history(number) == [*PAID, "PaymentFinished"]


# -- paying


async def test_a_paid_order_is_finished_and_once_delivered_fulfilled(stage: Stage) -> None:
    async with stage.running():
        await stage.place()
        await stage.control.pay(await stage.payment())
        assert await stage.history() == [*PAID, "PaymentFinished"]
        await stage.provision()
        await until(stage.history, lambda found: found == [*PAID, "PaymentFinished", "OrderFulfilled"])


async def test_notifications_sent_five_times_and_shuffled_finish_the_payment_once(stage: Stage) -> None:
    async with stage.running():
        await stage.place()
        payment = await stage.payment()
        await stage.control.pay(payment, repeat=5, order="shuffled", seed=11, together=True)
        assert await stage.control.settled()
        await stage.control.resend(payment, times=5, status="confirming", together=True)
        history = await stage.history()
        assert history.count("PaymentFinished") == 1
        assert history[-1] == "PaymentFinished"
        assert len(await stage.correlation_ids()) == 1
        states = {notification.state for notification in await stage.control.notifications(payment)}
        assert states == {"delivered"}


async def test_the_whole_order_is_one_correlated_tree_and_the_provider_is_its_actor(stage: Stage) -> None:
    async with stage.running():
        await stage.place()
        await stage.control.pay(await stage.payment())
        assert len(await stage.correlation_ids()) == 1
        actors = await stage.connection.fetch(
            "select distinct actor from engine.events where stream = $1 and version > 2", f"order-{NUMBER}"
        )
        assert [row["actor"] for row in actors] == ["provider:nowpayments"]


async def test_arrays_may_be_signed_as_the_older_documentation_did(stage: Stage) -> None:
    async with stage.running():
        await stage.place()
        payment = await stage.payment()
        for index_arrays in (False, True):
            await stage.control.switch(index_arrays=index_arrays)
            sent = await stage.control.notify(payment, {"payment_extra_ids": [{"b": 1, "a": 2}, [1.5e-7]]})
            assert sent.state == "delivered"


async def test_an_order_that_is_not_paid_in_time_expires_and_a_late_payer_is_still_delivered_to(
    stage: Stage,
) -> None:
    async with stage.running(stage.settings(order_valid_seconds=3)):
        await stage.place()
        expired = ["OrderPlaced", "PaymentRequested", "OrderExpired"]
        await until(stage.history, lambda found: found == expired)
        await stage.control.pay_late(await stage.payment())
        assert await stage.history() == [
            *expired,
            "PaymentExpired",
            "UncountedMoneyReported",
            "PaymentFinished",
        ]


# -- what is refused


async def test_a_forged_notification_is_refused_and_counted(stage: Stage) -> None:
    async with stage.running():
        await stage.place()
        payment = await stage.payment()
        await stage.control.switch(retries=0)
        before = counted("bad_signature")
        await stage.control.pay(payment, forged=True, steps=("finished",))
        assert counted("bad_signature") == before + 1
        [sent] = await stage.control.notifications(payment)
        assert [attempt.answered for attempt in sent.attempts] == [401]
        with pytest.raises(Refused) as caught:
            await stage.notify(sent.body.replace("30", "3").encode(), sent.signature)
        assert caught.value.code == "bad_signature"
        assert await stage.history() == ["OrderPlaced", "PaymentRequested"]


async def test_many_forged_notifications_are_all_counted_and_few_are_logged(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(commands, "forgeries", SampledLog(commands.__name__))
    before = counted("bad_signature")
    async with stage.running():
        with capture_logs() as lines:
            for _ in range(30):
                with pytest.raises(Refused, match="bad_signature"):
                    await stage.notify(b"{}", "ab" * 64)
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


async def test_a_well_signed_notification_of_something_else_is_refused(stage: Stage) -> None:
    async with stage.running():
        await stage.place()
        payment = await stage.payment()
        await stage.control.pay(payment, silent=True)
        for change, code in SOMETHING_ELSE:
            sent = await stage.control.notify(payment, change, silent=True)
            for _ in range(2):
                before = counted(code)
                with pytest.raises(Refused) as caught:
                    await stage.notify(sent.body.encode(), sent.signature)
                assert (change, caught.value.code) == (change, code)
                assert counted(code) == before + 1
        told = [code for _, code in SOMETHING_ELSE if code.startswith("wrong_")]
        assert await stage.history() == [*ASKED, *(["UnmatchedPaymentReported"] * len(told))]
        assert [said["why"] for said in await stage.events_of("UnmatchedPaymentReported")] == told
        assert len(await stage.correlation_ids()) == 1


async def test_what_does_not_match_and_brings_no_money_leaves_nothing_behind(stage: Stage) -> None:
    async with stage.running():
        await stage.place()
        payment = await stage.payment()
        for change, code in SOMETHING_ELSE:
            sending: dict[str, JsonValue] = {**change, "payment_status": "sending", "actually_paid": 0}
            sent = await stage.control.notify(payment, sending, silent=True)
            if change != {"actually_paid": 0}:
                with pytest.raises(Refused, match=code):
                    await stage.notify(sent.body.encode(), sent.signature)
        assert await stage.history() == ASKED


# -- when things break


async def test_while_the_provider_is_down_checkout_is_refused_and_the_order_goes_on_later(
    stage: Stage,
) -> None:
    async with stage.running():
        await stage.control.be_down()
        with pytest.raises(Refused) as caught:
            await stage.place()
        assert caught.value.code == "provider_unavailable"
        assert await stage.history() == ["OrderPlaced"]
        await stage.control.heal()
        await stage.place()
        assert await stage.history() == ["OrderPlaced", "PaymentRequested"]
        assert await requests_left(stage) == 0


async def test_an_order_that_the_provider_kept_waiting_gets_its_payment_by_itself(stage: Stage) -> None:
    async with stage.running():
        await stage.control.hang()
        with pytest.raises(Refused) as caught:
            await stage.place()
        assert caught.value.code == "provider_unavailable"
        await stage.control.heal()
        await until(stage.history, lambda found: found == ["OrderPlaced", "PaymentRequested"])


async def test_what_the_provider_declines_is_refused_with_its_reason(stage: Stage) -> None:
    async with stage.running():
        await stage.control.be_down(status=400)
        with pytest.raises(Refused) as caught:
            await stage.place()
        assert caught.value.code == "payment_declined"
        assert await stage.history() == ["OrderPlaced"]


async def test_a_process_killed_between_asking_and_recording_asks_again_and_records_once(
    stage: Stage,
) -> None:
    async with stage.process():
        await stage.control.lose_answers(path="/v1/payment", count=1)
        placing = asyncio.create_task(stage.place())
        await until(stage.control.payments, lambda found: len(found) == 1)
        assert await stage.history() == ["OrderPlaced"]
    placing.cancel()
    async with stage.process():
        await until(stage.history, lambda found: found == ["OrderPlaced", "PaymentRequested"])
        lost, recorded = await stage.control.payments()
        assert await stage.payment() == recorded.payment_id != lost.payment_id
        await stage.place()
        await stage.control.pay(recorded.payment_id)
        assert await stage.history() == [*PAID, "PaymentFinished"]
        assert len(await stage.correlation_ids()) == 1


async def test_nothing_secret_is_in_an_event(stage: Stage) -> None:
    async with stage.running():
        await stage.place()
        await stage.control.pay(await stage.payment())
        rows = await stage.connection.fetch("select data::text as data from engine.events")
        text = json.dumps([row["data"] for row in rows])
        settings = stage.settings()
        assert settings.api_key.get_secret_value() not in text
        assert settings.ipn_secret.get_secret_value() not in text
