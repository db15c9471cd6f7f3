"""A circuit breaker for calls to a provider."""

import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

import structlog
from prometheus_client import Counter, Enum
from purgatory import AsyncCircuitBreakerFactory, ContextChanged, Event
from purgatory.domain.model import CLOSED, HALF_OPENED, OPENED, Context, HalfOpenedState

from services.billing.ports import PaymentDeclined, ProviderUnavailable

log = structlog.stdlib.get_logger()
T = TypeVar("T")

STATE = Enum(
    "adrelay_billing_provider_breaker",
    "The state of the provider's circuit breaker: closed, opened, or half-opened (a probe).",
    ["provider"],
    states=[CLOSED, OPENED, HALF_OPENED],
)
TRIPS = Counter(
    "adrelay_billing_provider_breaker_trips_total",
    "How often the circuit breaker opened after several failures in a row.",
    ["provider"],
)


class RateLimited(ProviderUnavailable):
    """The provider limits the rate of requests; it works, so this does not count as a failure."""


class Breaker:
    """A circuit breaker: it opens after several failures in a row, and after a pause lets one probe pass.

    If the probe succeeds, the breaker closes. It counts the calls of this process only.
    """

    def __init__(self, provider: str, *, failures: int, rest_seconds: float) -> None:
        self._provider = provider
        self._rest_seconds = rest_seconds
        self._factory = AsyncCircuitBreakerFactory(
            default_threshold=failures,
            default_ttl=rest_seconds,
            exclude=[PaymentDeclined, RateLimited],
        )
        self._factory.add_listener(self._on_state_change)
        self._quiet_until = 0.0
        self._trying = False
        STATE.labels(provider).state(CLOSED)

    @property
    def pause_seconds(self) -> float:
        """The number of seconds until a call may pass, 0 if one may now."""
        return max(0.0, self._quiet_until - time.monotonic())

    def rest(self, seconds: float) -> None:
        """Open the breaker for this many seconds, at least."""
        self._quiet_until = max(self._quiet_until, time.monotonic() + seconds)

    async def call(self, ask: Callable[[], Awaitable[T]]) -> T:
        """Call `ask` and return its result; raise `ProviderUnavailable` at once while the breaker is open.

        Exceptions of `ask` count as failures, except for `PaymentDeclined` and `RateLimited`: these are
        answers.
        """
        breaker = await self._factory.get_breaker(self._provider)
        trying = self._admit(breaker.context)
        try:
            async with breaker:
                return await ask()
        finally:
            self._trying = self._trying and not trying
            STATE.labels(self._provider).state(breaker.context.state)

    def _admit(self, context: Context) -> bool:
        """Return whether this call is the probe; raise if no call may pass.

        The library measures the pause by the wall clock, which may be set; this class uses a monotonic clock.
        """
        if self.pause_seconds:
            raise ProviderUnavailable("left alone for a while", retry_after_seconds=self.pause_seconds)
        if context.state == OPENED:
            context.set_state(HalfOpenedState())
        if context.state != HALF_OPENED:
            return False
        if self._trying:
            raise ProviderUnavailable("being tried again", retry_after_seconds=1.0)
        self._trying = True
        return True

    def _on_state_change(self, _: str, __: str, event: Event) -> None:
        if isinstance(event, ContextChanged) and event.state == OPENED:
            self.rest(self._rest_seconds)
            TRIPS.labels(self._provider).inc()
            log.warning("provider.left_alone", provider=self._provider, seconds=self._rest_seconds)
