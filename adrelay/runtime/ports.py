"""Finds free ports on loopback outside the range of outgoing connections."""

import random
import socket
from pathlib import Path

from adrelay.runtime.faults import RuntimeFault

LOOPBACK = "127.0.0.1"
LOWEST = 12_000
EPHEMERAL_RANGE = Path("/proc/sys/net/ipv4/ip_local_port_range")


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
    """Return a port that is free now and stays so while its server restarts.

    Ports that the kernel assigns to outgoing connections are avoided: a client that reconnects to a dead
    server on such a port can be assigned that very port and connect to itself.
    """
    for _ in range(200):
        port = random.randrange(LOWEST, _end_of_range())
        if is_free(port):
            return port
    raise RuntimeFault(f"no free port was found on {LOOPBACK} between {LOWEST} and {_end_of_range()}")


def _end_of_range() -> int:
    try:
        lowest_ephemeral = int(EPHEMERAL_RANGE.read_text().split()[0])
    except (OSError, ValueError, IndexError):
        lowest_ephemeral = 32_768
    return lowest_ephemeral if lowest_ephemeral > LOWEST + 1000 else 32_768
