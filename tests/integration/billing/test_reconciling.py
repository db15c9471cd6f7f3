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
from tests.integration.billing.harness import NUMBER, BillingHarness
from tests.integration.billing.test_billing import SOON
from tests.support.waiting import until

PLACED = ["OrderPlaced", "PaymentRequested"]
FOUND = [*PLACED, "PaymentFinished"]
OTHERS = ("HQADZ-ABC123-AAAA", "HQADZ-ABC123-BBBB", "HQADZ-ABC123-CCCC")


def impatient(harness: BillingHarness, order_valid_seconds: int = 3600, **changed: float) -> BillingSettings:
    """Settings with which the provider is asked soon and often, but for what is changed."""
    settings = {
        "reconcile_first_seconds": 0.1,
        "reconcile_longest_seconds": 1.0,
        "reconcile_calls_per_minute": 6000,
        **changed,
    }
    return harness.settings(order_valid_seconds=order_valid_seconds).model_copy(update=settings)


async def queries(harness: BillingHarness) -> list[Call]:
    """Return the queries for payments that the provider has answered."""
    return [
        call
        for call in await harness.control.calls()
        if (call.method, call.path[:12]) == ("GET", "/v1/payment/")
    ]


def counted(outcome: str) -> float:
    return REGISTRY.get_sample_value("adrelay_billing_reconciled_total", {"outcome": outcome}) or 0.0


async def outcomes(outcome: str, at_least: float) -> None:
    async def found() -> float:
        await asyncio.sleep(0)
        return counted(outcome)

    await until(found, lambda value: value >= at_least)


async def open_payments(harness: BillingHarness) -> int:
    return int(await harness.connection.fetchval("select count(*) from open_payments.open_payments"))


async def claimed(harness: BillingHarness) -> int:
    return int(
        await harness.connection.fetchval(
            "select count(*) from open_payments.open_payments where claimed_until is not null"
        )
    )


async def asked_in_vain(harness: BillingHarness) -> int:
    """Return how often the provider was asked in the present silence."""
    return int(await harness.connection.fetchval("select asked from open_payments.open_payments"))


async def sound(harness: BillingHarness) -> bool:
    """Whether the table holds what a fresh fold of it does."""
    tables = BILLING.tables(harness.database, published())
    return (await verify_table(tables, OPEN_PAYMENTS)).sound


async def test_a_payment_whose_notifications_were_never_sent_is_found_and_finished(
    harness: BillingHarness,
) -> None:
    async with harness.running(impatient(harness)):
        await harness.place()
        await harness.control.pay(await harness.payment(), silent=True)
        assert await until(harness.history, lambda found: "PaymentFinished" in found) == FOUND
        assert len(await harness.correlation_ids()) == 1
        actor = await harness.connection.fetchval(
            "select actor from engine.events where type = 'PaymentFinished'"
        )
        assert actor == "provider:nowpayments"
        assert await open_payments(harness) == 0
        assert await sound(harness)


async def test_each_step_of_a_payment_is_found(harness: BillingHarness) -> None:
    async with harness.running(impatient(harness)):
        await harness.place()
        payment = await harness.payment()
        await harness.control.pay(payment, steps=("confirming",), silent=True)
        await until(harness.history, lambda found: found == [*PLACED, "PaymentConfirming"])
        await harness.control.set_status(payment, "sending", silent=True)
        await until(harness.history, lambda found: found == [*PLACED, "PaymentConfirming", "PaymentSending"])
        await harness.control.set_status(payment, "finished", silent=True)
        await until(harness.history, lambda found: found[-1] == "PaymentFinished")


async def test_a_process_killed_while_it_asks_is_followed_by_one_that_finds_it_once(
    harness: BillingHarness,
) -> None:
    settings = impatient(harness)
    async with harness.process(settings):
        await harness.place()
        await harness.control.hang(method="GET", path="/v1/payment/")
        await harness.control.pay(await harness.payment(), silent=True)
        await until(lambda: claimed(harness), lambda count: count == 1)
    await harness.control.heal()
    assert await harness.history() == PLACED
    async with harness.process(settings):
        assert await until(harness.history, lambda found: "PaymentFinished" in found) == FOUND


async def test_a_payment_is_asked_for_less_and_less_often(harness: BillingHarness) -> None:
    async with harness.running(impatient(harness, reconcile_longest_seconds=1000)):
        await harness.place()
        asked = await until(lambda: queries(harness), lambda found: len(found) >= 4)
        waits = [(later.at - sooner.at).total_seconds() for sooner, later in pairwise(asked)]
        assert all(wait >= least for wait, least in zip(waits, (0.2, 0.4, 0.8), strict=False)), waits
        assert await harness.history() == PLACED
        assert await sound(harness)


async def test_what_is_heard_of_a_payment_begins_a_new_silence(harness: BillingHarness) -> None:
    async with harness.running(
        impatient(harness, reconcile_first_seconds=0.2, reconcile_longest_seconds=1000)
    ):
        await harness.place()
        await until(lambda: queries(harness), lambda found: len(found) >= 4)
        payment = await harness.payment()
        await until(lambda: asked_in_vain(harness), lambda count: count >= 4)
        await harness.control.pay(payment, steps=("confirming",))
        assert await asked_in_vain(harness) < 4
        before = len(await queries(harness))
        await harness.control.set_status(payment, "finished", silent=True)
        await until(harness.history, lambda found: found[-1] == "PaymentFinished")
        assert len(await queries(harness)) > before


async def test_the_budget_of_calls_is_kept_by_all_processes_together(harness: BillingHarness) -> None:
    settings = impatient(harness, reconcile_longest_seconds=0.3, reconcile_calls_per_minute=240)

    def eight_for_all(asked: list[Call]) -> bool:
        return len(asked) >= 8 and len({call.path for call in asked}) == 4

    async with harness.process(settings), harness.process(settings):
        for number in (NUMBER, *OTHERS):
            await harness.place(number)
        asked = await until(lambda: queries(harness), eight_for_all)
        waits = [(later.at - sooner.at).total_seconds() for sooner, later in pairwise(asked)]
        assert (asked[-1].at - asked[0].at).total_seconds() >= 0.25 * (len(asked) - 1) - 0.5, waits


async def test_a_silent_provider_is_asked_less_and_then_left_alone(harness: BillingHarness) -> None:
    settings = impatient(harness, provider_failures=3, provider_rest_seconds=3.0)
    async with harness.running(settings):
        await harness.place()
        await harness.control.pay(await harness.payment(), silent=True)
        await harness.control.be_down(method="GET")
        asked = await until(lambda: queries(harness), lambda found: len(found) >= 4)
        waits = [(later.at - sooner.at).total_seconds() for sooner, later in pairwise(asked)]
        assert [wait >= least for wait, least in zip(waits, (0.6, 1.6, 2.6), strict=False)] == [True] * 3
        assert await harness.history() == PLACED
        await harness.control.heal()
        assert await until(harness.history, lambda found: "PaymentFinished" in found) == FOUND


async def test_a_payment_is_given_up_some_time_after_it_was_over_and_a_late_payer_is_still_heard(
    harness: BillingHarness,
) -> None:
    before = counted("given_up")
    settings = impatient(harness, order_valid_seconds=SOON, reconcile_late_seconds=4.0)
    async with harness.running(settings):
        await harness.place()
        await outcomes("given_up", before + 1)
        assert await harness.history() == [*PLACED, "OrderExpired"]
        asked = len(await queries(harness))
        assert asked >= 1
        payment = await harness.payment()
        await harness.control.pay(payment, steps=("confirming",))
        await harness.control.set_status(payment, "finished", silent=True)
        await until(harness.history, lambda found: found[-1] == "PaymentFinished")
        assert counted("given_up") == before + 1
        assert await sound(harness)


async def test_a_payment_that_the_provider_does_not_know_is_counted_and_asked_for_again(
    harness: BillingHarness,
) -> None:
    before = counted("unknown_payment")
    async with harness.running(impatient(harness)):
        await harness.place()
        await harness.control.reset()
        await outcomes("unknown_payment", before + 2)
        assert await harness.history() == PLACED


async def test_a_report_of_something_else_is_refused_counted_and_told_of_once(
    harness: BillingHarness,
) -> None:
    before = counted("wrong_amount")
    async with harness.running(impatient(harness)):
        await harness.place()
        await harness.control.change_answers({"price_amount": 3}, method="GET")
        await harness.control.pay(await harness.payment(), silent=True)
        await outcomes("wrong_amount", before + 2)
        told = [*PLACED, "UnmatchedPaymentReported"]
        assert await harness.history() == told
        await harness.control.heal()
        await until(harness.history, lambda found: found == [*told, "PaymentFinished"])
        assert await sound(harness)


@pytest.mark.parametrize("status", ["expired", "failed"])
async def test_what_was_given_up_there_is_watched_on_for_a_late_payer(
    harness: BillingHarness, status: str
) -> None:
    async with harness.running(impatient(harness)):
        await harness.place()
        payment = await harness.payment()
        await harness.control.set_status(payment, status, silent=True)
        await until(harness.history, lambda found: f"Payment{status.capitalize()}" in found)
        await harness.control.pay(payment, silent=True)
        await until(harness.history, lambda found: found[-1] == "PaymentFinished")
        assert await open_payments(harness) == 0


async def test_a_payment_that_is_told_of_in_time_is_never_asked_for(harness: BillingHarness) -> None:
    async with harness.running(impatient(harness, reconcile_first_seconds=DEADLINE_SECONDS)):
        await harness.place()
        await harness.control.pay(await harness.payment())
        assert (await harness.history())[-1] == "PaymentFinished"
        assert await queries(harness) == []
        assert await open_payments(harness) == 0
