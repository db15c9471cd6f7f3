"""Executes a command that dies with its parent: ``tether.py SIGNAL PARENT UID GID COMMAND…``.

It is run as a script and imports nothing of this project, so that it starts fast. A plain ``preexec_fn``
would run Python between fork and exec, which is not safe if the parent has threads.
"""

import ctypes
import os
import resource
import sys

PR_SET_PDEATHSIG = 1
KEEP = "-"


def drop_privileges(uid: int, gid: int) -> None:
    """Drop root for good: groups first, because afterwards that is no longer allowed."""
    os.setgroups([gid])
    os.setgid(gid)
    os.setuid(uid)


def keep_private() -> None:
    """Make its files readable by their owner alone, and prevent core dumps."""
    os.umask(0o077)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def die_with_parent(death_signal: int, parent: int) -> None:
    """Make the kernel send ``death_signal`` when the parent's thread ends, however it ends.

    Call it after any change of user, which clears the setting. Only Linux has it; elsewhere an orphan has to
    be ended by hand after its parent was killed.
    """
    if sys.platform == "linux" and ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, death_signal):
        raise OSError(ctypes.get_errno(), "prctl failed")
    if os.getppid() != parent:  # the parent died before the setting was made
        sys.exit(1)


def main() -> None:
    """Execute the command; on failure print the reason in one line."""
    death_signal, parent, uid, gid, *command = sys.argv[1:]
    try:
        if uid != KEEP:
            drop_privileges(int(uid), int(gid))
        keep_private()
        die_with_parent(int(death_signal), int(parent))
        os.execvp(command[0], command)  # noqa: S606 - the very purpose, and there is no shell
    except OSError as error:
        sys.exit(f"FATAL: can't start {command[0]}: {error.strerror}")


if __name__ == "__main__":
    main()
