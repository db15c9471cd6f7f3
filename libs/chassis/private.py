"""A process that holds secrets keeps them to itself."""

import ctypes
import os
import resource
import sys

_PR_SET_DUMPABLE = 4


def keep_private() -> None:
    """Make new files readable by their owner alone, and let no core dump of this process be written.

    The limit is inherited by children. What Linux is told beside it ends with `exec`; it also keeps dumps
    from handlers that ignore the limit, and `/proc/<pid>/environ` from other processes of the same user.
    """
    os.umask(0o077)
    _, highest = resource.getrlimit(resource.RLIMIT_CORE)
    resource.setrlimit(resource.RLIMIT_CORE, (0, highest))
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)
