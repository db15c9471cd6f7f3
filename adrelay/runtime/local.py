"""The folder of a local run: claimed by one at a time, and what it keeps of its settings."""

import os
import stat
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

from adrelay.runtime.faults import RuntimeFault
from adrelay.runtime.folder import FolderLock, write_private
from adrelay.runtime.ports import LOOPBACK, is_free

DEFAULT_FOLDER = Path(".adrelay")
GATEWAY_PORT = 8080
SETTINGS = "settings.env"
"""In the folder of a kept demo: all that its services were told."""
SERVERS = frozenset({"ADRELAY_POSTGRES_URL", "ADRELAY_NATS_URL"})
_HELD = (
    "{folder} is in use by another `adrelay up` or `adrelay demo` (pid {pid}): "
    "stop that one, or take another folder with --folder"
)
_OTHERS = stat.S_IRGRP | stat.S_IWGRP | stat.S_IROTH | stat.S_IWOTH
"""Without passing through, which PostgreSQL's own account needs where we are root."""


@asynccontextmanager
async def claimed(folder: Path) -> AsyncGenerator[None]:
    """Make the folder, for its owner alone, and hold it; raise `RuntimeFault` if another run holds it."""
    lock = FolderLock(folder / "lock")
    try:
        _make(folder)
        await lock.acquire(0, if_held=_HELD)
        lock.note(os.getpid())
    except OSError as error:
        raise RuntimeFault(f"{folder} can't be used: {error.strerror}") from error
    try:
        yield
    finally:
        lock.release()


def _make(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)


def open_to_others(path: Path) -> bool:
    """Say whether other accounts may look into a file or folder; not if it does not exist."""
    try:
        return bool(path.stat().st_mode & _OTHERS)
    except OSError:
        return False


def keep_settings(folder: Path, settings: Mapping[str, str]) -> None:
    """Write down the services' settings, secrets included, for a later `adrelay up` of this folder.

    Without the folder's own servers: they may have other ports then.
    """
    kept = {name: value for name, value in settings.items() if name not in SERVERS}
    write_private(folder / SETTINGS, "".join(f"{name}={_quoted(value)}\n" for name, value in kept.items()))


def _quoted(value: str) -> str:
    return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"


def require_free(port: int, set_by: str) -> None:
    """Raise `RuntimeFault` if something listens on a port that was chosen by the operator."""
    if not is_free(port):
        raise RuntimeFault(
            f"port {port} on {LOOPBACK} is in use by another program, perhaps another `adrelay up`: "
            f"end that one, or choose another port with {set_by}"
        )
