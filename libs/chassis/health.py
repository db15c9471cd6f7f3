"""Liveness, readiness and metrics of a process, over HTTP."""

import asyncio
import contextlib
import os
import socket
from collections.abc import Awaitable, Callable, Generator
from http import HTTPStatus

import uvicorn
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from libs.chassis.connections import ConnectionLimits
from libs.chassis.problems import problem_response
from libs.chassis.protocol import GuardedConfig

Check = Callable[[], Awaitable[str | None]]
"""Returns why the process is not ready, or None."""
_ALWAYS = ("/health/", "/metrics")
_RETRY_SECONDS = 1


def add_health(app: Starlette, checks: dict[str, Check], *, metrics: bool) -> None:
    """Serve `/health/live` and `/health/ready` on an app, and `/metrics` if wanted.

    Requests for readiness that come at once share one check, so that many of them cost little. The answers
    name the process, so that its supervisor can tell it from another one on the same port. A route of the
    app's own may show the problems: `app.state.problems()` returns them by the names of the checks.
    """
    pid = os.getpid()

    async def live(_: Request) -> JSONResponse:
        return JSONResponse({"status": "ok", "pid": pid})

    checking: asyncio.Task[dict[str, str | None]] | None = None

    async def check_all() -> dict[str, str | None]:
        return {name: await check() for name, check in checks.items()}

    async def problems() -> dict[str, str]:
        nonlocal checking
        if checking is None or checking.done():
            checking = asyncio.create_task(check_all(), name="readiness")
        found = await asyncio.shield(checking)
        return {name: problem for name, problem in found.items() if problem is not None}

    app.state.problems = problems

    async def ready(_: Request) -> JSONResponse:
        wrong = await problems()
        body = {"status": "degraded" if wrong else "ok", "problems": wrong, "pid": pid}
        if wrong:
            return JSONResponse(body, status_code=503, headers={"Retry-After": str(_RETRY_SECONDS)})
        return JSONResponse(body)

    # first: whoever asks for health does not wait until the API's routes are built, on their first search
    app.router.routes[:0] = [
        _route("/health/live", live),
        _route("/health/ready", ready),
        *([_METRICS] if metrics else []),
    ]


def metrics_app() -> Starlette:
    """Return an app that serves `/metrics` and nothing else."""
    return Starlette(routes=[_METRICS])


async def _metrics(_: Request) -> Response:
    return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)


def _route(path: str, answer: Callable[[Request], Awaitable[Response]]) -> Route:
    return Route(path, answer, include_in_schema=False)


_METRICS = _route("/metrics", _metrics)


_TRY_LATER = 1013
_TICK_SECONDS = 1.0


class Door:
    """Middleware that serves only health and metrics until the service has started."""

    def __init__(self, app: ASGIApp, opened: asyncio.Event) -> None:
        self._app = app
        self._opened = opened

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer 503 to any other path until then."""
        path: str = scope.get("path", "")
        if self._opened.is_set() or path.startswith(_ALWAYS):
            await self._app(scope, receive, send)
            return
        if scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": _TRY_LATER})
            return
        detail = "the service is being started; try again in a moment"
        status = HTTPStatus.SERVICE_UNAVAILABLE
        headers, body = problem_response(status, "starting", detail, retry_seconds=_RETRY_SECONDS)
        await send({"type": "http.response.start", "status": status.value, "headers": headers})
        await send({"type": "http.response.body", "body": body})


class HttpServer(uvicorn.Server):
    """Uvicorn inside the process's own event loop; the process handles signals itself."""

    def __init__(self, app: ASGIApp, host: str, port: int, limits: ConnectionLimits | None = None) -> None:
        super().__init__(GuardedConfig(app, host, port, limits or ConnectionLimits()))
        self._ending = asyncio.Event()

    def end(self) -> None:
        """Stop listening, and let `serve` return once the answers in progress are sent."""
        self.should_exit = True
        self._ending.set()

    async def main_loop(self) -> None:
        """Keep the date of answers until `end`: uvicorn looks ten times a second whether it is to end."""
        while not await self.on_tick(0):
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_TICK_SECONDS):
                    await self._ending.wait()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Listen; raise `OSError` if the port is taken, where uvicorn would exit the process."""
        try:
            await super().startup(sockets)
        except SystemExit:
            message = f"port {self.config.port} of {self.config.host} can't be listened on"
            raise OSError(message) from None

    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None]:
        """Install no signal handlers."""
        yield

    @property
    def port(self) -> int:
        """The port that the server listens on, once started."""
        return int(self.servers[0].sockets[0].getsockname()[1])
