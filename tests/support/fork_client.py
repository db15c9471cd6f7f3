"""Runs one command in the fork server, as if it ran here: `fork_client.py <socket> [argument ...]`.

With `-m <module>` before the arguments it runs that module, as an interpreter does, else `adrelay`. It
starts in some 20 ms, since it imports as little as possible.
"""

import marshal
import os
import signal
import socket
import sys

FORWARDED = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def run(path: str, arguments: list[str]) -> int:
    """Return the command's exit code, or minus the number of the signal that killed it."""
    module = ""
    if arguments[:1] == ["-m"]:
        _, module, *arguments = arguments
    with socket.socket(socket.AF_UNIX) as server:
        server.connect(path)
        signal.pthread_sigmask(signal.SIG_BLOCK, FORWARDED)  # none may be sent before the request
        for number in FORWARDED:
            signal.signal(number, lambda number, _: server.sendall(bytes([number])))
        request = {
            "module": module,
            "arguments": arguments,
            "environment": dict(os.environ),
            "folder": os.getcwd(),  # noqa: PTH109 - pathlib takes longer to import than all else
            "pid": os.getpid(),
        }
        socket.send_fds(server, [marshal.dumps(request)], [0, 1, 2])
        signal.pthread_sigmask(signal.SIG_UNBLOCK, FORWARDED)
        return int(server.recv(16) or b"-9")


if __name__ == "__main__":
    ended = run(sys.argv[1], sys.argv[2:])
    if ended < 0:
        if -ended != signal.SIGKILL:
            signal.signal(-ended, signal.SIG_DFL)
        os.kill(os.getpid(), -ended)
    sys.exit(ended)
