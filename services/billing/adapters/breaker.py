"""Open a circuit breaker for a provider that fails, or that limits the rate of requests."""

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
    "Whether the provider is asked (closed), left alone (opened), or tried again (half-opened).",
    ["provider"],
    states=[CLOSED, OPENED, HALF_OPENED],
)
TRIPS = Counter(
    "adrelay_billing_provider_breaker_trips_total",
    "How often the provider was left alone after failing several times in a row.",
    ["provider"],
)


class RateLimited(ProviderUnavailable):
    """The provider asks to be left alone for a while; it is well, so it does not count as a failure."""


class Breaker:
    """Lets calls pass while they succeed, none for a while after several failures in a row, then one.

    If that one succeeds, all pass again. It knows of this process's calls alone.
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
        """How long no call passes, 0 if one may."""
        return max(0.0, self._quiet_until - time.monotonic())

    def rest(self, seconds: float) -> None:
        """Let no call pass for so long."""
        self._quiet_until = max(self._quiet_until, time.monotonic() + seconds)

    async def call(self, ask: Callable[[], Awaitable[T]]) -> T:
        """Return what `ask` does; raise `ProviderUnavailable` at once while the provider is left alone.

        That `ask` raises counts as a failure, but for `PaymentDeclined` and `RateLimited`: these are answers.
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
        """Return whether this call is the one that tries; raise if none may pass.

        The library measures its rest by the wall clock, which may be set: here it is measured otherwise.
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
