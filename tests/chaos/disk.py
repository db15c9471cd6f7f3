"""A small disk in memory that can be filled, where mounting is allowed."""

import os
import subprocess
from contextlib import suppress
from pathlib import Path

_STEPS = (16 * 1024 * 1024, 1024 * 1024, 4096)


class CannotMount(Exception):
    """Mounting is not possible here; the message says why."""


class SmallDisk:
    """A tmpfs on a folder. Only root may mount one, and not in every container."""

    def __init__(self, folder: Path, size: int) -> None:
        self.folder = folder
        self._size = size
        self._filler = folder / "filler"

    def mount(self) -> None:
        """Mount the disk on the folder; raise `CannotMount` if that is not possible."""
        if os.geteuid() != 0:
            raise CannotMount("only root may mount a small disk")
        self.folder.mkdir(parents=True, exist_ok=True)
        options = f"size={self._size},mode=0711"
        command = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(self.folder)]
        try:
            done = subprocess.run(command, check=False, capture_output=True, text=True)  # noqa: S603 - ours
        except OSError as error:
            raise CannotMount(f"mounting a small disk failed: {error}") from error
        if done.returncode:
            raise CannotMount(f"mounting a small disk is not allowed: {done.stderr.strip()}")

    def unmount(self) -> None:
        """Unmount the disk with its content, as soon as nothing uses it any more."""
        subprocess.run(["umount", "--lazy", str(self.folder)], check=False)  # noqa: S603, S607 - ours

    def fill(self) -> int:
        """Fill the disk; return the number of bytes."""
        filled = 0
        with self._filler.open("wb") as file:
            for size in _STEPS:
                with suppress(OSError):
                    while True:
                        os.posix_fallocate(file.fileno(), filled, size)
                        filled += size
        return filled

    def free(self) -> None:
        """Free what `fill` filled."""
        self._filler.unlink(missing_ok=True)
