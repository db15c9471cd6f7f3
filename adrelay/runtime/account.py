"""The unprivileged account that PostgreSQL needs if this process is root, and its access to files."""

import os
import pwd
import stat
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from adrelay.runtime.faults import RuntimeFault

CANDIDATES = ("adrelay", "postgres", "nobody")
SEARCH = stat.S_IXOTH
READ = stat.S_IROTH


@dataclass(frozen=True)
class Account:
    """A system account that runs a server."""

    name: str
    uid: int
    gid: int


def unprivileged_account(owned: Path) -> Account | None:
    """Return the account for PostgreSQL, which refuses root; ``None`` if this process is not root.

    A folder with an unprivileged owner keeps it, so that a restart can read its files.
    """
    if os.geteuid() != 0:
        return None
    try:
        if owned.exists() and (uid := owned.stat().st_uid) != 0:
            return _account(pwd.getpwuid(uid))
        return _account(next(_existing(CANDIDATES)))
    except (KeyError, StopIteration):
        raise RuntimeFault(
            "postgres: refuses to run as root, and no account was found to run it under; "
            "make one (useradd --system adrelay) or start as a normal user"
        ) from None


def let_reach(path: Path) -> None:
    """Allow other accounts to traverse the folders above ``path``, but not to list them."""
    for folder in path.resolve().parents:
        _grant(folder, SEARCH)


def let_read(tree: Path) -> None:
    """Allow other accounts to read and run a tree of programs that was installed for root only."""
    if tree.stat().st_mode & SEARCH:
        return
    for path in (tree, *tree.rglob("*")):
        if path.is_symlink():
            continue
        runnable = path.is_dir() or path.stat().st_mode & stat.S_IXUSR
        _grant(path, READ | SEARCH if runnable else READ)


def _grant(path: Path, bits: int) -> None:
    mode = path.stat().st_mode
    if mode & bits != bits:
        path.chmod(stat.S_IMODE(mode) | bits)


def _existing(names: Iterable[str]) -> Iterator[pwd.struct_passwd]:
    for name in names:
        try:
            yield pwd.getpwnam(name)
        except KeyError:
            continue


def _account(entry: pwd.struct_passwd) -> Account:
    return Account(entry.pw_name, entry.pw_uid, entry.pw_gid)
