"""Rate limits and concurrency limits of one process."""

import math
import time
from collections import Counter, deque
from collections.abc import Callable, Generator
from contextlib import contextmanager
from http import HTTPStatus

from services.gateway.api.requests.problems import Denied

WINDOW_SECONDS, HOUR_SECONDS, DAY_SECONDS = 60.0, 3600.0, 86_400.0
_MOST_CALLERS = 100_000


class RateLimit:
    """A limit of calls per caller in a sliding window; kept in memory, so it applies to each process."""

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
        """The number of callers that are stored: those of the last window."""
        return len(self._times)

    def take(self, caller: str) -> None:
        """Count a call; raise `Denied` with the time to wait if the limit is exceeded."""
        now = self._clock()
        times = self._times.pop(caller, deque[float]())
        self._times[caller] = times  # callers are in the order of their last call
        while times and times[0] <= now - self._window:
            times.popleft()
        if len(times) >= self._most:
            raise too_many(math.ceil(times[0] + self._window - now))
        times.append(now)
        self._forget(now)

    def exhausted(self, caller: str) -> bool:
        """Return whether `take` would raise for this caller now."""
        times = self._times.get(caller)
        if times is None or len(times) < self._most:
            return False
        return times[0] > self._clock() - self._window

    def _forget(self, now: float) -> None:
        """Remove callers without a call in the window and, above the limit of callers, the least recent."""
        while self._times:
            caller, times = next(iter(self._times.items()))
            if len(self._times) <= _MOST_CALLERS and times and times[-1] > now - self._window:
                return
            del self._times[caller]


def too_many(wait_seconds: int) -> Denied:
    """Return the error for a caller over the limit."""
    return Denied(
        HTTPStatus.TOO_MANY_REQUESTS,
        "too_many_requests",
        f"try again in {wait_seconds} seconds",
        headers={"Retry-After": str(wait_seconds)},
    )


class LimitReached(Exception):
    """The limit of concurrent calls is reached."""


class ConcurrencyLimit:
    """A limit of concurrent calls in this process; calls above it fail at once."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._in_progress = 0

    @property
    def full(self) -> bool:
        """Return whether a further call would fail."""
        return self._in_progress >= self._most

    @contextmanager
    def slot(self) -> Generator[None]:
        """Count as a concurrent call; raise `LimitReached` at the limit."""
        if self.full:
            raise LimitReached
        self._in_progress += 1
        try:
            yield
        finally:
            self._in_progress -= 1


class FairLimit:
    """A limit of concurrent calls in this process, and of one caller; calls above it fail at once."""

    def __init__(self, most: int, *, of_caller: int) -> None:
        self._all = ConcurrencyLimit(most)
        self._most_of_caller = of_caller
        self._of_callers = Counter[str]()

    @property
    def callers(self) -> int:
        """The number of callers that are stored: those with a call in progress."""
        return len(self._of_callers)

    @contextmanager
    def slot(self, caller: str) -> Generator[None]:
        """Count as a concurrent call of a caller; raise `LimitReached` at one of the limits."""
        if self._of_callers[caller] >= self._most_of_caller:
            raise LimitReached
        with self._all.slot():
            self._of_callers[caller] += 1
            try:
                yield
            finally:
                self._of_callers[caller] -= 1
                if not self._of_callers[caller]:
                    del self._of_callers[caller]
