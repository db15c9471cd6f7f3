"""The open connections of an HTTP server, and how many there may be."""

import resource
from collections import Counter as Tally
from dataclasses import dataclass, field
from typing import Protocol

import structlog
from prometheus_client import Counter, Gauge

from libs.chassis.networks import Networks, caller_address, is_this_machine

log = structlog.stdlib.get_logger()

_OTHER_FILES = 256
"""How many files a process needs besides its clients' connections: databases, NATS, logs."""

_OPEN = Gauge("adrelay_http_connections", "Open connections of clients.")
CLOSED = Counter(
    "adrelay_http_connections_closed_total",
    "Connections that the server ended for a limit, by the limit.",
    ["limit"],
)


@dataclass(frozen=True)
class ConnectionLimits:
    """The limits of connections. Durations are in seconds."""

    most: int = 2000
    most_per_address: int = 200
    unlimited: Networks = field(default_factory=Networks)
    """The networks whose addresses have any number of connections, as proxies do."""
    header_seconds: float = 10.0
    """How long the headers of a request may take to arrive, and the rest of a body that was answered."""
    idle_seconds: int = 75
    """How long a connection stays open without a request; longer than a proxy's, lest both act at once."""
    unread_seconds: float = 30.0
    """How long a client may leave a full buffer unread."""
    header_bytes: int = 32 * 1024
    headers: int = 100
    pipelined: int = 16
    """How many further requests may wait behind the one that is being answered."""


class Connection(Protocol):
    """A connection, as `Connections` sees it."""

    host: str

    def evict(self) -> None:
        """Close the connection, on which no request is in progress."""
        ...


class Connections:
    """The open connections of one server.

    At the limit, a further one takes the place of that which has been without a request for longest: silent
    connections give way. Addresses of this machine are a proxy's or the operator's, and not limited.
    """

    def __init__(self, limits: ConnectionLimits) -> None:
        self.limits = limits
        self._most = open_files(limits.most)
        self._open: set[Connection] = set()
        self._of_address: Tally[str] = Tally()
        self._waiting: dict[Connection, None] = {}
        """The connections without a request in progress; the longest waiting first."""

    def __len__(self) -> int:
        return len(self._open)

    def enter(self, connection: Connection) -> str | None:
        """Count an opened connection; return the limit that refuses it, or None."""
        limited = connection.host not in self.limits.unlimited and not is_this_machine(connection.host)
        address = caller_address(connection.host)
        if limited and self._of_address[address] >= self.limits.most_per_address:
            return "address"
        if len(self._open) >= self._most:
            if not self._waiting:
                return "process"
            CLOSED.labels("evicted").inc()
            next(iter(self._waiting)).evict()
        self._open.add(connection)
        self._of_address[address] += 1
        self._waiting[connection] = None
        _OPEN.inc()
        return None

    def leave(self, connection: Connection) -> None:
        """Forget a connection that is closed, or is being closed."""
        if connection not in self._open:
            return
        self._open.discard(connection)
        self._waiting.pop(connection, None)
        address = caller_address(connection.host)
        self._of_address[address] -= 1
        if not self._of_address[address]:
            del self._of_address[address]
        _OPEN.dec()

    def busy(self, connection: Connection) -> None:
        """Note that a request of this connection is in progress."""
        self._waiting.pop(connection, None)

    def idle(self, connection: Connection) -> None:
        """Note that no request of this connection is in progress."""
        if connection in self._open:
            self._waiting[connection] = None


def raise_open_files_limit() -> None:
    """Raise this process's limit of open files as far as it may, or to 10,240: several services share it."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != resource.RLIM_INFINITY:
        wanted = max(soft, 10_240) if hard == resource.RLIM_INFINITY else hard
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def open_files(most: int) -> int:
    """Raise this process's limit of open files for so many connections; return how many it permits."""
    needed = most + _OTHER_FILES
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != resource.RLIM_INFINITY and soft < needed:
        soft = needed if hard == resource.RLIM_INFINITY else min(needed, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    if soft == resource.RLIM_INFINITY or soft >= needed:
        return most
    permitted = max(1, soft - _OTHER_FILES)
    log.warning("http.connections_limited", connections=permitted, open_files=soft)
    return permitted
