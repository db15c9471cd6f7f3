"""A child process that ends with this one, even if this one is killed."""

import asyncio
import os
import signal
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from adrelay.runtime import tether
from adrelay.runtime.account import Account

ANSWER_BYTES = 1024 * 1024
"""The longest line that a child may answer."""


@dataclass(frozen=True)
class Launch:
    """The arguments of a child. ``output`` is a descriptor, or ``asyncio.subprocess.PIPE``.

    It has no input, and its errors are part of its output, unless it ``answers``: then it answers lines
    with lines, and its errors are this process's.
    """

    command: Sequence[str]
    output: int
    death_signal: signal.Signals = signal.SIGTERM
    env: Mapping[str, str] | None = None
    folder: Path | None = None
    account: Account | None = None
    inherits: Sequence[int] = ()
    answers: bool = False


class Child:
    """A child in a session of its own: Ctrl-C does not reach it, so that it can be stopped in order.

    It is tied to the *thread* that starts it: start children from the main thread's event loop.
    """

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    @classmethod
    async def spawn(cls, launch: Launch) -> Self:
        """Start the process; if its command can't be executed, it ends at once."""
        account = launch.account
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-I",
            "-S",
            tether.__file__,
            str(int(launch.death_signal)),
            str(os.getpid()),
            str(account.uid) if account else tether.KEEP,
            str(account.gid) if account else tether.KEEP,
            *launch.command,
            stdin=asyncio.subprocess.PIPE if launch.answers else asyncio.subprocess.DEVNULL,
            stdout=launch.output,
            stderr=None if launch.answers else asyncio.subprocess.STDOUT,
            limit=ANSWER_BYTES,
            env=launch.env,
            cwd=launch.folder,
            start_new_session=True,
            pass_fds=launch.inherits,
        )
        return cls(process)

    @property
    def pid(self) -> int:
        """Return the process id, also after its end."""
        return self._process.pid

    @property
    def alive(self) -> bool:
        """Return whether it is running."""
        return self._process.returncode is None

    @property
    def output(self) -> asyncio.StreamReader | None:
        """Return its output, if it was started with a pipe."""
        return self._process.stdout

    async def request(self, line: bytes) -> bytes:
        """Send it a line, and return the line that it answers; without its end if the child ended instead.

        Raises `ValueError` for an answer of more than `ANSWER_BYTES`.
        """
        if self._process.stdin is None or self._process.stdout is None:
            raise RuntimeError("the child was not started to answer")
        with suppress(ConnectionError):
            self._process.stdin.write(line)
            await self._process.stdin.drain()
        return await self._process.stdout.readline()

    async def wait(self) -> int:
        """Return the exit code once it has ended; negative is the signal that ended it."""
        return await self._process.wait()

    def send(self, number: signal.Signals) -> None:
        """Send it a signal, if it is running.

        Not by ``Process.send_signal``, which may reap the process before asyncio's watcher does.
        """
        if self.alive:
            with suppress(ProcessLookupError):
                os.kill(self.pid, number)

    def kill(self) -> None:
        """Kill it at once, with its own children."""
        if self.alive:
            with suppress(ProcessLookupError):
                os.killpg(self.pid, signal.SIGKILL)

    async def stop(self, gently: signal.Signals, deadline_seconds: float) -> bool:
        """Terminate it; return whether it ended before the deadline without being killed."""
        self.send(gently)
        try:
            async with asyncio.timeout(deadline_seconds):
                await self.wait()
        except TimeoutError:
            self.kill()
            await self.wait()
            return False
        return True


_UNEXPLAINED = {0, -signal.SIGKILL, -signal.SIGTERM, -signal.SIGINT}
"""Exit codes for which the program's last output is no explanation."""


def explains_itself(code: int) -> bool:
    """Return whether a program with this exit code may have printed the reason."""
    return code not in _UNEXPLAINED


def how_it_ended(code: int) -> str:
    """Return an exit code as text."""
    if code >= 0:
        return f"exit code {code}"
    try:
        return f"killed by {signal.Signals(-code).name}"
    except ValueError:
        return f"killed by signal {-code}"
