"""Posts a signed message to a webhook's receiver, within limits of time and size."""

import asyncio
import ssl
import time
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from http import HTTPStatus

import httpcore

from services.gateway.hooks.network import CheckedNetwork, PrivateAddress, Resolve, UnknownHost

TIMEOUT_SECONDS = 10.0
"""How long a receiver may take for everything, from the look-up of its name to its answer."""
MOST_BODY_BYTES = 1024
"""How much of an answer's body is read."""
_MOST_HEADER = 100
_AGENT = b"Adrelay-Webhooks/1"


class Trouble(StrEnum):
    """Why a message was not taken."""

    TIMEOUT = "timeout"
    UNKNOWN_HOST = "unknown_host"
    PRIVATE_ADDRESS = "private_address"
    """The host has no public address."""
    CONNECTION_FAILED = "connection_failed"
    TLS_FAILED = "tls_failed"
    REDIRECTED = "redirected"
    """The receiver answered with another address, which is not followed."""
    STATUS = "status"
    """The receiver answered with a status other than 2xx."""
    MALFORMED_ANSWER = "malformed_answer"
    UNREADABLE_SECRET = "unreadable_secret"  # noqa: S105 - a reason
    """The stored secret can't be opened, because the gateway's pepper was changed: rotate it."""


@dataclass(frozen=True)
class Answer:
    """What came back for a message."""

    trouble: Trouble | None
    """None: the receiver took it."""
    status: int | None = None
    retry_after: str | None = None
    """The header of this name."""
    body: bytes = b""
    """The beginning of the body."""
    seconds: float = 0.0

    @property
    def gone(self) -> bool:
        """Whether the receiver wants no more messages."""
        return self.status == HTTPStatus.GONE


class Poster:
    """Posts messages. Each has a connection of its own; redirects, proxies and cookies are not heeded."""

    def __init__(self, pool: httpcore.AsyncConnectionPool) -> None:
        self._pool = pool

    async def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        """Return what came back; raises nothing but cancellation."""
        begun = time.monotonic()
        try:
            async with asyncio.timeout(TIMEOUT_SECONDS):
                answer = await self._posted(url, body, headers)
        except Exception as error:  # noqa: BLE001 - named in the log of deliveries
            # whatever a receiver sends must not end the sender
            answer = Answer(_trouble_of(error))
        return Answer(
            answer.trouble, answer.status, answer.retry_after, answer.body, time.monotonic() - begun
        )

    async def _posted(self, url: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        sent = [(name.encode(), value.encode()) for name, value in headers.items()]
        sent += [(b"content-type", b"application/json"), (b"user-agent", _AGENT)]
        async with self._pool.stream("POST", url, headers=sent, content=body) as response:
            status, retry_after = response.status, None
            for header, value in response.headers:
                if header.lower() == b"retry-after":
                    retry_after = value[:_MOST_HEADER].decode("latin-1")
            beginning = await _beginning(response)
        return Answer(_trouble_in(status), status, retry_after, beginning)


def poster_for(resolve: Resolve, *, private_networks: bool, trusted: ssl.SSLContext | None = None) -> Poster:
    """Return a poster that trusts the system's certificates, or those of `trusted`."""
    pool = httpcore.AsyncConnectionPool(
        ssl_context=trusted or ssl.create_default_context(),
        max_connections=None,
        max_keepalive_connections=0,  # the next message looks the name up and checks its address again
        network_backend=CheckedNetwork(resolve, private_networks=private_networks),
    )
    return Poster(pool)


async def _beginning(response: httpcore.Response) -> bytes:
    """Return the beginning of a body; the rest is left, and its connection closed."""
    beginning = b""
    async for piece in response.aiter_stream():
        beginning += piece[:MOST_BODY_BYTES]
        if len(beginning) >= MOST_BODY_BYTES:
            break
    return beginning[:MOST_BODY_BYTES]


def _trouble_in(status: int) -> Trouble | None:
    if HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES:
        return None
    return Trouble.REDIRECTED if status < HTTPStatus.BAD_REQUEST else Trouble.STATUS


def _trouble_of(error: BaseException) -> Trouble:
    match error:
        case TimeoutError() | httpcore.TimeoutException():
            return Trouble.TIMEOUT
        case UnknownHost():
            return Trouble.UNKNOWN_HOST
        case PrivateAddress():
            return Trouble.PRIVATE_ADDRESS
        case httpcore.ConnectError() | OSError():
            return Trouble.TLS_FAILED if _is_tls(error) else Trouble.CONNECTION_FAILED
        case httpcore.NetworkError():
            return Trouble.CONNECTION_FAILED
        case _:
            return Trouble.MALFORMED_ANSWER


def _is_tls(error: BaseException) -> bool:
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLError):
            return True
        cause = cause.__cause__ or cause.__context__
    return False
