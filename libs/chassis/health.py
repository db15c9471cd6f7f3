"""Liveness, readiness and metrics of a process, over HTTP."""

import asyncio
import contextlib
import os
import socket
from collections.abc import Awaitable, Callable, Generator

import uvicorn
from fastapi import FastAPI, Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

Check = Callable[[], Awaitable[str | None]]
"""Returns why the process is not ready, or None."""
_ALWAYS = ("/health/", "/metrics")


def add_health(app: FastAPI, checks: dict[str, Check]) -> None:
    """Serve `/health/live`, `/health/ready` and `/metrics` on an app.

    The answers name the process, so that its supervisor can tell it from another one on the same port.
    """
    pid = os.getpid()
    routes = app.router.routes
    others = len(routes)

    @app.get("/health/live", include_in_schema=False)
    async def live() -> dict[str, str | int]:
        return {"status": "ok", "pid": pid}

    @app.get("/health/ready", include_in_schema=False)
    async def ready() -> JSONResponse:
        found = {name: await check() for name, check in checks.items()}
        wrong = {name: problem for name, problem in found.items() if problem is not None}
        body = {"status": "degraded" if wrong else "ok", "problems": wrong, "pid": pid}
        return JSONResponse(body, status_code=503 if wrong else 200)

    @app.get("/metrics", include_in_schema=False)
    async def metrics() -> Response:
        return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)

    del live, ready, metrics
    # first: whoever asks for health does not wait until the API's routes are built, on their first search
    routes[:] = [*routes[others:], *routes[:others]]


MOST_SOCKET_BYTES = 4096
"""The longest message that a client may send over a WebSocket; uvicorn's own limit is 16 MB."""


class Door:
    """Middleware that serves only health and metrics until the service has started."""

    def __init__(self, app: ASGIApp, opened: asyncio.Event) -> None:
        self._app = app
        self._opened = opened

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer 503 to any other path until then, and open no socket."""
        path: str = scope.get("path", "")
        if scope["type"] == "websocket" and not self._opened.is_set():
            await send({"type": "websocket.close", "code": 1013, "reason": "starting"})
            return
        if scope["type"] != "http" or self._opened.is_set() or path.startswith(_ALWAYS):
            await self._app(scope, receive, send)
            return
        body = {"code": "starting", "detail": "the service is being started; try again in a moment"}
        await JSONResponse(body, status_code=503, headers={"Retry-After": "1"})(scope, receive, send)


class HttpServer(uvicorn.Server):
    """Uvicorn inside the process's own event loop; the process handles signals itself."""

    def __init__(self, app: ASGIApp, host: str, port: int) -> None:
        super().__init__(
            uvicorn.Config(
                app,
                host=host,
                port=port,
                log_config=None,
                access_log=False,
                lifespan="off",
                server_header=False,
                timeout_graceful_shutdown=3,
                ws_max_size=MOST_SOCKET_BYTES,
            )
        )

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
