"""Serializes the checkouts of one wish."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from weakref import WeakValueDictionary

from services.gateway.tables.order_lines import Wish


class Turns:
    """Locks, one per wish, that serialize its checkouts in this process.

    They only save work: later checkouts find the order of the first. Correctness comes from the claim.
    """

    def __init__(self) -> None:
        self._locks: WeakValueDictionary[Wish, asyncio.Lock] = WeakValueDictionary()

    @asynccontextmanager
    async def of(self, wish: Wish) -> AsyncGenerator[None]:
        """Hold the wish's lock."""
        lock = self._locks.setdefault(wish, asyncio.Lock())
        async with lock:
            yield
