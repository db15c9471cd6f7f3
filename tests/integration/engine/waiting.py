"""Waiting for what can't be awaited, and loops that run beside a test."""

import asyncio
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager

from tests.deadlines import DEADLINE_SECONDS


async def eventually(
    condition: Callable[[], Awaitable[bool]], within_seconds: float = DEADLINE_SECONDS
) -> None:
    """Return as soon as the condition holds; fail if it does not in time."""
    deadline = time.monotonic() + within_seconds
    while not await condition():
        assert time.monotonic() < deadline, f"did not come to hold within {within_seconds} s"
        await asyncio.sleep(0.02)


@asynccontextmanager
async def running(*loops: Callable[[], Coroutine[object, object, None]]) -> AsyncGenerator[None]:
    """Run endless loops inside the block; fail if one ended by itself."""
    tasks = [asyncio.create_task(loop()) for loop in loops]
    try:
        yield
    finally:
        ended = [task for task in tasks if task.done()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for task in ended:
            task.result()
            message = "a loop ended by itself"
            raise AssertionError(message)
