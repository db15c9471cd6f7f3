"""Protects the files and the memory of a process that holds secrets."""

import ctypes
import os
import resource
import sys

_PR_SET_DUMPABLE = 4


def keep_private() -> None:
    """Make new files readable by their owner alone, and prevent core dumps of this process.

    Children inherit the limit. The Linux flag set besides it ends with `exec`; it also prevents dumps by
    handlers that ignore the limit, and reading `/proc/<pid>/environ` by other processes of the same user.
    """
    os.umask(0o077)
    _, highest = resource.getrlimit(resource.RLIMIT_CORE)
    resource.setrlimit(resource.RLIMIT_CORE, (0, highest))
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)
