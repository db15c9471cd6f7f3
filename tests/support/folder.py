"""The folder of a run's servers: in memory if it fits, deleted after the run."""

import fcntl
import shutil
import tempfile
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path

MEMORY = Path("/dev/shm")  # noqa: S108 - mkdtemp chooses the name
ROOM_BYTES = 4 * 1024**3
"""The free memory that is required: four workers use some hundred megabytes each."""
PREFIX = "adrelay-tests-"
OWNER = "owner"


@contextmanager
def temporary_folder() -> Generator[Path]:
    """Yield an empty folder that other accounts can read; delete it, and those of killed runs."""
    parent = _roomiest()
    for left in parent.glob(f"{PREFIX}*"):
        _delete_if_left(left)
    folder = Path(tempfile.mkdtemp(prefix=PREFIX, dir=parent))
    with (folder / "owner.new").open("w") as owner:
        fcntl.flock(owner, fcntl.LOCK_EX)
        (folder / "owner.new").rename(folder / OWNER)
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)


def _roomiest() -> Path:
    with suppress(OSError):
        if shutil.disk_usage(MEMORY).free >= ROOM_BYTES:
            return MEMORY
    return Path(tempfile.gettempdir())


def _delete_if_left(folder: Path) -> None:
    """Delete the folder of a run that has ended; a running one holds the lock."""
    with suppress(OSError), (folder / OWNER).open() as owner:
        fcntl.flock(owner, fcntl.LOCK_EX | fcntl.LOCK_NB)
        shutil.rmtree(folder, ignore_errors=True)
