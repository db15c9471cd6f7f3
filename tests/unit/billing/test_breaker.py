"""The circuit breaker of calls to the provider."""

import asyncio
from collections.abc import Awaitable, Callable
from itertools import count
from types import SimpleNamespace

import pytest
from prometheus_client import REGISTRY

from services.billing.adapters.breaker import Breaker, RateLimited
from services.billing.ports import PaymentDeclined, ProviderUnavailable
from tests.support.clock import Clock

REST_SECONDS = 1.0
_numbers = count()


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr("services.billing.adapters.breaker.time", clock)  # the module's, not the process's
    return clock


class Subject:
    """A breaker, and the number of calls that it let pass."""

    def __init__(self, failures: int = 3, open_seconds: float = REST_SECONDS) -> None:
        self.name = f"provider-{next(_numbers)}"
        self.breaker = Breaker(self.name, failures=failures, open_seconds=open_seconds)
        self.passed = 0

    async def call(self, error: Exception | None = None) -> str:
        async def ask() -> str:
            self.passed += 1
            if error is not None:
                raise error
            return "answer"

        return await self.breaker.call(ask)

    async def fail(self, times: int = 1, error: Exception | None = None) -> None:
        for _ in range(times):
            with pytest.raises(ProviderUnavailable):
                await self.call(error or ProviderUnavailable("down"))

    def state(self) -> str:
        name = "adrelay_billing_provider_breaker"
        [state] = [
            state
            for state in ("closed", "opened", "half-opened")
            if REGISTRY.get_sample_value(name, {"provider": self.name, name: state})
        ]
        return state

    def trips(self) -> float | None:
        name = "adrelay_billing_provider_breaker_trips_total"
        return REGISTRY.get_sample_value(name, {"provider": self.name})


async def test_the_breaker_opens_after_several_failures_in_a_row() -> None:
    subject = Subject()
    await subject.fail(2)
    assert (subject.breaker.pause_seconds, subject.state()) == (0, "closed")
    await subject.fail()
    assert (subject.state(), subject.trips()) == ("opened", 1)
    assert 0 < subject.breaker.pause_seconds <= REST_SECONDS
    with pytest.raises(ProviderUnavailable) as caught:
        await subject.call()
    assert caught.value.retry_after_seconds
    assert subject.passed == 3


async def test_a_success_resets_the_failure_count() -> None:
    subject = Subject()
    for _ in range(3):
        await subject.fail(2)
        assert await subject.call() == "answer"
    assert subject.state() == "closed"


async def test_a_refusal_by_the_provider_is_a_success_of_the_call() -> None:
    subject = Subject()
    for _ in range(5):
        with pytest.raises(PaymentDeclined):
            await subject.call(PaymentDeclined("below the minimum"))
    assert await subject.call() == "answer"


async def test_after_the_pause_one_trial_call_that_succeeds_closes_the_breaker(clock: Clock) -> None:
    subject = Subject()
    await subject.fail(3)
    clock.now += REST_SECONDS
    assert await subject.call() == "answer"
    assert subject.state() == "closed"
    await subject.fail(2)
    assert await subject.call() == "answer"


async def test_a_failed_trial_call_restarts_the_pause(clock: Clock) -> None:
    subject = Subject()
    await subject.fail(3)
    clock.now += REST_SECONDS
    await subject.fail()
    assert (subject.state(), subject.trips(), subject.passed) == ("opened", 2, 4)
    await subject.fail()
    assert subject.passed == 4


async def test_only_one_trial_call_runs_at_a_time(clock: Clock) -> None:
    subject = Subject()
    await subject.fail(3)
    clock.now += REST_SECONDS
    answered = asyncio.Event()

    async def slow() -> str:
        await answered.wait()
        return "answer"

    trying = asyncio.create_task(subject.breaker.call(slow))
    await asyncio.sleep(0)
    with pytest.raises(ProviderUnavailable):
        await subject.call()
    assert subject.passed == 3
    answered.set()
    assert await trying == "answer"
    assert await subject.call() == "answer"


async def test_a_cancelled_trial_call_counts_as_failed_and_another_may_run(clock: Clock) -> None:
    subject = Subject()
    await subject.fail(3)
    clock.now += REST_SECONDS
    trying = asyncio.create_task(subject.breaker.call(asyncio.Event().wait))
    await asyncio.sleep(0)
    trying.cancel()
    with pytest.raises(asyncio.CancelledError):
        await trying
    assert subject.state() == "opened"
    clock.now += REST_SECONDS
    assert await subject.call() == "answer"


async def test_a_retry_after_pauses_calls_without_counting_as_a_failure(clock: Clock) -> None:
    subject = Subject(failures=1)

    async def busy() -> str:
        subject.breaker.pause(REST_SECONDS)
        raise RateLimited("429")

    with pytest.raises(RateLimited):
        await subject.breaker.call(busy)
    assert subject.breaker.pause_seconds > 0
    await subject.fail()
    assert (subject.passed, subject.trips()) == (0, None)
    clock.now += REST_SECONDS
    assert await subject.call() == "answer"


async def test_a_wall_clock_that_is_set_back_does_not_prolong_the_pause(
    clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    subject = Subject()
    await subject.fail(3)
    monkeypatch.setattr("purgatory.domain.model.time", SimpleNamespace(time=lambda: 0.0))
    clock.now += REST_SECONDS
    assert await subject.call() == "answer"


async def test_a_call_that_began_before_the_pause_does_not_end_it() -> None:
    subject = Subject(open_seconds=60)
    answered = asyncio.Event()

    async def slow() -> str:
        await answered.wait()
        return "answer"

    early: Callable[[], Awaitable[str]] = slow
    under_way = asyncio.create_task(subject.breaker.call(early))
    await asyncio.sleep(0)
    await subject.fail(3)
    answered.set()
    assert await under_way == "answer"
    assert subject.state() == "opened"
    await subject.fail()
    assert subject.passed == 3
