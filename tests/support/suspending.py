"""Processes that are stopped for a while."""

import os
import signal
from pathlib import Path

from tests.support.waiting import until


async def suspend(pid: int) -> None:
    """Stop a process with `SIGSTOP`, and return when none of its threads runs any more.

    The signal alone is not enough: its threads go on until each of them has noticed it.
    """
    os.kill(pid, signal.SIGSTOP)

    async def stopped() -> bool:
        return states(pid) <= {"T", "Z"}

    await until(stopped, why=f"all threads of {pid} to stop")


def states(pid: int) -> set[str]:
    """Return the letters of proc(5) for the states of a process's threads."""
    threads = Path(f"/proc/{pid}/task").glob("*/stat")
    return {thread.read_text().rpartition(")")[2].split()[0] for thread in threads}
