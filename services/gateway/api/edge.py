"""What holds for every request: an id, a limit on the body, headers, a count, an answer whatever breaks."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from http import HTTPStatus
from uuid import UUID

import structlog
from prometheus_client import Counter, Histogram
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from libs.eventsourcing.record import new_id
from services.gateway.api.problems import EXPECTED, Denied, denied_of, respond

log = structlog.stdlib.get_logger()
_LINES = logging.getLogger(__name__)

BODY_BYTES = 512 * 1024
WEBHOOK_BYTES = 64 * 1024
DRAINED_BYTES = 8 * 1024 * 1024
"""How much of a body that is too large is read and thrown away, so that the sender hears the answer."""

BODY_SECONDS = 10.0
"""How long a body may take to arrive: whoever announces one and never sends it must not stay for ever."""

_REQUESTS = Histogram("adrelay_gateway_request_seconds", "Answered requests.", ["method", "route", "status"])
_BODIES = Counter(
    "adrelay_gateway_bodies_refused_total",
    "Bodies that were refused unread: too large, or too slow to arrive.",
    ["where", "code"],
)
_METHODS = frozenset({"DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"})
_DOCS = "/docs"
_DOCS_POLICY = (
    "default-src 'none'; connect-src 'self'; img-src 'self' data: https://fastapi.tiangolo.com; "
    "script-src 'self' 'unsafe-inline' https://cdn.jsdelivr.net; "
    "style-src 'self' 'unsafe-inline' https://cdn.jsdelivr.net; frame-ancestors 'none'"
)
_HEADERS = {
    b"cache-control": b"no-store",
    b"content-security-policy": b"default-src 'none'; frame-ancestors 'none'",
    b"referrer-policy": b"no-referrer",
    b"x-content-type-options": b"nosniff",
    b"x-frame-options": b"DENY",
}
_HEADERS_OF_DOCS = _HEADERS | {b"content-security-policy": _DOCS_POLICY.encode()}
_HTTPS_ONLY = (b"strict-transport-security", b"max-age=31536000")


@dataclass(frozen=True)
class Shortcut:
    """What answers a request that comes so often that the way past all routes would cost more than the work.

    `route` is the name of the route that does the same; `answer` gets the body, and raises what routes may.
    """

    route: str
    answer: Callable[[Scope, bytes], Awaitable[Response]]


class Edge:
    """The outermost layer of the app."""

    def __init__(self, app: ASGIApp, shortcuts: Mapping[tuple[str, str], Shortcut] | None = None) -> None:
        self._app = app
        self._shortcuts = shortcuts or {}
        """By method and path."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        correlation_id = new_id()
        scope.setdefault("state", {})["correlation_id"] = correlation_id
        shortcut = self._shortcuts.get((scope["method"], scope["path"]))
        with structlog.contextvars.bound_contextvars(correlation_id=str(correlation_id)):
            await _Request(self._app, shortcut, scope, send, correlation_id).answer(receive)


class _Request:
    """One request on its way."""

    def __init__(
        self, app: ASGIApp, shortcut: Shortcut | None, scope: Scope, send: Send, correlation_id: UUID
    ) -> None:
        self._app = app
        self._shortcut = shortcut
        self._scope = scope
        self._send = send
        self._correlation_id = correlation_id
        self._route = "none"
        self._status = 0
        self._began = time.monotonic()

    async def answer(self, receive: Receive) -> None:
        try:
            body = await self._body(receive)
            if body is not None:
                await self._pass_on(body, receive)
        except Denied as denied:
            await respond(denied, self._correlation_id)(self._scope, receive, self._respond)
        except Exception as error:
            log.exception("request.failed", method=self._scope["method"], error=type(error).__name__)
            if self._status:
                raise  # the answer has begun: only breaking the connection says that it is not whole
            failed = Denied(
                HTTPStatus.INTERNAL_SERVER_ERROR, "internal_error", "this should not have happened"
            )
            await respond(failed, self._correlation_id)(self._scope, receive, self._respond)
        finally:
            self._count()

    async def _body(self, receive: Receive) -> bytes | None:
        to_webhook = "/webhooks/" in self._scope["path"]
        try:
            return await _in_time(_body(self._scope, receive, WEBHOOK_BYTES if to_webhook else BODY_BYTES))
        except Denied as denied:
            _BODIES.labels("webhook" if to_webhook else "other", denied.code).inc()
            raise

    async def _pass_on(self, body: bytes, receive: Receive) -> None:
        if self._shortcut is None:
            try:
                await self._app(self._scope, _Replay(body, receive), self._respond)
            finally:
                self._route = getattr(self._scope.get("route"), "name", self._route)
            return
        self._route = self._shortcut.route
        try:
            response = await self._shortcut.answer(self._scope, body)
        except EXPECTED as error:
            response = respond(denied_of(error), self._correlation_id)
        await response(self._scope, receive, self._respond)

    async def _respond(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self._status = int(message["status"])
            message["headers"] = self._headers(message.get("headers", ()))
        await self._send(message)

    def _headers(self, own: Iterable[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
        """Return an answer's headers with those that every answer has; its own come first."""
        headers = list(own)
        headers.append((b"x-correlation-id", str(self._correlation_id).encode()))
        usual = _HEADERS if self._scope["path"] != _DOCS else _HEADERS_OF_DOCS
        said = {name for name, _ in headers}
        headers += [header for header in usual.items() if header[0] not in said]
        if self._scope["scheme"] == "https" and _HTTPS_ONLY[0] not in said:
            headers.append(_HTTPS_ONLY)
        return headers

    def _count(self) -> None:
        seconds = time.monotonic() - self._began
        method = self._scope["method"]
        if method not in _METHODS:
            method = "other"  # whoever invents methods must not fill the memory with what is counted
        _timer(method, self._route, self._status).observe(seconds)
        if _LINES.isEnabledFor(logging.DEBUG):  # to write a line that nobody sees takes as long
            log.debug(
                "request.answered",
                method=method,
                route=self._route,
                status=self._status,
                seconds=round(seconds, 4),
            )


@cache
def _timer(method: str, route: str, status: int) -> Histogram:
    return _REQUESTS.labels(method, route, status)


class _Replay:
    """Gives the app a body that was read already, and then whatever the server has to say."""

    def __init__(self, body: bytes, receive: Receive) -> None:
        self._message: Message | None = {"type": "http.request", "body": body, "more_body": False}
        self._receive = receive

    async def __call__(self) -> Message:
        message, self._message = self._message, None
        return message if message is not None else await self._receive()


async def _in_time(body: Awaitable[bytes | None]) -> bytes | None:
    """Return the body; raise `Denied` if it does not arrive soon enough."""
    try:
        async with asyncio.timeout(BODY_SECONDS):
            return await body
    except TimeoutError:
        detail = f"a body has {BODY_SECONDS:g} seconds to arrive"
        # what is still to come can't be told from another request: the connection is of no more use
        headers = {"Connection": "close"}
        raise Denied(HTTPStatus.REQUEST_TIMEOUT, "body_timeout", detail, headers=headers) from None


async def _body(scope: Scope, receive: Receive, limit: int) -> bytes | None:
    """Return the whole body, None if the client left; raise `Denied` if it is too large."""
    announced = next((value for name, value in scope["headers"] if name == b"content-length"), b"")
    too_large = announced.isdigit() and int(announced) > limit
    kept: list[bytes] = []
    size = 0
    while size <= DRAINED_BYTES:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        piece = message.get("body", b"")
        size += len(piece)
        too_large = too_large or size > limit
        if too_large:
            kept.clear()
        else:
            kept.append(piece)
        if not message.get("more_body", False):
            break
    if too_large:
        detail = f"a body may have {limit} bytes here"
        raise Denied(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "body_too_large", detail)
    return b"".join(kept)
