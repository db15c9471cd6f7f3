"""Watches a run: the journal of the Telegram sandbox, and the memory of Adrelay's processes."""

import asyncio
import time
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress

from adrelay.demo.system import LocalSystem
from sandbox.telegram.models import JournalQuery
from tests.soak.memory import Memory, private_mib
from tests.soak.waits import Waits

SAMPLE_SECONDS, JOURNAL_SECONDS, SAY_SECONDS = 10.0, 2.0, 60.0
_ENTRIES = 50_000


class Watch:
    """What is seen of a run while it goes on; `say` is called each minute with its seconds."""

    def __init__(self, system: LocalSystem, waits: Waits, say: Callable[[float], None]) -> None:
        self.waits = waits
        self.memory = Memory()
        self._system = system
        self._say = say
        self._began = time.monotonic()
        self._read = 0
        """The number of the last entry of the journal that was read."""

    @asynccontextmanager
    async def running(self) -> AsyncGenerator[None]:
        """Watch until the end of the block."""
        tasks = [
            asyncio.create_task(_keep(self._read_journal, JOURNAL_SECONDS)),
            asyncio.create_task(_keep(self._sample, SAMPLE_SECONDS)),
            asyncio.create_task(_keep(self._tell, SAY_SECONDS)),
        ]
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
            ends = await asyncio.gather(*tasks, return_exceptions=True)
        for end in ends:
            if isinstance(end, Exception):
                raise end
        await self._read_journal()

    async def _read_journal(self) -> None:
        entries = await self._system.telegram.journal(JournalQuery(after=self._read, limit=_ENTRIES))
        for entry in entries:
            self.waits.see(entry)
        self._read = entries[-1].number if entries else self._read

    async def _sample(self) -> None:
        for process in self._system.processes:
            with suppress(LookupError):
                pid = self._system.pid(process.name)
                mib = private_mib(pid)
                if mib is not None:
                    self.memory.note(process.name, pid, time.monotonic() - self._began, mib)

    async def _tell(self) -> None:
        self._say(time.monotonic() - self._began)


async def _keep(act: Callable[[], Awaitable[None]], seconds: float) -> None:
    while True:
        await act()
        await asyncio.sleep(seconds)
