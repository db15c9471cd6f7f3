"""The middleware of every request: correlation id, gate, body limits, headers, metrics, and error answers."""

import logging
import time
from collections.abc import Awaitable, Callable, Iterable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from functools import cache
from http import HTTPStatus
from typing import Protocol, cast
from uuid import UUID

import structlog
from prometheus_client import Histogram
from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.routing import compile_path
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from libs.chassis.sampling import SampledLog
from libs.eventsourcing.hosting import database_deadline
from libs.eventsourcing.values import new_id
from libs.nowpayments.reading import MAX_BODY_BYTES
from services.gateway.api.requests.addresses import address_in
from services.gateway.api.requests.bodies import Bodies, announced, has_body, refuse_compressed
from services.gateway.api.requests.gate import Gate
from services.gateway.api.requests.headers import with_usual_headers
from services.gateway.api.requests.problems import EXPECTED, PROBLEM, Denied, denied_of, respond

log = structlog.stdlib.get_logger()
lines = SampledLog(__name__)
_LINES = logging.getLogger(__name__)

DATABASE_SECONDS = 4.0
"""How long each statement of a request may take: also without a database, callers get an answer soon."""
_DRAINED_BYTES = 8 * 1024 * 1024
WEBHOOK = Bodies(
    "webhook", most_bytes=MAX_BODY_BYTES, drained_bytes=256 * 1024, seconds=3.0, most_waiting=200
)
"""The limits for the provider's notifications, of 1 to 2 KB; the provider's timeout is 3 seconds."""
_PROVIDERS_PATHS = ("/webhooks/nowpayments", "/payment/webhook")
STRANGERS = Bodies("other", most_bytes=8 * 1024, drained_bytes=_DRAINED_BYTES, seconds=10.0, most_waiting=200)
"""The limits without a token: checkouts and sign-ins are small. Bodies are read before routes see tokens."""
KNOWN = Bodies("other", most_bytes=512 * 1024, drained_bytes=_DRAINED_BYTES, seconds=10.0, most_waiting=200)
"""The limits for requests with a valid token."""

_REQUESTS = Histogram("adrelay_gateway_request_seconds", "Answered requests.", ["method", "route", "status"])
_STRANGERS_REFUSED = frozenset(
    {
        HTTPStatus.UNAUTHORIZED,
        HTTPStatus.FORBIDDEN,
        HTTPStatus.REQUEST_TIMEOUT,
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
        HTTPStatus.TOO_MANY_REQUESTS,
    }
)
"""The statuses logged for the operator, as signs of an attack."""
_OPEN = Gate()
"""The gate of an app that has none, as until its start."""
_STREAM = b"text/event-stream"
_READS = frozenset({"GET", "HEAD"})
_FROM_CLIENTS = frozenset({"http", "websocket"})
_METHODS = frozenset({"DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"})


@dataclass(frozen=True)
class DirectRoute:
    """A route that the edge answers itself: it is called so often that the cost of routing matters.

    FastAPI describes it in the OpenAPI document, and answers other methods on its path.
    """

    method: str
    path: str
    """With parameters as FastAPI writes them, `{name}`: each is a part of the path."""
    name: str
    """The route's label in metrics."""
    answer: Callable[[Scope, bytes], Awaitable[Response | None]]
    """Called with the whole body; raises what any route may. None: FastAPI is to answer."""


class DirectRoutes:
    """Direct routes by path."""

    def __init__(self, routes: Sequence[DirectRoute]) -> None:
        self._fixed = {(one.method, one.path): one for one in routes if "{" not in one.path}
        self._patterns = [(compile_path(one.path)[0], one) for one in routes if "{" in one.path]

    def of(self, scope: Scope) -> DirectRoute | None:
        """Return the route of a request, and set the parameters of its path; None if it is FastAPI's."""
        method, path = scope["method"], scope["path"]
        found = self._fixed.get((method, path))
        if found is not None:
            scope["path_params"] = {}
            return found
        for pattern, route in self._patterns:
            if route.method == method and (match := pattern.match(path)) is not None:
                scope["path_params"] = match.groupdict()
                return route
        return None


class _Doorkeeper(Protocol):
    def check_bearer(self, authorization: str) -> None:
        """Raise `Denied` unless this header has a credential that was made here, without a query."""
        ...


class Edge:
    """The outermost middleware of the app."""

    def __init__(self, app: ASGIApp, direct: Sequence[DirectRoute] = ()) -> None:
        self._app = app
        self._direct = DirectRoutes(direct)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        gate: Gate = getattr(scope["app"].state, "gate", _OPEN)
        if scope["type"] in _FROM_CLIENTS:
            gate.proxies.resolve(scope)
        if scope["type"] != "http":
            with database_deadline(DATABASE_SECONDS):
                await self._app(scope, receive, send)
            return
        correlation_id = new_id()
        scope.setdefault("state", {})["correlation_id"] = correlation_id
        direct = self._direct.of(scope)
        with (
            structlog.contextvars.bound_contextvars(correlation_id=str(correlation_id)),
            database_deadline(DATABASE_SECONDS),
        ):
            await _Request(self._app, direct, gate, scope, send, correlation_id).answer(receive)


class _Request:
    """A request in progress."""

    def __init__(
        self,
        app: ASGIApp,
        direct: DirectRoute | None,
        gate: Gate,
        scope: Scope,
        send: Send,
        correlation_id: UUID,
    ) -> None:
        self._app = app
        self._direct = direct
        self._gate = gate
        self._scope = scope
        self._send = gate.sending(scope, send)
        self._correlation_id = correlation_id
        self._slot = ExitStack()
        self._route = "none"
        self._status = 0
        self._began = time.monotonic()

    async def answer(self, receive: Receive) -> None:
        try:
            await self._answer(receive)
        except Denied as denied:
            await respond(denied, self._scope)(self._scope, receive, self._respond)
        except Exception as error:
            lines.exception("request.failed", code=type(error).__name__, method=self._scope["method"])
            if self._status:
                raise  # part of the answer was sent: only closing the connection shows that it is incomplete
            failed = Denied(
                HTTPStatus.INTERNAL_SERVER_ERROR, "internal_error", "this should not have happened"
            )
            await respond(failed, self._scope)(self._scope, receive, self._respond)
        finally:
            self._slot.close()
            self._count()

    async def _answer(self, receive: Receive) -> None:
        preflight = self._gate.preflight(self._scope)
        if preflight is not None:
            self._route = "preflight"
            await preflight(self._scope, receive, self._respond)
            return
        await self._gate.admit(self._scope)
        refuse_compressed(self._scope)
        body = await self._body(receive)
        if body is not None:
            self._slot.enter_context(self._gate.slot(self._scope))  # not before: bodies have own limits
            await self._pass_on(body, receive)

    async def _body(self, receive: Receive) -> bytes | None:
        if self._scope["method"] in _READS and not has_body(self._scope):
            return b""
        bodies, refusal = _bodies_of(self._scope)
        try:
            return await bodies.read(self._scope, receive)
        except Denied as denied:
            if refusal is not None and denied.status == HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
                raise refusal from None
            raise

    async def _pass_on(self, body: bytes, receive: Receive) -> None:
        response = None if self._direct is None else await self._answer_directly(self._direct, body)
        if response is not None:
            await response(self._scope, receive, self._respond)
            return
        try:
            await self._app(self._scope, _Replay(body, receive), self._respond)
        finally:
            self._route = getattr(self._scope.get("route"), "name", self._route)

    async def _answer_directly(self, direct: DirectRoute, body: bytes) -> Response | None:
        self._route = direct.name
        try:
            return await direct.answer(self._scope, body)
        except EXPECTED as error:
            return respond(denied_of(error), self._scope)

    async def _respond(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self._status = int(message["status"])
            await self._gate.answered(self._scope, self._scope["state"].get(PROBLEM))
            own = message.get("headers", ())
            if _is_stream(own):
                self._slot.close()  # it waits most of the time, and listeners have a limit of their own
            message["headers"] = with_usual_headers(own, self._scope, self._correlation_id)
        await self._send(message)

    def _count(self) -> None:
        seconds = time.monotonic() - self._began
        method = self._scope["method"]
        if method not in _METHODS:
            method = "other"  # made-up methods must not create metrics without a limit
        _timer(method, self._route, self._status).observe(seconds)
        if self._status in _STRANGERS_REFUSED:
            self._note_refusal()
        if _LINES.isEnabledFor(logging.DEBUG):  # a line below the log level costs as much as a written one
            log.debug(
                "request.answered",
                method=method,
                route=self._route,
                status=self._status,
                seconds=round(seconds, 4),
            )

    def _note_refusal(self) -> None:
        lines.write(
            logging.INFO,
            "request.refused",
            code=self._scope["state"].get(PROBLEM, "unknown"),
            status=self._status,
            route=self._route,
            address=address_in(self._scope),
        )


def _is_stream(headers: Iterable[tuple[bytes, bytes]]) -> bool:
    return any(name == b"content-type" and value.startswith(_STREAM) for name, value in headers)


@cache
def _timer(method: str, route: str, status: int) -> Histogram:
    return _REQUESTS.labels(method, route, status)


class _Replay:
    """Replays a body that was read already, then passes on the server's further messages."""

    def __init__(self, body: bytes, receive: Receive) -> None:
        self._message: Message | None = {"type": "http.request", "body": body, "more_body": False}
        self._receive = receive

    async def __call__(self) -> Message:
        message, self._message = self._message, None
        return message if message is not None else await self._receive()


def _bodies_of(scope: Scope) -> tuple[Bodies, Denied | None]:
    """Return the reader of a request's body, and an error to raise instead of that for its size, or None."""
    if scope["path"].endswith(_PROVIDERS_PATHS):
        return WEBHOOK, None
    headers = Headers(scope=scope)
    length, authorization = announced(scope), headers.get("authorization")
    if authorization is None or (length is not None and length <= STRANGERS.most_bytes):
        return STRANGERS, None
    doorkeeper = cast("_Doorkeeper", scope["app"].state.desk)
    try:
        doorkeeper.check_bearer(authorization)
    except Denied as denied:
        return STRANGERS, denied
    return KNOWN, None
