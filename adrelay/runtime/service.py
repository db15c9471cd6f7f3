"""A service process for the supervisor: a command, its output, its health pages."""

import asyncio
import os
import signal
from collections import deque
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from adrelay.runtime.child import Child, Launch
from adrelay.runtime.complaint import complaint
from adrelay.runtime.faults import RuntimeFault
from adrelay.runtime.folder import LogFile
from adrelay.runtime.health import is_ready

CHUNK_BYTES = 64 * 1024
LONGEST_LINE_BYTES = 1024 * 1024
DRAIN_SECONDS = 1.0
LINES_KEPT = 100


class Service:
    """A command that runs as a child.

    ``env`` is its whole environment, by default this process's. Output goes to the file ``log``, line by
    line to ``on_line``, to both, or nowhere. It is ready when all of ``health_urls`` answer 200, or, without
    any, while it runs. With ``reports_pid`` the answers must contain its process id: another process on its
    port does not count.
    """

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        *,
        env: Mapping[str, str] | None = None,
        folder: Path | None = None,
        health_urls: Sequence[str] = (),
        reports_pid: bool = False,
        log: Path | None = None,
        on_line: Callable[[str], None] | None = None,
    ) -> None:
        self.name = name
        self._command = tuple(command)
        self._env = dict(os.environ if env is None else env)
        self._folder = folder
        self._health_urls = tuple(health_urls)
        self._reports_pid = reports_pid
        self._log = LogFile(log) if log else None
        self._on_line = on_line
        self._last_lines: deque[str] = deque(maxlen=LINES_KEPT)
        self._child: Child | None = None
        self._pump: asyncio.Task[None] | None = None

    def __repr__(self) -> str:
        return f"Service({self.name!r})"  # the environment contains secrets

    @property
    def pid(self) -> int | None:
        """Return the process id while it runs."""
        return self._child.pid if self._child and self._child.alive else None

    async def start(self) -> None:
        """Start the process; `ready` and `wait` show its state."""
        if self.pid is not None:
            return
        self._last_lines.clear()
        output = self._log_descriptor()
        try:
            self._child = await Child.spawn(
                Launch(
                    self._command,
                    asyncio.subprocess.PIPE if self._on_line else output,
                    env=self._env,
                    folder=self._folder,
                )
            )
            if self._on_line and self._child.output:
                self._pump = asyncio.create_task(self._pass_on(self._child.output, os.dup(output)))
        except OSError as error:
            raise RuntimeFault(f"{self.name}: can't be started: {error.strerror}") from error
        finally:
            os.close(output)

    async def ready(self) -> bool:
        """Return whether it runs and is ready by its health pages, if it has any."""
        if self.pid is None:
            return False
        pid = self.pid if self._reports_pid else None
        return all(await asyncio.gather(*(is_ready(url, pid=pid) for url in self._health_urls)))

    async def wait(self) -> int:
        """Return the exit code once it has ended and all its output is processed."""
        if self._child is None:
            raise RuntimeFault(f"{self.name}: has not been started yet")
        code = await self._child.wait()
        if self._pump is not None:  # its own children may keep the pipe open for ever
            _, late = await asyncio.wait([self._pump], timeout=DRAIN_SECONDS)
            for pump in late:
                pump.cancel()
        return code

    async def stop(self, deadline_seconds: float) -> bool:
        """Terminate it, with SIGKILL after the deadline; return whether it ended by itself."""
        if self._child is None:
            return True
        gently = await self._child.stop(signal.SIGTERM, deadline_seconds)
        await self.wait()
        return gently

    def last_words(self) -> str:
        """Return the output line with the most likely reason of its failure."""
        if self._last_lines:
            return complaint(self._last_lines)
        return self._log.complaint() if self._log else ""

    def _log_descriptor(self) -> int:
        if self._log is None:
            return os.open(os.devnull, os.O_WRONLY | os.O_CLOEXEC)
        try:
            self._log.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            return self._log.open()
        except OSError as error:
            raise RuntimeFault(f"{self.name}: can't write {self._log.path}: {error.strerror}") from error

    async def _pass_on(self, output: asyncio.StreamReader, copy: int) -> None:
        with os.fdopen(copy, "wb", buffering=0) as file:
            async for line in _lines(output):
                file.write(line + b"\n")
                text = line.decode(errors="replace").rstrip()
                if text:
                    self._last_lines.append(text)
                if self._on_line:
                    self._on_line(text)


async def _lines(output: asyncio.StreamReader) -> AsyncGenerator[bytes]:
    """Yield lines; one that is too long is yielded in pieces, where `readline` would fail."""
    rest = b""
    with suppress(ConnectionError):
        while chunk := await output.read(CHUNK_BYTES):
            *lines, rest = (rest + chunk).split(b"\n")
            for line in lines:
                yield line
            if len(rest) > LONGEST_LINE_BYTES:
                yield rest
                rest = b""
    if rest:
        yield rest
