"""Growing delays for those who try secrets that are wrong: access codes, and the operator's token."""

import math
import time
from collections.abc import Callable
from dataclasses import dataclass

from services.gateway.api.requests.limits import too_many
from services.gateway.api.requests.shared_limits import SharedCounts

FORGET_SECONDS = 3600.0
"""How long after the first failure all failures are forgotten."""
FIRST_SECONDS, LONGEST_SECONDS = 1.0, 600.0
LONGEST_OF_NETWORK_SECONDS = 30.0
"""Shorter than that of an address: others of the network did nothing wrong."""
FREE = 5
"""How many failures of an address are followed by no delay."""
NETWORK_TIMES, TOTAL_TIMES = 10, 200
"""How many times as many are free for a network, and for all addresses together. Above the latter, no failure
of any address is free: many addresses guess together."""
_MOST_CALLERS = 100_000
_EVERYBODY = "everybody"


@dataclass(slots=True)
class _Failures:
    times: int
    blocked_until: float
    forgotten_at: float


def delay_seconds(failures: int, *, free: int = FREE, longest: float = LONGEST_SECONDS) -> float:
    """Return the delay after so many failures: none, then a second, doubled with each further one."""
    beyond = failures - free
    if beyond <= 0:
        return 0.0
    return min(longest, FIRST_SECONDS * 2.0 ** min(beyond - 1, 64))


class Penalties:
    """Delays of one kind of secret, per address and per network.

    While a delay lasts, nothing that the address sends is compared with the secret, so a right one does not
    pass either. A success forgives nothing: otherwise who knows one secret could guess another one.

    Each process remembers the failures that it saw. The counts are shared, and a process learns the count of
    an address with its own next failure: so each further process lets pass one more guess per delay.
    """

    def __init__(
        self,
        name: str,
        counts: SharedCounts,
        *,
        free: int = FREE,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._name = name
        self._counts = counts
        self._free = free
        self._clock = clock
        self._failures: dict[str, _Failures] = {}
        """By address or network, the least recent failure first."""

    @property
    def callers(self) -> int:
        """The number of addresses and networks that are remembered."""
        return len(self._failures)

    def check(self, address: str, network: str) -> None:
        """Raise `Denied` with the time to wait while a delay of this address or network lasts."""
        now = self._clock()
        found = [self._failures.get(caller) for caller in _callers(address, network)]
        until = max((one.blocked_until for one in found if one is not None), default=now)
        if until > now:
            raise too_many(math.ceil(until - now))

    async def fail(self, address: str, network: str) -> None:
        """Count a failure, and begin the delay that follows from it."""
        callers = [*_callers(address, network), _EVERYBODY]
        failures = [self._count(caller) for caller in callers]
        times = [one.times for one in failures]
        shared = await self._counts.add([f"{self._name} {one}" for one in callers], 1, FORGET_SECONDS)
        if shared is not None:
            times = [max(own, count.calls) for own, count in zip(times, shared, strict=True)]
        of_address, of_network, total = times
        free = self._free if total <= self._free * TOTAL_TIMES else 0
        waits = (
            delay_seconds(of_address, free=free),
            delay_seconds(of_network, free=self._free * NETWORK_TIMES, longest=LONGEST_OF_NETWORK_SECONDS),
            0.0,
        )
        now = self._clock()
        for one, number, wait in zip(failures, times, waits, strict=True):
            one.times = max(one.times, number)
            one.blocked_until = now + wait

    def _count(self, caller: str) -> _Failures:
        """Count a failure that this process saw; return those that are not forgotten."""
        now = self._clock()
        failures = self._failures.pop(caller, None)
        if failures is None or failures.forgotten_at <= now:
            failures = _Failures(0, now, now + FORGET_SECONDS)
        failures.times += 1
        self._failures[caller] = failures
        self._forget(now)
        return failures

    def _forget(self, now: float) -> None:
        """Remove the least recent callers: forgotten ones, and those above the limit of callers."""
        while self._failures:
            oldest, failures = next(iter(self._failures.items()))
            if len(self._failures) <= _MOST_CALLERS and failures.forgotten_at > now:
                return
            del self._failures[oldest]


def _callers(address: str, network: str) -> tuple[str, str]:
    return f"address {address}", f"network {network}"
