"""NATS connections that reconnect, and requests that fail when their connection is lost."""
# nats-py leaves parts of its interface untyped
# pyright: reportUnknownMemberType=false

import asyncio
from typing import Any

import structlog
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.errors import TimeoutError as NoAnswer

from libs.chassis.names import HEADER_PREFIX
from libs.eventsourcing import EventStream

log = structlog.stdlib.get_logger()

RECONNECT_SECONDS = 0.25
PENDING_BYTES = 64 * 1024 * 1024
START_SECONDS = 60.0


class ConnectionLost(NoAnswer):
    """The connection was lost before the answer: whether the request was received is unknown."""

    def __str__(self) -> str:
        """Return a text for people."""
        return "nats: the connection was lost before the answer came"


class BrokerClient(Client):
    """A client whose pending requests fail when the connection is lost, instead of timing out.

    Requests sent while it reconnects are delivered, and answered, as soon as it has. Connect it with
    `disconnected_cb=client.end_requests`.
    """

    def __init__(self) -> None:
        super().__init__()
        self._asking: set[asyncio.Timeout] = set()

    async def request(
        self,
        subject: str,
        payload: bytes = b"",
        timeout: float = 0.5,  # noqa: ASYNC109 - as in the class above
        old_style: bool = False,  # noqa: FBT001, FBT002 - as in the class above
        headers: dict[str, Any] | None = None,
    ) -> Msg:
        """Return the answer; raise `ConnectionLost` as soon as the connection is lost."""
        scope = asyncio.timeout(None)
        try:
            async with scope:
                self._asking.add(scope)
                return await super().request(subject, payload, timeout, old_style, headers)
        except NoAnswer:
            raise  # the server did not answer, or nobody subscribes to this subject
        except TimeoutError as error:
            raise ConnectionLost from error
        finally:
            self._asking.discard(scope)

    async def end_requests(self) -> None:
        """Fail all pending requests with `ConnectionLost`."""
        asking, self._asking = self._asking, set()
        for scope in asking:
            scope.reschedule(0.0)


async def connect_nats(url: str, name: str) -> BrokerClient:
    """Return a connection that reconnects for ever; waits up to a minute for the first one."""
    client = BrokerClient()
    try:
        async with asyncio.timeout(START_SECONDS):
            await client.connect(
                url,
                name=name,
                error_cb=_report,
                disconnected_cb=client.end_requests,
                allow_reconnect=True,
                max_reconnect_attempts=-1,  # the first connection is retried for ever too
                reconnect_time_wait=RECONNECT_SECONDS,  # type: ignore[arg-type]  # seconds, may be a fraction
                ping_interval=5,
                max_outstanding_pings=2,
                pending_size=PENDING_BYTES,
                connect_timeout=5,
            )
    except TimeoutError as error:
        message = f"no NATS server let this service in within {START_SECONDS:.0f} seconds"
        raise ConnectionError(message) from error
    return client


def event_stream(nats: Client, *, prefix: str = "") -> EventStream:
    """Return the stream of all services' events; a `prefix` makes it a separate one with its own subjects."""
    return EventStream(nats, prefix=prefix, header_prefix=HEADER_PREFIX)


async def _report(error: Exception) -> None:
    log.warning("nats.error", error=repr(error))
