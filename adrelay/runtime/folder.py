"""The files in a server's data folder: its lock, its port, its password, its log."""

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
"""How many bytes of a log's end are searched for the reason of a failure."""
POLL_SECONDS = 0.05


class FolderLock:
    """The lock that makes a folder one running server's.

    The server and its own children inherit the lock: it is free again after the last of them has ended, even
    if all of them and this process were killed. (NATS by itself would allow two servers to write to one
    folder.)
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._descriptor: int | None = None

    @property
    def descriptor(self) -> int:
        """Return the open lock file, which the server inherits."""
        if self._descriptor is None:
            raise RuntimeError("the lock is not held")
        return self._descriptor

    async def acquire(self, timeout_seconds: float, *, if_held: str) -> None:
        """Lock the folder, waiting up to ``timeout_seconds`` for an owner that is ending.

        Raises `RuntimeFault` with the text ``if_held``, in which ``{folder}`` and ``{pid}`` are replaced.
        """
        descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            await self._until_locked(descriptor, timeout_seconds, if_held)
        except BaseException:
            os.close(descriptor)
            raise
        self._descriptor = descriptor

    def note(self, pid: int) -> None:
        """Store the owner's process id, for processes that find the folder locked."""
        os.ftruncate(self.descriptor, 0)
        os.pwrite(self.descriptor, str(pid).encode(), 0)

    def release(self) -> None:
        """Close the lock; a server that has inherited it keeps it until its end."""
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
    """Return the stored port, if any."""
    with suppress(FileNotFoundError, ValueError):
        return int(path.read_text())
    return None


def remembered_password(path: Path) -> str:
    """Return the password in the file, which only its owner may read; it is generated at first."""
    return remembered_secret(path, lambda: secrets.token_urlsafe(24))


def remembered_secret(path: Path, make: Callable[[], str]) -> str:
    """Return the secret in the file, which only its owner may read; it is made at first."""
    with suppress(FileNotFoundError):
        return path.read_text()
    fresh = path.with_suffix(".new")
    fresh.unlink(missing_ok=True)
    write_private(fresh, make())
    fresh.replace(path)
    return path.read_text()


def write_private(path: Path, text: str) -> None:
    """Write a file that nobody else can open at any moment."""
    path.unlink(missing_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(text)


class LogFile:
    """A program's log; a file that has become too long is renamed at the next start.

    ``own`` returns the files that the program writes, and rotates, itself. Its output may be in the same
    file: after a rotation it is in the new one.
    """

    def __init__(self, path: Path, own: Callable[[], Sequence[Path]] = tuple) -> None:
        self.path = path
        self._own = own
        self._before: dict[int, int] = {}
        """The length of each file before this start, by inode, for files are renamed."""

    def open(self) -> int:
        """Return a descriptor to append to; the lines from here on are this start's."""
        if self.path.exists() and self.path.stat().st_size > LOG_BYTES_KEPT:
            self.path.replace(self.path.with_name(f"{self.path.name}.1"))
        self._before = {}
        for path in (self.path, *self._own()):
            with suppress(OSError):
                found = path.stat()
                self._before[found.st_ino] = found.st_size
        return os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)

    def complaint(self) -> str:
        """Return the line of this start with the most likely reason of its failure."""
        lines: list[str] = []
        read = 0
        for path in (self.path, *self._own()):
            with suppress(OSError):
                lines += self._lines(path)
                read += 1
        return complaint(lines) if read else "it left no log"

    def _lines(self, path: Path) -> list[str]:
        """Return the last lines of a file since this start."""
        with path.open("rb") as file:
            found = os.fstat(file.fileno())
            file.seek(max(self._before.get(found.st_ino, 0), found.st_size - COMPLAINT_BYTES))
            return file.read(COMPLAINT_BYTES).decode(errors="replace").splitlines()
