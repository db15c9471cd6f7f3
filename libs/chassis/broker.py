"""NATS connections that reconnect; requests fail when they are forbidden or their connection is lost."""
# nats-py leaves parts of its interface untyped
# pyright: reportUnknownMemberType=false

import asyncio
import re
from collections.abc import Callable
from typing import Any

import structlog
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.errors import Error as NatsError
from nats.errors import TimeoutError as NoAnswer

from libs.chassis.broker_permissions import inbox_of
from libs.chassis.broker_tls import BrokerTls
from libs.chassis.names import HEADER_PREFIX
from libs.eventsourcing import EventStream

log = structlog.stdlib.get_logger()

RECONNECT_SECONDS = 0.25
PENDING_BYTES = 64 * 1024 * 1024
START_SECONDS = 60.0
_FORBIDDEN = re.compile(r'permissions violation for (publish|subscription) to "([^"]+)"', re.IGNORECASE)


class ConnectionLost(NoAnswer):
    """The connection was lost before the answer: whether the request was received is unknown."""

    def __str__(self) -> str:
        """Return a text for people."""
        return "nats: the connection was lost before the answer came"


class NotPermitted(NatsError):
    """The broker's user may not publish on this subject."""

    def __init__(self, subject: str) -> None:
        super().__init__(f"nats: this user of the broker may not publish on {subject}")
        self.subject = subject


class NotEncrypted(NatsError):
    """The URL demands TLS, and the server does not offer it; no password was sent."""

    def __str__(self) -> str:
        """Return a text for people."""
        return "nats: the server does not offer TLS, which its URL demands"


class BrokerClient(Client):
    """A client whose requests fail when the connection is lost or they are forbidden, instead of timing out.

    Requests sent while it reconnects are delivered, and answered, as soon as it has. Connect it with
    `disconnected_cb=client.end_requests` and `error_cb=client.end_forbidden`. With a `tls://` URL, or files
    for TLS, it sends nothing to a server without it.
    """

    def __init__(self) -> None:
        super().__init__()
        self._asking: dict[asyncio.Timeout, str] = {}
        self._forbidden: set[asyncio.Timeout] = set()
        self._listeners: dict[str, Callable[[], None]] = {}
        self.was_forbidden = False
        """The server refused to let this user publish or listen somewhere."""

    def _connect_command(self) -> bytes:
        """Return what logs in; raise `NotEncrypted` rather than show a password to a listener."""
        server: Any = self._current_server
        upgraded = server.uri.scheme not in {"ws", "wss"}  # a socket is encrypted before NATS speaks
        if upgraded and "tls" in self.options and not self._server_info.get("tls_required"):
            raise NotEncrypted
        return super()._connect_command()

    async def request(
        self,
        subject: str,
        payload: bytes = b"",
        timeout: float = 0.5,  # noqa: ASYNC109 - as in the class above
        old_style: bool = False,  # noqa: FBT001, FBT002 - as in the class above
        headers: dict[str, Any] | None = None,
    ) -> Msg:
        """Return the answer; raise `ConnectionLost` or `NotPermitted` as soon as none can come."""
        scope = asyncio.timeout(None)
        try:
            async with scope:
                self._asking[scope] = subject
                return await super().request(subject, payload, timeout, old_style, headers)
        except NoAnswer:
            raise  # the server did not answer, or nobody subscribes to this subject
        except TimeoutError as error:
            if scope in self._forbidden:
                raise NotPermitted(subject) from error
            raise ConnectionLost from error
        finally:
            self._asking.pop(scope, None)
            self._forbidden.discard(scope)

    async def end_requests(self) -> None:
        """Fail all pending requests with `ConnectionLost`."""
        asking, self._asking = self._asking, {}
        for scope in asking:
            scope.reschedule(0.0)

    def on_forbidden(self, subject: str, listener: Callable[[], None]) -> None:
        """Call `listener` each time the server refuses to let this user publish or listen on a subject."""
        self._listeners[subject.lower()] = listener

    async def end_forbidden(self, error: Exception) -> bool:
        """Fail the requests that an error says are forbidden; return whether a listener was called."""
        self.was_forbidden = self.was_forbidden or "permissions violation" in str(error).lower()
        forbidden = _FORBIDDEN.search(str(error))
        if forbidden is None:
            return False
        what, subject = forbidden[1].lower(), forbidden[2].lower()
        if what == "publish":
            self._end_asking(subject)
        if subject not in self._listeners:
            return False
        self._listeners[subject]()
        return True

    def _end_asking(self, forbidden: str) -> None:
        for scope, subject in list(self._asking.items()):
            if subject.lower() == forbidden:
                del self._asking[scope]
                self._forbidden.add(scope)
                scope.reschedule(0.0)


async def connect_nats(
    url: str, name: str, tls: BrokerTls | None = None, *, quiet: bool = False
) -> BrokerClient:
    """Return a connection of the broker's user of this name; waits up to a minute for the first one.

    It reconnects for ever. The URL has the user and the password; on a server with one user, any name will
    do. Errors of the connection are logged, unless it is to be `quiet`, or a listener handles them.
    """
    client = BrokerClient()

    async def note(error: Exception) -> None:
        if not await client.end_forbidden(error) and not quiet:
            log.warning("nats.error", error=repr(error))

    try:
        async with asyncio.timeout(START_SECONDS):
            await client.connect(
                url,
                name=name,
                error_cb=note,
                disconnected_cb=client.end_requests,
                allow_reconnect=True,
                max_reconnect_attempts=-1,  # the first connection is retried for ever too
                reconnect_time_wait=RECONNECT_SECONDS,  # type: ignore[arg-type]  # seconds, may be a fraction
                ping_interval=5,
                max_outstanding_pings=2,
                pending_size=PENDING_BYTES,
                connect_timeout=5,
                inbox_prefix=inbox_of(name),
                **tls_options(url, tls),
            )
    except TimeoutError as error:
        message = f"no NATS server let this service in within {START_SECONDS:.0f} seconds"
        raise ConnectionError(message) from error
    return client


def event_stream(nats: Client, *, prefix: str = "") -> EventStream:
    """Return the stream of all services' events; a `prefix` makes it a separate one with its own subjects."""
    return EventStream(nats, prefix=prefix, header_prefix=HEADER_PREFIX)


def tls_options(url: str, tls: BrokerTls | None) -> dict[str, Any]:
    """Return the options of a client's connection that are about TLS."""
    wanted = url.startswith(("tls://", "wss://")) or (tls is not None and tls != BrokerTls())
    return {"tls": (tls or BrokerTls()).context()} if wanted else {}
