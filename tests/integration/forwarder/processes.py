"""The forwarder's processes, started as an operator starts them."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from uuid import uuid4

from pydantic import SecretStr

from services.forwarder.settings import ForwarderSettings
from tests.deadlines import DEADLINE_SECONDS

ROOT = Path(__file__).parents[3]


def environment(settings: ForwarderSettings) -> dict[str, str]:
    """What a process must find in its environment to have these settings."""
    found = {"PATH": os.environ["PATH"], "PYTHONUNBUFFERED": "1"}
    for name, value in settings:
        plain = value.get_secret_value() if isinstance(value, SecretStr) else value
        if plain is not None:
            found[f"ADRELAY_FORWARDER_{name.upper()}"] = str(plain)
    return found


class Process:
    """One process of the forwarder."""

    def __init__(self, child: asyncio.subprocess.Process, log: Path) -> None:
        self._child = child
        self.log = log

    def kill(self) -> None:
        self._child.kill()

    def freeze(self) -> None:
        self._child.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        self._child.send_signal(signal.SIGCONT)

    async def ended(self) -> int:
        """The exit code of a process that ends by itself."""
        async with asyncio.timeout(DEADLINE_SECONDS):
            return await self._child.wait()

    async def end(self) -> int:
        if self._child.returncode is None:
            self.thaw()
            self._child.terminate()
        return await self._child.wait()


@asynccontextmanager
async def running(settings: ForwarderSettings, logs: Path, *, worker: bool = True) -> AsyncGenerator[Process]:
    """A worker, or the service itself, for as long as the block lasts."""
    module = "services.forwarder.worker" if worker else "services.forwarder"
    log = logs / f"{module}-{uuid4().hex[:8]}.log"
    with log.open("wb") as output:
        child = await asyncio.create_subprocess_exec(
            sys.executable, "-m", module, cwd=ROOT, env=environment(settings), stdout=output, stderr=output
        )
    process = Process(child, log)
    try:
        yield process
    finally:
        await process.end()
