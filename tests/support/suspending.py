"""Suspends processes for a while."""

import os
import signal
from contextlib import suppress
from pathlib import Path

from tests.support.waiting import until


async def suspend(pid: int) -> None:
    """Stop a process with `SIGSTOP`; return when none of its threads runs.

    The signal alone is not enough: its threads run until each of them has noticed it.
    """
    os.kill(pid, signal.SIGSTOP)

    async def stopped() -> bool:
        return states(pid) <= {"T", "Z"}

    await until(stopped, why=f"all threads of {pid} to stop")


def states(pid: int) -> set[str]:
    """Return the states of a process's threads, as letters of proc(5)."""
    found: set[str] = set()
    for thread in Path(f"/proc/{pid}/task").glob("*/stat"):
        with suppress(FileNotFoundError, ProcessLookupError):  # it has just ended
            found.add(thread.read_text().rpartition(")")[2].split()[0])
    return found
