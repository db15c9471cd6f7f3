"""Background work that continues after the response to a call."""

import asyncio
import logging
from collections.abc import Coroutine

log = logging.getLogger(__name__)


class Background:
    """The background tasks of one sandbox."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[None]] = set()

    def spawn(self, work: Coroutine[object, object, None]) -> None:
        """Start a task; its errors are logged."""
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    async def idle(self, timeout_seconds: float) -> bool:
        """Return True once no task is running, False after a timeout."""
        try:
            async with asyncio.timeout(timeout_seconds):
                while self._tasks:  # a task may have started another
                    await asyncio.wait(self._tasks)
        except TimeoutError:
            return False
        return True

    async def stop(self) -> None:
        """Cancel all tasks."""
        while self._tasks:
            for task in self._tasks:
                task.cancel()
            await asyncio.wait(self._tasks)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("work in the background failed", exc_info=error)
