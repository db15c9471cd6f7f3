"""Limit the rate of each caller, and the requests in progress at once."""

import math
import time
from collections import deque
from collections.abc import Callable, Generator
from contextlib import contextmanager
from http import HTTPStatus

from services.gateway.api.requests.problems import Denied

WINDOW_SECONDS, HOUR_SECONDS, DAY_SECONDS = 60.0, 3600.0, 86_400.0
_MOST_CALLERS = 100_000


class RateLimit:
    """At most so many times in a window for each caller; kept in memory, so for each process."""

    def __init__(
        self,
        times: int,
        *,
        window_seconds: float = WINDOW_SECONDS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._most = times
        self._window = window_seconds
        self._clock = clock
        self._times: dict[str, deque[float]] = {}

    @property
    def callers(self) -> int:
        """How many callers are remembered: those of the last window."""
        return len(self._times)

    def take(self, caller: str) -> None:
        """Count one time; raise `Denied` with the time to wait if it was one too many."""
        now = self._clock()
        times = self._times.pop(caller, deque[float]())
        self._times[caller] = times  # callers stand in the order of their last call
        while times and times[0] <= now - self._window:
            times.popleft()
        if len(times) >= self._most:
            raise too_many(math.ceil(times[0] + self._window - now))
        times.append(now)
        self._forget(now)

    def exhausted(self, caller: str) -> bool:
        """Say whether `take` would raise for this caller now."""
        times = self._times.get(caller)
        if times is None or len(times) < self._most:
            return False
        return times[0] > self._clock() - self._window

    def _forget(self, now: float) -> None:
        """Forget whoever has not called for a whole window, and the quietest of too many."""
        while self._times:
            caller, times = next(iter(self._times.items()))
            if len(self._times) <= _MOST_CALLERS and times and times[-1] > now - self._window:
                return
            del self._times[caller]


def too_many(wait_seconds: int) -> Denied:
    """Return the answer to whoever asks too often."""
    return Denied(
        HTTPStatus.TOO_MANY_REQUESTS,
        "too_many_requests",
        f"try again in {wait_seconds} seconds",
        headers={"Retry-After": str(wait_seconds)},
    )


class LimitReached(Exception):
    """As many are in progress as may be."""


class ConcurrencyLimit:
    """Limit how many are in progress at once in this process; refuse the others instead of queueing them."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._in_progress = 0

    @contextmanager
    def slot(self) -> Generator[None]:
        """Count one in progress; raise `LimitReached` if there are as many as may be."""
        if self._in_progress >= self._most:
            raise LimitReached
        self._in_progress += 1
        try:
            yield
        finally:
            self._in_progress -= 1
