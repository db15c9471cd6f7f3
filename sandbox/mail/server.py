"""The sandbox as a server."""

import asyncio
import socket
import ssl
from collections.abc import Generator
from contextlib import contextmanager
from types import TracebackType
from typing import Self
from weakref import WeakSet

import uvicorn

from sandbox.mail.certificate import Certificate
from sandbox.mail.control import Control
from sandbox.mail.faults import Faults
from sandbox.mail.mailbox import Mailbox
from sandbox.mail.settings import SandboxSettings
from sandbox.mail.smtp import Connection


class MailSandbox:
    """A mail server on this machine: start it, and send mails to ``host`` and ``port``.

    It serves inside the running event loop and stores everything in memory.
    """

    def __init__(
        self,
        settings: SandboxSettings | None = None,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        control_port: int = 0,
    ) -> None:
        self._settings = settings or SandboxSettings()
        self.host = host
        self._ports = port, control_port
        self._certificate = Certificate(host) if self._settings.encryption != "none" else None
        self._running: _Running | None = None

    @property
    def port(self) -> int:
        """The SMTP port. Known once it was started."""
        return self._up.port

    @property
    def control_url(self) -> str:
        """The URL of the control API."""
        return f"http://{self.host}:{self._up.control_port}"

    @property
    def certificate(self) -> str:
        """The certificate to trust, as PEM; empty without encryption."""
        return self._certificate.pem if self._certificate else ""

    async def start(self) -> None:
        """Start to accept mails; raises OSError if a port is taken."""
        if self._running is not None:
            raise RuntimeError("the sandbox was started already")
        context = self._certificate.context() if self._certificate else None
        running = _Running(self._settings, context)
        await running.begin(self.host, *self._ports)
        self._running = running

    async def stop(self) -> None:
        """Stop accepting mails; may be repeated."""
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

    @property
    def _up(self) -> "_Running":
        if self._running is None:
            raise RuntimeError("the sandbox was not started")
        return self._running


class _Running:
    """A listening sandbox."""

    def __init__(self, settings: SandboxSettings, context: ssl.SSLContext | None) -> None:
        self._settings = settings
        self._context = context
        self._mailbox = Mailbox()
        self._faults = Faults()
        self._connections: WeakSet[Connection] = WeakSet()
        app = Control(self._mailbox, self._faults).app()
        self._control = _Server(
            uvicorn.Config(
                app,
                lifespan="off",
                ws="none",
                log_config=None,
                access_log=False,
                timeout_graceful_shutdown=1,
            )
        )
        self._serving: asyncio.Task[None] | None = None
        self._smtp: asyncio.Server | None = None
        self.port = self.control_port = 0

    async def begin(self, host: str, port: int, control_port: int) -> None:
        """Serve mails and the control API."""
        with _listening(host, control_port) as listener:
            implicit = self._context if self._settings.encryption == "tls" else None
            self._smtp = await asyncio.get_running_loop().create_server(
                self._connection, host, port, ssl=implicit
            )
            self.port = self._smtp.sockets[0].getsockname()[1]
            self.control_port = listener.getsockname()[1]
            self._serving = asyncio.create_task(self._control.serve([listener]))
            await self._control.up.wait()

    async def end(self) -> None:
        """Close all connections."""
        self._faults.clear()
        if self._smtp is not None:
            self._smtp.close()
        for connection in list(self._connections):
            if isinstance(connection.transport, asyncio.WriteTransport):
                connection.transport.abort()
        self._control.should_exit = True
        if self._serving is not None:
            await self._serving

    def _connection(self) -> Connection:
        connection = Connection(self._settings, self._mailbox, self._faults, self._context)
        self._connections.add(connection)
        return connection


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


@contextmanager
def _listening(host: str, port: int) -> Generator[socket.socket]:
    """Yield a bound socket, which is closed on an error."""
    # asyncio disables Nagle's algorithm (40 ms per answer) only if the socket's protocol is given
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        yield listener
    except BaseException:
        listener.close()
        raise
