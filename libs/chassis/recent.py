"""A value that is looked up at most so often, however many ask for it."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

T = TypeVar("T")


class Recent(Generic[T]):
    """Looks a value up, and gives it again for so many seconds. Who asks meanwhile waits for the one look."""

    def __init__(self, look: Callable[[], Awaitable[T]], seconds: float) -> None:
        self._look, self._seconds = look, seconds
        self._found: tuple[float, T] | None = None
        self._one_at_a_time = asyncio.Lock()

    async def now(self) -> T:
        """Return the value, at most so many seconds old; raise what the look raises."""
        async with self._one_at_a_time:
            at = asyncio.get_running_loop().time()
            if self._found is None or at - self._found[0] >= self._seconds:
                self._found = (at, await self._look())
            return self._found[1]
