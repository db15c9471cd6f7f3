"""Endless loops as tasks beside a test."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Coroutine
from contextlib import asynccontextmanager


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
