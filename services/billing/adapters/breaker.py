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
    """The provider limits the rate; its answer does not count as a failure."""


class Breaker:
    """A circuit breaker: closed while calls succeed, open after several failures in a row, then half open.

    While half open it lets one call pass; if that succeeds, it closes. It counts this process's calls alone.
    """

    def __init__(self, provider: str, *, failures: int, open_seconds: float) -> None:
        self._provider = provider
        self._open_seconds = open_seconds
        self._factory = AsyncCircuitBreakerFactory(
            default_threshold=failures,
            default_ttl=open_seconds,
            exclude=[PaymentDeclined, RateLimited],
        )
        self._factory.add_listener(self._on_state_change)
        self._open_until = 0.0
        self._trying = False
        STATE.labels(provider).state(CLOSED)

    @property
    def pause_seconds(self) -> float:
        """How long the breaker stays open, 0 if a call may pass."""
        return max(0.0, self._open_until - time.monotonic())

    def pause(self, seconds: float) -> None:
        """Keep the breaker open for so long."""
        self._open_until = max(self._open_until, time.monotonic() + seconds)

    async def call(self, ask: Callable[[], Awaitable[T]]) -> T:
        """Return the result of `ask`; raise `ProviderUnavailable` at once while the breaker is open.

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

        The library measures how long it is open by the wall clock, which may be set: here it is monotonic.
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
            self.pause(self._open_seconds)
            TRIPS.labels(self._provider).inc()
            log.warning("provider.breaker_opened", provider=self._provider, seconds=self._open_seconds)
