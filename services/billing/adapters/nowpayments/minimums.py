"""A cache of the minimum price for each coin; a stale entry is used while the provider does not answer."""

import asyncio
import time
from collections import defaultdict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from decimal import Decimal

from libs.events.values import Coin
from services.billing.ports import ProviderUnavailable

FRESH_SECONDS = 600.0
STALE_SECONDS = 24 * 3600.0
"""The longest use of a stale entry, in seconds."""
AGAIN_SECONDS = 30.0
"""The pause before the provider is asked again after a failure, in seconds."""


@dataclass(frozen=True, slots=True)
class _Known:
    usd: Decimal | None
    received_at: float
    ask_again: float


class Minimums:
    """A cache of minimum prices that makes one request per coin, whatever the number of callers."""

    def __init__(
        self,
        ask: Callable[[Coin], Awaitable[Decimal | None]],
        *,
        fresh_seconds: float = FRESH_SECONDS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._ask = ask
        self._fresh_seconds = fresh_seconds
        self._clock = clock
        self._known: dict[Coin, _Known] = {}
        self._failed: dict[Coin, float] = {}
        self._asking: defaultdict[Coin, asyncio.Lock] = defaultdict(asyncio.Lock)

    async def of(self, coin: Coin) -> Decimal | None:
        """Return a coin's minimum, at most a day old; raise `ProviderUnavailable` if there is none."""
        began = self._clock()
        async with self._asking[coin]:
            known, now = self._known.get(coin), self._clock()
            if known is not None and now < known.ask_again:
                return known.usd
            if self._failed.get(coin, 0.0) > began:
                raise ProviderUnavailable("the smallest payment is not known")
            return await self._fetch(coin, known)

    async def _fetch(self, coin: Coin, known: _Known | None) -> Decimal | None:
        try:
            usd = await self._ask(coin)
        except ProviderUnavailable:
            now = self._clock()
            self._failed[coin] = now
            if known is None or now - known.received_at > STALE_SECONDS:
                raise
            self._known[coin] = _Known(known.usd, known.received_at, now + AGAIN_SECONDS)
            return known.usd
        now = self._clock()
        self._known[coin] = _Known(usd, now, now + self._fresh_seconds)
        return usd
