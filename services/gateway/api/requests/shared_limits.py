"""Rate limits that all processes of the gateway share."""

import math
import time
from collections.abc import Callable, Sequence
from typing import Protocol

from services.gateway.api.requests.counters import Count
from services.gateway.api.requests.limits import WINDOW_SECONDS, RateLimit, too_many

_MOST_DENIED = 100_000
_BATCHES = 100
"""Into how many batches the calls of a frequent limit are divided."""


class SharedCounts(Protocol):
    """Counts that processes share; see `Counters`."""

    async def add(self, keys: Sequence[str], calls: int, window_seconds: float) -> list[Count] | None:
        """Count calls of each of these different keys; return the counts, None if they can't be shared."""
        ...


class SharedLimit:
    """A limit of calls per caller, of which all processes count one number.

    Each process counts alone first, in a sliding window: so the limit holds in each process also while the
    database is away. What passes is added to the shared count, whose window begins with its first call;
    `times` calls pass in it. A window of the same length that lies across two of them may see twice as many.

    With `frequent`, a process adds its calls in batches of a hundredth of the limit, and the first ones of a
    caller cost no statement. Each process may then let pass up to two batches of calls too many in a window.
    """

    def __init__(
        self,
        name: str,
        times: int,
        counts: SharedCounts,
        *,
        window_seconds: float = WINDOW_SECONDS,
        frequent: bool = False,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._name = name
        self._most = times
        self._counts = counts
        self._window = window_seconds
        self._batch = max(1, times // _BATCHES) if frequent else 1
        self._clock = clock
        self._local = RateLimit(times, window_seconds=window_seconds, clock=clock)
        self._denied: dict[str, float] = {}
        """Until when callers are denied that have reached the shared limit."""
        self._uncounted: dict[str, int] = {}
        """How many calls of a caller were not added yet, with `frequent`; forgotten after each window."""
        self._forget_at = clock() + window_seconds

    async def take(self, caller: str) -> None:
        """Count a call; raise `Denied` with the time to wait if the limit is exceeded."""
        now = self._clock()
        until = self._denied.get(caller)
        if until is not None:
            if now < until:
                raise too_many(math.ceil(until - now))
            del self._denied[caller]
        self._local.take(caller)
        calls = self._to_add(caller, now)
        if not calls:
            return
        counts = await self._counts.add([f"{self._name} {caller}"], calls, self._window)
        if counts is not None and counts[0].calls > self._most:
            self._deny(caller, counts[0].seconds)

    def _to_add(self, caller: str, now: float) -> int:
        """Return how many calls of this caller are to be added now."""
        if self._batch == 1:
            return 1
        if now >= self._forget_at:
            self._uncounted.clear()
            self._forget_at = now + self._window
        waiting = self._uncounted.pop(caller, 0) + 1
        if waiting >= self._batch:
            return waiting
        self._uncounted[caller] = waiting
        return 0

    def _deny(self, caller: str, seconds: float) -> None:
        self._denied.pop(caller, None)
        if len(self._denied) >= _MOST_DENIED:
            del self._denied[next(iter(self._denied))]
        self._denied[caller] = self._clock() + seconds
        raise too_many(max(1, math.ceil(seconds)))
