"""Payments whose notifications never came are found by asking for them, politely."""

import asyncio
from itertools import pairwise

import pytest
from prometheus_client import REGISTRY

from libs.events.catalogue import published
from libs.eventsourcing.operations.verify_tables import verify_table
from sandbox.nowpayments import Call
from services.billing.payments.tables import OPEN_PAYMENTS
from services.billing.registry import REGISTRY as BILLING
from services.billing.settings import BillingSettings
from tests.deadlines import DEADLINE_SECONDS
from tests.integration.billing.stage import NUMBER, Stage
from tests.support.waiting import until

PLACED = ["OrderPlaced", "PaymentRequested"]
FOUND = [*PLACED, "PaymentFinished"]
OTHERS = ("HQADZ-ABC123-AAAA", "HQADZ-ABC123-BBBB", "HQADZ-ABC123-CCCC")


def impatient(stage: Stage, order_valid_seconds: int = 3600, **changed: float) -> BillingSettings:
    """Settings with which the provider is asked soon and often, but for what is changed."""
    settings = {
        "reconcile_first_seconds": 0.1,
        "reconcile_longest_seconds": 1.0,
        "reconcile_calls_per_minute": 6000,
        **changed,
    }
    return stage.settings(order_valid_seconds=order_valid_seconds).model_copy(update=settings)


async def questions(stage: Stage) -> list[Call]:
    """Return the questions for payments that the provider has answered."""
    return [
        call
        for call in await stage.control.calls()
        if (call.method, call.path[:12]) == ("GET", "/v1/payment/")
    ]


def counted(outcome: str) -> float:
    return REGISTRY.get_sample_value("adrelay_billing_reconciled_total", {"outcome": outcome}) or 0.0


async def outcomes(outcome: str, at_least: float) -> None:
    async def found() -> float:
        await asyncio.sleep(0)
        return counted(outcome)

    await until(found, lambda value: value >= at_least)


async def open_payments(stage: Stage) -> int:
    return int(await stage.connection.fetchval("select count(*) from open_payments.open_payments"))


async def claimed(stage: Stage) -> int:
    return int(
        await stage.connection.fetchval(
            "select count(*) from open_payments.open_payments where claimed_until is not null"
        )
    )


async def asked_in_vain(stage: Stage) -> int:
    """Return how often the provider was asked in the present silence."""
    return int(await stage.connection.fetchval("select asked from open_payments.open_payments"))


async def sound(stage: Stage) -> bool:
    """Whether the table holds what a fresh fold of it does."""
    tables = BILLING.tables(stage.database, published())
    return (await verify_table(tables, OPEN_PAYMENTS)).sound


async def test_a_payment_whose_notifications_were_never_sent_is_found_and_finished(stage: Stage) -> None:
    async with stage.running(impatient(stage)):
        await stage.place()
        await stage.control.pay(await stage.payment(), silent=True)
        assert await until(stage.history, lambda found: "PaymentFinished" in found) == FOUND
        assert len(await stage.correlation_ids()) == 1
        actor = await stage.connection.fetchval(
            "select actor from engine.events where type = 'PaymentFinished'"
        )
        assert actor == "provider:nowpayments"
        assert await open_payments(stage) == 0
        assert await sound(stage)


async def test_each_step_of_a_payment_is_found(stage: Stage) -> None:
    async with stage.running(impatient(stage)):
        await stage.place()
        payment = await stage.payment()
        await stage.control.pay(payment, steps=("confirming",), silent=True)
        await until(stage.history, lambda found: found == [*PLACED, "PaymentConfirming"])
        await stage.control.set_status(payment, "sending", silent=True)
        await until(stage.history, lambda found: found == [*PLACED, "PaymentConfirming", "PaymentSending"])
        await stage.control.set_status(payment, "finished", silent=True)
        await until(stage.history, lambda found: found[-1] == "PaymentFinished")


async def test_a_process_killed_while_it_asks_is_followed_by_one_that_finds_it_once(stage: Stage) -> None:
    settings = impatient(stage)
    async with stage.process(settings):
        await stage.place()
        await stage.control.hang(method="GET", path="/v1/payment/")
        await stage.control.pay(await stage.payment(), silent=True)
        await until(lambda: claimed(stage), lambda count: count == 1)
    await stage.control.heal()
    assert await stage.history() == PLACED
    async with stage.process(settings):
        assert await until(stage.history, lambda found: "PaymentFinished" in found) == FOUND


async def test_a_payment_is_asked_for_less_and_less_often(stage: Stage) -> None:
    async with stage.running(impatient(stage, reconcile_longest_seconds=1000)):
        await stage.place()
        asked = await until(lambda: questions(stage), lambda found: len(found) >= 4)
        waits = [(later.at - sooner.at).total_seconds() for sooner, later in pairwise(asked)]
        assert all(wait >= least for wait, least in zip(waits, (0.2, 0.4, 0.8), strict=False)), waits
        assert await stage.history() == PLACED
        assert await sound(stage)


async def test_what_is_heard_of_a_payment_begins_a_new_silence(stage: Stage) -> None:
    async with stage.running(impatient(stage, reconcile_first_seconds=0.2, reconcile_longest_seconds=1000)):
        await stage.place()
        await until(lambda: questions(stage), lambda found: len(found) >= 4)
        payment = await stage.payment()
        await until(lambda: asked_in_vain(stage), lambda count: count >= 4)
        await stage.control.pay(payment, steps=("confirming",))
        assert await asked_in_vain(stage) < 4
        before = len(await questions(stage))
        await stage.control.set_status(payment, "finished", silent=True)
        await until(stage.history, lambda found: found[-1] == "PaymentFinished")
        assert len(await questions(stage)) > before


async def test_the_budget_of_calls_is_kept_by_all_processes_together(stage: Stage) -> None:
    settings = impatient(stage, reconcile_longest_seconds=0.3, reconcile_calls_per_minute=240)
    async with stage.process(settings), stage.process(settings):
        for number in (NUMBER, *OTHERS):
            await stage.place(number)
        asked = await until(lambda: questions(stage), lambda found: len(found) >= 8)
        waits = [(later.at - sooner.at).total_seconds() for sooner, later in pairwise(asked)]
        assert (asked[-1].at - asked[0].at).total_seconds() >= 0.25 * (len(asked) - 1) - 0.5, waits
        assert len({call.path for call in asked}) == 4


async def test_a_silent_provider_is_asked_less_and_then_left_alone(stage: Stage) -> None:
    settings = impatient(stage, provider_failures=3, provider_rest_seconds=3.0)
    async with stage.running(settings):
        await stage.place()
        await stage.control.pay(await stage.payment(), silent=True)
        await stage.control.be_down(method="GET")
        asked = await until(lambda: questions(stage), lambda found: len(found) >= 4)
        waits = [(later.at - sooner.at).total_seconds() for sooner, later in pairwise(asked)]
        assert [wait >= least for wait, least in zip(waits, (0.6, 1.6, 2.6), strict=False)] == [True] * 3
        assert await stage.history() == PLACED
        await stage.control.heal()
        assert await until(stage.history, lambda found: "PaymentFinished" in found) == FOUND


async def test_a_payment_is_given_up_some_time_after_it_was_over_and_a_late_payer_is_still_heard(
    stage: Stage,
) -> None:
    before = counted("given_up")
    settings = impatient(stage, order_valid_seconds=1, reconcile_late_seconds=1.0)
    async with stage.running(settings):
        await stage.place()
        await outcomes("given_up", before + 1)
        assert await stage.history() == [*PLACED, "OrderExpired"]
        asked = len(await questions(stage))
        assert asked >= 1
        payment = await stage.payment()
        await stage.control.pay(payment, steps=("confirming",))
        await stage.control.set_status(payment, "finished", silent=True)
        await until(stage.history, lambda found: found[-1] == "PaymentFinished")
        assert counted("given_up") == before + 1
        assert await sound(stage)


async def test_a_payment_that_the_provider_does_not_know_is_counted_and_asked_for_again(
    stage: Stage,
) -> None:
    before = counted("unknown_payment")
    async with stage.running(impatient(stage)):
        await stage.place()
        await stage.control.reset()
        await outcomes("unknown_payment", before + 2)
        assert await stage.history() == PLACED


async def test_a_report_of_something_else_is_refused_counted_and_told_of_once(stage: Stage) -> None:
    before = counted("wrong_amount")
    async with stage.running(impatient(stage)):
        await stage.place()
        await stage.control.answer_otherwise({"price_amount": 3}, method="GET")
        await stage.control.pay(await stage.payment(), silent=True)
        await outcomes("wrong_amount", before + 2)
        told = [*PLACED, "UnmatchedPaymentReported"]
        assert await stage.history() == told
        await stage.control.heal()
        await until(stage.history, lambda found: found == [*told, "PaymentFinished"])
        assert await sound(stage)


@pytest.mark.parametrize("status", ["expired", "failed"])
async def test_what_was_given_up_there_is_watched_on_for_a_late_payer(stage: Stage, status: str) -> None:
    async with stage.running(impatient(stage)):
        await stage.place()
        payment = await stage.payment()
        await stage.control.set_status(payment, status, silent=True)
        await until(stage.history, lambda found: f"Payment{status.capitalize()}" in found)
        await stage.control.pay(payment, silent=True)
        await until(stage.history, lambda found: found[-1] == "PaymentFinished")
        assert await open_payments(stage) == 0


async def test_a_payment_that_is_told_of_in_time_is_never_asked_for(stage: Stage) -> None:
    async with stage.running(impatient(stage, reconcile_first_seconds=DEADLINE_SECONDS)):
        await stage.place()
        await stage.control.pay(await stage.payment())
        assert (await stage.history())[-1] == "PaymentFinished"
        assert await questions(stage) == []
        assert await open_payments(stage) == 0
