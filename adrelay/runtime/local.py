"""The folder of a local run: locked by one run at a time, with its stored settings."""

import os
import re
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
"""The file in a kept demo's folder with all settings of its services."""
SERVERS = frozenset({"ADRELAY_POSTGRES_URL", "ADRELAY_NATS_URL"})
_OWN = re.compile(r"ADRELAY_[A-Z]+_(NATS|POSTGRES)_URL")
"""The variables of servers that hold the user of one service."""
_HELD = (
    "{folder} is in use by another `adrelay up` or `adrelay demo` (pid {pid}): "
    "stop that one, or take another folder with --folder"
)
_OTHERS = stat.S_IRGRP | stat.S_IWGRP | stat.S_IROTH | stat.S_IWOTH
"""Without execute bits: PostgreSQL's account has to traverse the folder if this process is root."""


@asynccontextmanager
async def claimed(folder: Path) -> AsyncGenerator[None]:
    """Create the folder, for its owner alone, and lock it; raise `RuntimeFault` if another run has it."""
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
    """Return whether other accounts can access a file or folder; false if it does not exist."""
    try:
        return bool(path.stat().st_mode & _OTHERS)
    except OSError:
        return False


def keep_settings(folder: Path, settings: Mapping[str, str]) -> None:
    """Store the services' settings, with secrets, for a later `adrelay up` of this folder.

    The folder's own servers are left out: they may have other ports then.
    """
    kept = {
        name: value for name, value in settings.items() if name not in SERVERS and not _OWN.fullmatch(name)
    }
    write_private(folder / SETTINGS, "".join(f"{name}={_quoted(value)}\n" for name, value in kept.items()))


def _quoted(value: str) -> str:
    return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"


def require_free(port: int, set_by: str) -> None:
    """Raise `RuntimeFault` if a port that the operator chose is taken."""
    if not is_free(port):
        raise RuntimeFault(
            f"port {port} on {LOOPBACK} is in use by another program, perhaps another `adrelay up`: "
            f"end that one, or choose another port with {set_by}"
        )
