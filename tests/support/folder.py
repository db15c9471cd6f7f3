"""The folder of a run's servers: in memory where there is room, and gone with the run."""

import fcntl
import shutil
import tempfile
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path

MEMORY = Path("/dev/shm")  # noqa: S108 - what is made there has a name of its own, from mkdtemp
ROOM_BYTES = 4 * 1024**3
"""What has to be free there: four workers take some hundred megabytes each."""
PREFIX = "adrelay-tests-"
OWNER = "owner"


@contextmanager
def temporary_folder() -> Generator[Path]:
    """Yield an empty folder that other accounts may reach; delete it, and those that killed runs left."""
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
    """Delete a run's folder unless the run is alive, for then it holds the lock."""
    with suppress(OSError), (folder / OWNER).open() as owner:
        fcntl.flock(owner, fcntl.LOCK_EX | fcntl.LOCK_NB)
        shutil.rmtree(folder, ignore_errors=True)
