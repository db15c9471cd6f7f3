"""A server's data folder: its lock, its port, its password, its log."""

import asyncio
import fcntl
import os
import secrets
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

from adrelay.runtime.complaint import complaint
from adrelay.runtime.faults import RuntimeFault

LOG_BYTES_KEPT = 16 * 1024 * 1024
COMPLAINT_BYTES = 256 * 1024
"""So much of a log's end is searched for what went wrong."""
POLL_SECONDS = 0.05


class FolderLock:
    """Says that a folder belongs to one running server.

    The server inherits the lock, and so do its own children: it is free again when the last of them is gone,
    even if all of them and we were killed. (NATS itself would let two servers write to one folder.)
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._descriptor: int | None = None

    @property
    def descriptor(self) -> int:
        """Return the open file to hand down to the server."""
        if self._descriptor is None:
            raise RuntimeError("the lock is not held")
        return self._descriptor

    async def acquire(self, timeout_seconds: float, *, if_held: str) -> None:
        """Lock the folder; wait for a process that is just ending, at most ``timeout_seconds`` to do so.

        Raises `RuntimeFault` with the text ``if_held``, in which ``{folder}`` and ``{pid}`` may stand.
        """
        descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            await self._until_locked(descriptor, timeout_seconds, if_held)
        except BaseException:
            os.close(descriptor)
            raise
        self._descriptor = descriptor

    def note(self, pid: int) -> None:
        """Write down which process has it, for the one who finds the folder taken."""
        os.ftruncate(self.descriptor, 0)
        os.pwrite(self.descriptor, str(pid).encode(), 0)

    def release(self) -> None:
        """Let go; what the server inherited stays until it ends."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    async def _until_locked(self, descriptor: int, timeout_seconds: float, if_held: str) -> None:
        give_up = time.monotonic() + timeout_seconds
        while not _locked(descriptor):
            if time.monotonic() > give_up:
                holder = os.pread(descriptor, 32, 0).decode() or "unknown"
                raise RuntimeFault(if_held.format(folder=self._path.parent, pid=holder))
            await asyncio.sleep(POLL_SECONDS)


def _locked(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def remembered_port(path: Path) -> int | None:
    """Return the port that was written down, if any."""
    with suppress(FileNotFoundError, ValueError):
        return int(path.read_text())
    return None


def remembered_password(path: Path) -> str:
    """Return the password in the file, which only its owner may read; the first time it is drawn."""
    with suppress(FileNotFoundError):
        return path.read_text()
    fresh = path.with_suffix(".new")
    fresh.unlink(missing_ok=True)
    write_private(fresh, secrets.token_urlsafe(24))
    fresh.replace(path)
    return path.read_text()


def write_private(path: Path, text: str) -> None:
    """Write a file that nobody else could ever open, not even while it is being made."""
    path.unlink(missing_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(text)


class LogFile:
    """What a program prints; one that has become long is set aside at the next start.

    ``own`` returns the files that the program writes, and rotates, itself. It may be the same file: a
    program that has rotated it prints into the new one.
    """

    def __init__(self, path: Path, own: Callable[[], Sequence[Path]] = tuple) -> None:
        self.path = path
        self._own = own
        self._before: dict[int, int] = {}
        """How long each file was before this start, by its inode, for files are renamed."""

    def open(self) -> int:
        """Return a descriptor to append to; what follows belongs to this start."""
        if self.path.exists() and self.path.stat().st_size > LOG_BYTES_KEPT:
            self.path.replace(self.path.with_name(f"{self.path.name}.1"))
        self._before = {}
        for path in (self.path, *self._own()):
            with suppress(OSError):
                found = path.stat()
                self._before[found.st_ino] = found.st_size
        return os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)

    def complaint(self) -> str:
        """Return the line of this start that most likely says what went wrong."""
        lines: list[str] = []
        read = 0
        for path in (self.path, *self._own()):
            with suppress(OSError):
                lines += self._lines(path)
                read += 1
        return complaint(lines) if read else "it left no log"

    def _lines(self, path: Path) -> list[str]:
        """Return the last lines that came to a file since this start."""
        with path.open("rb") as file:
            found = os.fstat(file.fileno())
            file.seek(max(self._before.get(found.st_ino, 0), found.st_size - COMPLAINT_BYTES))
            return file.read(COMPLAINT_BYTES).decode(errors="replace").splitlines()
