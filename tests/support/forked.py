"""Commands as forks, without imports of their own: see `fork_server.py`."""

import asyncio
import atexit
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
CLIENT = Path(__file__).with_name("fork_client.py")
START_SECONDS = 90.0
_RUN = set[str]()
"""Groups of commands of which one has run with all imports."""
_SHARED = list[str]()
"""The socket of the run's fork server, if several workers share it."""


def environment(settings: Mapping[str, str]) -> dict[str, str]:
    """Return the environment with these settings of Adrelay only."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("ADRELAY_")}
    return {**inherited, "PYTHONPATH": str(ROOT), "PYTHONWARNINGS": "error", **settings}


async def command(*arguments: str) -> Sequence[str]:
    """Return the command that runs `adrelay`: with all imports once per group, else forked."""
    group = " ".join(arguments[:1])
    if group not in _RUN:
        _RUN.add(group)
        return [sys.executable, "-m", "adrelay", *arguments]
    return [*await fork(), *arguments]


async def fork() -> Sequence[str]:
    """Return the command that runs `adrelay` in a fork; arguments are appended."""
    return [sys.executable, "-I", "-S", str(CLIENT), await asyncio.to_thread(fork_server)]


def begin_fork_server() -> str:
    """Start a fork server, which ends with this process; return its socket, which may not exist yet."""
    path = f"{tempfile.mkdtemp(prefix='adrelay-forks-')}/socket"
    process = subprocess.Popen(  # noqa: S603 - our own module
        [sys.executable, "-m", "tests.support.fork_server", path],
        env=environment({}),
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
    )
    atexit.register(process.communicate)  # a killed process closes its end, too
    return path


def use_fork_server(path: str) -> None:
    """Use this fork server for the whole run."""
    _SHARED.append(path)


@cache
def fork_server() -> str:
    """Return the socket of the run's fork server, or of this process's own, once it listens."""
    path = _SHARED[0] if _SHARED else begin_fork_server()
    deadline = time.monotonic() + START_SECONDS
    while not _listens(path):
        assert time.monotonic() < deadline, "the fork server does not start"
        time.sleep(0.02)
    return path


def _listens(path: str) -> bool:
    with suppress(OSError), socket.socket(socket.AF_UNIX) as asking:
        asking.connect(path)
        return True
    return False
