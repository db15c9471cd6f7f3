"""Checkouts of one wish, one after another."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from weakref import WeakValueDictionary

from services.gateway.tables.order_lines import Wish


class Turns:
    """Lets the checkouts of one wish in this process happen one after another.

    That only saves work: the later ones find the order of the first. What makes them one order is its claim.
    """

    def __init__(self) -> None:
        self._locks: WeakValueDictionary[Wish, asyncio.Lock] = WeakValueDictionary()

    @asynccontextmanager
    async def of(self, wish: Wish) -> AsyncGenerator[None]:
        """Wait for the wish's turn, and hold it."""
        lock = self._locks.setdefault(wish, asyncio.Lock())
        async with lock:
            yield
