"""An answer of the provider that nobody thought of holds up nothing but what it is about."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from datetime import datetime, timedelta
from functools import partial

from prometheus_client import REGISTRY
from pydantic import SecretStr
from structlog.testing import capture_logs

from libs.events.catalogue import published
from libs.events.values import PaymentId
from libs.eventsourcing import Engine
from libs.eventsourcing.values import utc_now
from libs.nowpayments.coins import DEFAULT_COINS
from services.billing.adapters.breaker import Breaker
from services.billing.adapters.nowpayments import Account, NowPayments
from services.billing.order.payment_report import PaymentReport
from services.billing.payments.reconciling import Reconciler
from services.billing.payments.requesting import PaymentRequests
from services.billing.payments.tables import Silence
from services.billing.ports import PaymentOffer, PaymentWish
from services.billing.registry import REGISTRY as BILLING
from tests.integration.billing.harness import API_KEY, IPN_SECRET, NUMBER, PROVIDER_SECONDS, BillingHarness
from tests.support.waiting import until

OTHER = "HQADZ-ABC123-ZZZZ"
PLACED = ["OrderPlaced", "PaymentRequested"]
SILENCE = Silence(first=timedelta(seconds=0.3), longest=timedelta(seconds=1000), late=timedelta(days=1))


class Odd(NowPayments):
    """The provider, but that an adapter breaks on what it says of one order or payment."""

    def __init__(self, harness: BillingHarness, about: str) -> None:
        account = Account(
            url=harness.provider_url,
            api_key=SecretStr(API_KEY),
            ipn_secrets=[SecretStr(IPN_SECRET)],
            callback_url=harness.webhook_url,
            coins=DEFAULT_COINS,
        )
        breaker = Breaker(self.name, failures=100, open_seconds=1)
        super().__init__(account, breaker, timeout_seconds=PROVIDER_SECONDS)
        self.about = about
        self.asked: list[datetime] = []

    async def request(self, wish: PaymentWish) -> PaymentOffer:
        """Make a payment."""
        self._break_on(wish.order)
        return await super().request(wish)

    async def report(self, payment: PaymentId) -> PaymentReport:
        """Report."""
        self._break_on(payment)
        return await super().report(payment)

    def _break_on(self, about: str) -> None:
        if about == self.about:
            self.asked.append(utc_now())
            raise OSError(f"nobody thought of {about}")  # such as the database's trouble, but it is not


@asynccontextmanager
async def engine_of(harness: BillingHarness) -> AsyncGenerator[Engine]:
    """Billing's engine, without billing."""
    engine = Engine("billing", harness.database, published(), state_tables=BILLING.state_tables)
    await engine.start()
    try:
        yield engine
    finally:
        await engine.stop()


@asynccontextmanager
async def looping(loop: "asyncio.Task[None]") -> AsyncGenerator[None]:
    """Fail if the loop ends by itself."""
    try:
        yield
        assert not loop.done(), loop.result()
    finally:
        loop.cancel()
        with suppress(asyncio.CancelledError):
            await loop


def counted(metric: str) -> float:
    return REGISTRY.get_sample_value(f"adrelay_billing_{metric}_total", {"outcome": "failed"}) or 0.0


async def test_a_payment_that_the_reconciler_breaks_on_is_asked_for_less_and_less_and_others_are_found(
    harness: BillingHarness,
) -> None:
    before = counted("reconciled")
    async with harness.running():
        for number in (NUMBER, OTHER):
            await harness.place(number)
            await harness.control.pay(await harness.payment(number), silent=True)
    async with Odd(harness, await harness.payment()) as provider, engine_of(harness) as engine:
        reconciler = Reconciler(provider, SILENCE, calls_per_minute=6000, timeout_seconds=PROVIDER_SECONDS)
        with capture_logs() as logs:
            async with looping(asyncio.create_task(reconciler.run(engine))):
                await until(lambda: harness.history(OTHER), lambda found: found[-1] == "PaymentFinished")

                async def asked() -> list[datetime]:
                    await asyncio.sleep(0)
                    return provider.asked

                first, second, third = (await until(asked, lambda found: len(found) >= 3))[:3]
                assert (second - first).total_seconds() >= 0.55
                assert (third - second).total_seconds() >= 1.15
                assert await harness.history() == PLACED
                provider.about = "nothing any more"
                await until(harness.history, lambda found: found[-1] == "PaymentFinished")
    failed = [line for line in logs if line["event"] == "reconciler.failed"]
    assert {(line["log_level"], line["error"], line["order"]) for line in failed} == {
        ("error", "OSError", NUMBER)
    }
    assert counted("reconciled") == before + len(failed) == before + len(provider.asked)


async def test_an_order_whose_request_breaks_is_put_off_and_others_get_their_payments(
    harness: BillingHarness,
) -> None:
    before = counted("payment_requests")
    await harness.control.hang(path="/v1/payment", method="POST")
    async with harness.process():
        placing = [asyncio.create_task(harness.place(number)) for number in (NUMBER, OTHER)]
        for number in (NUMBER, OTHER):
            await until(partial(harness.history, number), lambda found: found == ["OrderPlaced"])
    for task in placing:
        task.cancel()
    await harness.control.heal()
    async with Odd(harness, NUMBER) as provider, engine_of(harness) as engine:
        requests = PaymentRequests(provider, timeout_seconds=PROVIDER_SECONDS)
        with capture_logs() as logs:
            async with looping(asyncio.create_task(requests.run(engine))):
                await until(lambda: harness.history(OTHER), lambda found: found == PLACED)
                put_off = await until(
                    lambda: harness.connection.fetchval(
                        "select try_at from payment_requests.payment_requests where attempts > 0"
                    ),
                    lambda found: found is not None,
                )
    assert put_off - provider.asked[0] > timedelta(seconds=55)
    assert len(provider.asked) == 1
    [failed] = [line for line in logs if line["event"] == "payment_requests.failed"]
    assert (failed["log_level"], failed["error"], failed["order"]) == ("error", "OSError", NUMBER)
    assert counted("payment_requests") == before + 1
    assert await harness.history() == ["OrderPlaced"]
