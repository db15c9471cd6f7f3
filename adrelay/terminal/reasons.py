"""Error texts for failures of servers and files, without class names and libraries' texts."""

import socket
import ssl
from collections.abc import Iterator
from typing import cast

_STATES = {
    "28000": "it does not let this user in",
    "28P01": "it does not take this user and password",
    "3D000": "there is no such database",
    "42501": "this user may not do that there",
    "53100": "its disk is full",
    "53200": "it is out of memory",
    "53300": "it has no connection free",
    "55P03": "something else holds what is needed; try again",
    "57014": "it took too long",
    "57P01": "it is being stopped",
    "57P03": "it is starting or stopping; try again",
}
"""Texts by PostgreSQL's error code."""
_OSERRORS: tuple[tuple[type[OSError], str], ...] = (
    (ConnectionRefusedError, "nothing listens there"),
    (socket.gaierror, "no server has that name"),
    (TimeoutError, "it does not answer in time"),
    (ssl.SSLError, "no encrypted connection can be agreed on with it"),
    (ConnectionError, "it broke the connection off"),
)
_MOST_CAUSES = 20
_REFUSED = "it refuses that"
_NATS = {
    "authorization violation": "it does not take this user and password",
    "no servers": "nothing answers there",
    "timeout": "it does not answer in time",
    "no responders": "it has no JetStream, or that is starting",
    "closed": "the connection is closed",
    "maximum payload": "the message is too large for it",
    "may not publish": "this user may not do that there",
    "does not offer tls": "it does not offer TLS, which its URL demands",
}
"""Texts by a part of a NATS error's text."""


def words_for(error: BaseException) -> str | None:
    """Return a line for an error of a server or file, None for an internal error."""
    if _library(error) == "asyncpg":
        return f"the database broke off: {reason_of(error)}"
    if _of_nats(error):
        return f"the broker broke off: {reason_of(error)}"
    if isinstance(error, UnicodeError):
        return "a file or an argument holds bytes that are no text"
    if isinstance(error, OSError):
        name = f"{error.filename}: " if isinstance(error.filename, str) else ""
        return f"{name}{reason_of(error)}"
    return None


def reason_of(error: BaseException) -> str:
    """Return in a few words why a server, or a file, can't be used."""
    for one in _causes(error):
        reason = _reason(one)
        if reason is not None:
            return reason
    return "the connection ended"


def _reason(error: BaseException) -> str | None:
    if isinstance(error, OSError):
        known = next((reason for kind, reason in _OSERRORS if isinstance(error, kind)), None)
        return known or (error.strerror[:1].lower() + error.strerror[1:] if error.strerror else None)
    return _of_database(error) or _of_broker(error)


def _of_database(error: BaseException) -> str | None:
    if _library(error) != "asyncpg":
        return None
    state = getattr(error, "sqlstate", None)
    if not isinstance(state, str):  # of the client library: address or connection state
        return None if not isinstance(error, ValueError) else "its address is not understood"
    return _STATES.get(state) or _sentence(getattr(error, "message", None)) or _REFUSED


def _of_broker(error: BaseException) -> str | None:
    if not _of_nats(error):
        return None
    text = str(error).lower()
    return next((reason for part, reason in _NATS.items() if part in text), None)


def _sentence(message: object) -> str | None:
    """Return the first line of the database server's text, which names the refused object."""
    return message.strip().partition("\n")[0] if isinstance(message, str) else None


def _of_nats(error: BaseException) -> bool:
    """Return whether an error is of the NATS client, or of our class of that."""
    return any(kind.__module__.partition(".")[0] == "nats" for kind in type(error).__mro__)


def _library(error: BaseException) -> str:
    return type(error).__module__.partition(".")[0]


def _causes(error: BaseException) -> Iterator[BaseException]:
    """Yield an error's causes, the deepest first."""
    chain: list[BaseException] = []
    waiting: list[BaseException] = [error]
    while waiting and len(chain) < _MOST_CAUSES:
        one = waiting.pop(0)
        if one in chain:
            continue
        chain.append(one)
        waiting += [cause for cause in (one.__cause__, one.__context__) if cause is not None]
        if isinstance(one, BaseExceptionGroup):
            waiting += cast("tuple[BaseException, ...]", one.exceptions)
    return reversed(chain)
