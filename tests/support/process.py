"""Services as processes, in forks that have imported them: see `fork_server.py`."""

import asyncio
import marshal
import os
import signal
import socket
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from tests.deadlines import DEADLINE_SECONDS
from tests.support.forked import ROOT, fork_server


class Process:
    """A process, running or ended."""

    def __init__(self, server: socket.socket, log: Path | None = None) -> None:
        self.log = log
        self._server = server
        self._end = asyncio.ensure_future(self._ended())

    @property
    def returncode(self) -> int | None:
        """Its exit code, or minus the number of the signal that killed it; None while it runs."""
        return self._end.result() if self._end.done() else None

    async def wait(self) -> int:
        """Wait for its end; return its exit code."""
        return await asyncio.shield(self._end)

    async def ended(self) -> int:
        """Wait for a process that ends by itself; return its exit code, raise after the deadline."""
        async with asyncio.timeout(DEADLINE_SECONDS):
            return await self.wait()

    def output(self) -> str:
        """Return its output so far; empty without a log."""
        return "" if self.log is None else self.log.read_text()

    def send_signal(self, number: signal.Signals) -> None:
        """Send a signal; do nothing if the process has ended."""
        with suppress(OSError):
            self._server.sendall(bytes([number]))

    async def killed(self) -> None:
        """Kill it, and wait for its end."""
        self.send_signal(signal.SIGKILL)
        await self.wait()

    async def stopped(self) -> int:
        """Stop it gracefully, also if it is suspended; return its exit code."""
        self.send_signal(signal.SIGCONT)
        self.send_signal(signal.SIGTERM)
        return await self.wait()

    async def _ended(self) -> int:
        with self._server:
            return int(await asyncio.get_running_loop().sock_recv(self._server, 16) or b"-9")


async def started(module: str, environment: Mapping[str, str], log: Path | None = None) -> Process:
    """Start a module like `python -m`, with this environment; its output is appended to the log, if any."""
    path = await asyncio.to_thread(fork_server)
    server = socket.socket(socket.AF_UNIX)
    server.connect(path)
    request = {
        "module": module,
        "arguments": list[str](),
        "environment": dict(environment),
        "folder": str(ROOT),
    }
    output = os.open(log or os.devnull, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    nothing = os.open(os.devnull, os.O_RDONLY)
    try:
        socket.send_fds(server, [marshal.dumps(request)], [nothing, output, output])
    finally:
        os.close(output)
        os.close(nothing)
    server.setblocking(False)  # noqa: FBT003 - the standard library's signature
    return Process(server, log)


@asynccontextmanager
async def killable(
    module: str, environment: Mapping[str, str], log: Path | None = None
) -> AsyncGenerator[Process]:
    """Run a module, and kill it at the end of the block; raise if it ended by itself."""
    process = await started(module, environment, log)
    try:
        yield process
        assert process.returncode in {None, -signal.SIGKILL}, process.output()
    finally:
        await process.killed()
