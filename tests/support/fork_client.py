"""Runs one command by the fork server, as if it ran here: `fork_client.py <socket> [argument ...]`.

With `-m <module>` before its arguments it runs that module, as an interpreter does, else `adrelay`. It
starts in some 20 ms, since it imports nothing that it could do without.
"""

import marshal
import os
import signal
import socket
import sys

FORWARDED = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def run(path: str, arguments: list[str]) -> int:
    """Return how the command ended: its exit code, or less the signal that it died of."""
    module = ""
    if arguments[:1] == ["-m"]:
        _, module, *arguments = arguments
    with socket.socket(socket.AF_UNIX) as server:
        server.connect(path)
        for number in FORWARDED:
            signal.signal(number, lambda number, _: server.sendall(bytes([number])))
        asked = {
            "module": module,
            "arguments": arguments,
            "environment": dict(os.environ),
            "folder": os.getcwd(),  # noqa: PTH109 - pathlib takes longer to import than all else
            "pid": os.getpid(),
        }
        socket.send_fds(server, [marshal.dumps(asked)], [0, 1, 2])
        return int(server.recv(16) or b"-9")


if __name__ == "__main__":
    ended = run(sys.argv[1], sys.argv[2:])
    if ended < 0:
        signal.signal(-ended, signal.SIG_DFL)
        os.kill(os.getpid(), -ended)
    sys.exit(ended)
