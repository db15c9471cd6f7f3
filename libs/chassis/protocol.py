"""HTTP/1.1 connections with deadlines and limits, which uvicorn's protocol and its parser do not have."""

import asyncio
from http import HTTPStatus
from typing import Any, cast

import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.server import ServerState

from libs.chassis.connections import CLOSED, ConnectionLimits, Connections
from libs.chassis.joined_writes import JoinedWrites
from libs.chassis.problems import raw_problem
from libs.chassis.sockets import MOST_BYTES, CountedSocket

LINGER_SECONDS = 1.0
"""How long a connection is read after its last answer; one that is closed at once may lose the answer."""
RETRY_SECONDS = 5


class GuardedConfig(uvicorn.Config):
    """The configuration of a server whose connections have these limits."""

    def __init__(self, app: ASGIApp, host: str, port: int, limits: ConnectionLimits) -> None:
        super().__init__(
            app,
            host=host,
            port=port,
            http=GuardedProtocol,
            ws=CountedSocket,
            ws_max_size=MOST_BYTES,
            ws_per_message_deflate=False,  # a few bytes could become many
            log_config=None,
            access_log=False,
            lifespan="off",
            server_header=False,
            proxy_headers=False,  # it trusts every process of this machine; the gateway has rules of its own
            timeout_keep_alive=limits.idle_seconds,
            timeout_graceful_shutdown=3,
        )
        self.connections = Connections(limits)


class _BeyondLimits(Exception):
    """A head is too large, or too many requests are pipelined; the parser reports it as malformed."""


class GuardedProtocol(HttpToolsProtocol):
    """A connection that ends if its client is too slow, sends too much, or there are too many.

    A client without a valid request is answered with a problem, unless an answer is on its way to it.
    """

    def __init__(
        self,
        config: uvicorn.Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self._all = cast("GuardedConfig", config).connections
        self._limits = self._all.limits
        self.host = ""
        self._deadline: asyncio.TimerHandle | None = None
        """Of a head, and of the rest of a body that was answered."""
        self._ending: asyncio.TimerHandle | None = None
        """Aborts the connection: its client reads nothing, or does not close it."""
        self._in_head = False
        self._in_message = False
        self._head_bytes = 0
        self._too_large = False
        self._unparsed = 0
        """Bytes since the parser last passed something on: heads, trailers and chunk sizes are kept by it."""
        self._ended = False
        """Whether the last answer was sent: what still comes is discarded."""

    # -- the transport

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as there
        """Begin, or refuse the connection if there are too many."""
        super().connection_made(JoinedWrites.on(transport, self.loop))
        self.host = self.client[0] if self.client else ""
        limit = self._all.enter(self)
        if limit is None:
            self._begin_deadline()
            return
        CLOSED.labels(limit).inc()
        self._ended = True
        status, detail = HTTPStatus.SERVICE_UNAVAILABLE, "too many connections are open; try again soon"
        transport.write(raw_problem(status, "too_many_connections", detail, retry_seconds=RETRY_SECONDS))
        transport.close()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the connection."""
        super().connection_lost(exc)
        self._all.leave(self)
        self._end_deadline()
        if self._ending is not None:
            self._ending.cancel()
        self._unset_keepalive_if_required()

    def data_received(self, data: bytes) -> None:
        """Parse what was received."""
        if self._ended:
            return
        self._unparsed += len(data)
        super().data_received(data)
        if self._unparsed > self._limits.header_bytes:
            self._too_large = True
            self._refuse()
        elif self._deadline is None and self._idle and not self._ended:
            self._begin_deadline()

    def handle_websocket_upgrade(self) -> None:
        """Hand the connection over to a socket, which counts until it is lost."""
        self._ended = True
        self._end_deadline()
        super().handle_websocket_upgrade()
        socket = self.transport.get_protocol()
        if isinstance(socket, CountedSocket):
            socket.lost = self._left

    def _left(self) -> None:
        self._all.leave(self)

    def pause_writing(self) -> None:
        """Limit how long the client may leave a full buffer unread."""
        super().pause_writing()
        self._abort_after(self._limits.unread_seconds, "unread")

    def resume_writing(self) -> None:
        """Go on: the client has read. Once the connection is being closed, all must be read in time."""
        super().resume_writing()
        if self._ending is not None and not (self._ended or self.transport.is_closing()):
            self._ending.cancel()
            self._ending = None

    # -- the parser

    def on_message_begin(self) -> None:
        """Begin the head of a request."""
        super().on_message_begin()
        self._in_head = self._in_message = True
        self._head_bytes = 0
        if len(self.pipeline) >= self._limits.pipelined:
            raise _BeyondLimits

    def on_url(self, url: bytes) -> None:
        """Add to the request's target."""
        super().on_url(url)
        self._measure(len(url))

    def on_header(self, name: bytes, value: bytes) -> None:
        """Add a header, or a trailer."""
        super().on_header(name, value)
        self._measure(len(name) + len(value))

    def on_headers_complete(self) -> None:
        """Begin the request."""
        super().on_headers_complete()
        self._in_head = False
        self._unparsed = 0
        self._end_deadline()
        self._all.busy(self)

    def on_body(self, body: bytes) -> None:
        """Add to the body."""
        self._unparsed = 0
        super().on_body(body)

    def on_message_complete(self) -> None:
        """End the request's message."""
        self._unparsed = 0
        self._in_message = False
        super().on_message_complete()
        if self._idle:  # the rest of a body that was answered
            self._end_deadline()

    def on_response_complete(self) -> None:
        """Await the next request, and limit how long the rest of this one's body may take."""
        super().on_response_complete()
        if self.transport.is_closing():
            self._abort_after(self._limits.unread_seconds, "unread")
        elif self._idle:
            self._all.idle(self)
            if self._in_message and self._deadline is None:
                self._begin_deadline()

    def send_400_response(self, msg: str) -> None:
        """Answer a request that can't be parsed."""
        del msg
        self._refuse()

    def timeout_keep_alive_handler(self) -> None:
        """End a connection that had no request for a while."""
        self._end()

    def evict(self) -> None:
        """Close the connection in favour of another one."""
        self._all.leave(self)
        if self._ended:
            self.transport.abort()
        else:
            self._ended = True
            self.transport.close()
            self._abort_after(LINGER_SECONDS, "")

    # -- the rest

    @property
    def _idle(self) -> bool:
        cycle = cast("Any", self.cycle)  # None before the first request, which its type there does not say
        return cycle is None or bool(cycle.response_complete)

    def _measure(self, size: int) -> None:
        self._head_bytes += size
        if self._head_bytes > self._limits.header_bytes or len(self.headers) > self._limits.headers:
            self._too_large = True
            raise _BeyondLimits

    def _begin_deadline(self) -> None:
        self._deadline = self.loop.call_later(self._limits.header_seconds, self._overdue)

    def _end_deadline(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _overdue(self) -> None:
        self._deadline = None
        CLOSED.labels("deadline").inc()
        if self._in_head:
            detail = "the headers of the request were too slow to arrive"
            self._answer_last(HTTPStatus.REQUEST_TIMEOUT, "header_timeout", detail)
        self._end()

    def _refuse(self) -> None:
        """Answer what is no request, or has a head that is too large, and end the connection."""
        if self._ended:
            return
        if self._too_large:
            CLOSED.labels("headers").inc()
            most = self._limits
            detail = f"a request may have {most.headers} headers and {most.header_bytes} bytes of them"
            self._answer_last(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE, "headers_too_large", detail)
        else:
            CLOSED.labels("malformed").inc()
            self._answer_last(HTTPStatus.BAD_REQUEST, "malformed_request", "this is no HTTP/1.1 request")
        self._end()

    def _answer_last(self, status: HTTPStatus, code: str, detail: str) -> None:
        """Write an answer unless it could be taken for that of an earlier request."""
        if self._idle or not (self._in_head or self.cycle.response_started):
            self.transport.write(raw_problem(status, code, detail))

    def _end(self) -> None:
        """Send nothing more, and close the connection once the client has, or after a moment."""
        if self._ended or self.transport.is_closing():
            return
        self._ended = True
        self._end_deadline()
        self._unset_keepalive_if_required()
        self.pipeline.clear()
        if not self._idle:
            self.cycle.disconnected = True
            self.cycle.message_event.set()
        self._all.idle(self)
        if self.transport.can_write_eof():
            self.transport.write_eof()
        self._abort_after(LINGER_SECONDS, "")

    def _abort_after(self, seconds: float, limit: str) -> None:
        if self._ending is not None:
            self._ending.cancel()
        self._ending = self.loop.call_later(seconds, self._abort, limit)

    def _abort(self, limit: str) -> None:
        if limit:
            CLOSED.labels(limit).inc()
        self.transport.abort()
