"""Finds free ports on loopback outside the range of outgoing connections."""

import atexit
import random
import socket
import sys
from collections import deque
from pathlib import Path

from adrelay.runtime.faults import RuntimeFault

LOOPBACK = "127.0.0.1"
LOWEST = 12_000
EPHEMERAL_RANGE = Path("/proc/sys/net/ipv4/ip_local_port_range")
RESERVED_AT_MOST = 256
"""Reservations of a process: the oldest ends when a later one is made."""


def is_free(port: int) -> bool:
    """Return whether a server could listen on this loopback port."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # connections in TIME_WAIT don't count
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
        return True


def free_port() -> int:
    """Return a port that is free now and stays so until its server listens, and while it restarts.

    It stays reserved as long as this process lives, or until it has asked for 256 more. Ports that the kernel
    assigns to outgoing connections are avoided: a client that reconnects to a dead server on such a port can
    be assigned that very port and connect to itself.
    """
    for _ in range(200):
        port = random.randrange(LOWEST, _end_of_range())
        if reserve(port):
            return port
    raise RuntimeFault(f"no free port was found on {LOOPBACK} between {LOWEST} and {_end_of_range()}")


def reserve(port: int) -> bool:
    """Reserve a port for a server that this process starts; return False if anybody uses or reserved it.

    On Linux a socket that is bound and does not listen keeps others from reserving the port, and lets a
    server with `SO_REUSEADDR` listen on it: the kernel compares the option of both when the second is bound.
    Elsewhere the second could not be bound, so nothing is reserved there.
    """
    reservation = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        reservation.bind((LOOPBACK, port))  # without the option: fails beside any other socket
    except OSError:
        reservation.close()
        return False
    if sys.platform != "linux":
        reservation.close()
        return True
    reservation.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    _reservations.append(reservation)
    if len(_reservations) > RESERVED_AT_MOST:
        _reservations.popleft().close()
    return True


_reservations: deque[socket.socket] = deque()


@atexit.register
def _release() -> None:
    while _reservations:
        _reservations.pop().close()


def _end_of_range() -> int:
    try:
        lowest_ephemeral = int(EPHEMERAL_RANGE.read_text().split()[0])
    except (OSError, ValueError, IndexError):
        lowest_ephemeral = 32_768
    return lowest_ephemeral if lowest_ephemeral > LOWEST + 1000 else 32_768
