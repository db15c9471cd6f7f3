"""The sandbox as a server."""

import asyncio
import socket
from collections.abc import Generator
from contextlib import contextmanager
from types import TracebackType
from typing import Self

import uvicorn
from fastapi import FastAPI
from starlette.middleware.base import BaseHTTPMiddleware

from sandbox.nowpayments.api import Api
from sandbox.nowpayments.background import Background
from sandbox.nowpayments.cashier import Cashier
from sandbox.nowpayments.control import Control
from sandbox.nowpayments.faults import Faults
from sandbox.nowpayments.notifying import Notifier
from sandbox.nowpayments.payments import Ledger
from sandbox.nowpayments.settings import SandboxSettings


class NowPaymentsSandbox:
    """The payment provider on this machine: start it, and configure a merchant with ``url``.

    It serves inside the running event loop and stores everything in memory.
    """

    def __init__(self, settings: SandboxSettings, *, host: str = "127.0.0.1", port: int = 0) -> None:
        self._settings = settings
        self._host = host
        self._port = port
        self._running: _Running | None = None

    @property
    def url(self) -> str:
        """The base URL of the API; calls go to ``{url}/v1/…``. Known once it was started."""
        if self._running is None:
            raise RuntimeError("the sandbox was not started")
        return f"http://{self._host}:{self._running.port}"

    @property
    def control_url(self) -> str:
        """The URL of the control API."""
        return f"{self.url}/control"

    async def start(self) -> None:
        """Start to serve; raises OSError if the port is taken."""
        if self._running is not None:
            raise RuntimeError("the sandbox was started already")
        self._running = _Running(self._settings, self._host, self._port)
        await self._running.begin()

    async def stop(self) -> None:
        """Stop serving and sending; may be repeated."""
        running, self._running = self._running, None
        if running is not None:
            await running.end()

    async def __aenter__(self) -> Self:
        """Start."""
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop."""
        await self.stop()


class _Running:
    """A listening sandbox; it serves once ``begin`` has returned."""

    def __init__(self, settings: SandboxSettings, host: str, port: int) -> None:
        self._listener = _listen(host, port)
        self.port: int = self._listener.getsockname()[1]
        self._background = Background()
        self._notifier = Notifier(settings, self._background)
        self._faults = Faults()
        self._server = _Server(
            uvicorn.Config(
                self._assemble(settings),
                lifespan="off",
                ws="none",
                log_config=None,
                access_log=False,
                timeout_graceful_shutdown=1,
            )
        )
        self._serving: asyncio.Task[None] | None = None

    async def begin(self) -> None:
        """Serve calls."""
        self._serving = asyncio.get_running_loop().create_task(self._server.serve([self._listener]))
        await self._server.up.wait()

    async def end(self) -> None:
        """Close all connections."""
        self._faults.clear()
        await self._background.stop()
        self._server.should_exit = True
        if self._serving is not None:
            await self._serving
        await self._notifier.close()

    def _assemble(self, settings: SandboxSettings) -> FastAPI:
        ledger = Ledger(settings)
        cashier = Cashier(ledger, self._notifier, self._background)
        control = Control(ledger, cashier, self._notifier, self._faults, self._background)
        app = FastAPI(title="NOWPayments sandbox")
        app.add_middleware(BaseHTTPMiddleware, dispatch=self._faults.around)
        Api(settings, ledger, cashier.opened).install(app)
        app.mount("/control", control.app())
        return app


class _Server(uvicorn.Server):
    """A uvicorn server inside another process: it reports its start, and installs no signal handlers."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.up = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.up.set()

    @contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        yield


def _listen(host: str, port: int) -> socket.socket:
    """Return a bound socket, so that a taken port raises here."""
    # asyncio disables Nagle's algorithm (40 ms per answer) only if the socket's protocol is given
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
    except OSError:
        listener.close()
        raise
    return listener
