"""Polling for what can't be awaited."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

from tests.deadlines import DEADLINE_SECONDS

T = TypeVar("T")

SHORTEST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS = 0.02, 0.1
"""The pause between two queries, as a share of the time waited so far, since each query costs something."""


async def until(
    question: Callable[[], Awaitable[T | None]],
    wanted: Callable[[T], object] = bool,
    *,
    why: str = "",
    seconds: float = DEADLINE_SECONDS,
) -> T:
    """Poll until the result is as wanted, and return it; fail with the last result after the deadline."""
    begun = time.monotonic()
    while True:
        answer = await question()
        if answer is not None and wanted(answer):
            return answer
        waited = time.monotonic() - begun
        assert waited < seconds, f"waited {seconds:g} s {why and f'for {why}'}: still {answer!r}"
        await asyncio.sleep(min(LONGEST_PAUSE_SECONDS, max(SHORTEST_PAUSE_SECONDS, waited / 10)))
