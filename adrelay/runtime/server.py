"""A server child with a data folder and a port: locked, started, watched, stopped."""

import asyncio
import os
import signal
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from adrelay.runtime.account import Account
from adrelay.runtime.child import Child, Launch, how_it_ended
from adrelay.runtime.faults import RuntimeFault
from adrelay.runtime.folder import POLL_SECONDS, FolderLock, LogFile, remembered_port
from adrelay.runtime.ports import LOOPBACK, free_port, is_free

START_SECONDS = 60.0
FOLDER_LOCK_SECONDS = 6.0
IN_USE = "the data folder {folder} is in use by another running server (pid {pid}); stop that one first"


class ServerProcess:
    """The base of the embedded servers.

    The port is chosen at the first start and then kept, for clients have its address; it is also stored in
    the data folder, for the next run.
    """

    def __init__(
        self,
        name: str,
        folder: Path,
        port: int,
        *,
        stop_signal: signal.Signals,
        death_signal: signal.Signals,
        own_logs: Callable[[], Sequence[Path]],
    ) -> None:
        self.name = name
        self.folder = folder.absolute()
        self.printed = LogFile(self.folder / f"{name}.err", own_logs)
        """Its output before it opens its own log, and when it crashes."""
        self._wanted_port = port
        self._port: int | None = None
        self._stop_signal = stop_signal
        self._death_signal = death_signal
        self._lock = FolderLock(self.folder / "lock")
        self._child: Child | None = None

    @property
    def port(self) -> int:
        """Return the port, known from the first start on."""
        if self._port is None:
            raise RuntimeFault(f"{self.name}: has not been started yet, so it has no port")
        return self._port

    @property
    def pid(self) -> int | None:
        """Return the process id while it runs."""
        return self._child.pid if self._child and self._child.alive else None

    @asynccontextmanager
    async def claimed(self) -> AsyncGenerator[None]:
        """Reserve folder and port while the server is being started; release them if that fails."""
        self._lock.release()  # of a server that ended unexpectedly; its children may still have the lock
        try:
            self._make_folder()
            await self._lock.acquire(FOLDER_LOCK_SECONDS, if_held=f"{self.name}: {IN_USE}")
            self._settle_port()
            yield
        except OSError as error:
            await self.stop(0)
            raise RuntimeFault(f"{self.name}: {error.filename or self.folder}: {error.strerror}") from error
        except BaseException:
            await self.stop(0)
            raise

    async def launch(
        self,
        command: Sequence[str],
        answers: Callable[[], Awaitable[bool]],
        *,
        env: Mapping[str, str] | None = None,
        account: Account | None = None,
    ) -> None:
        """Start the server and wait until it answers."""
        output = self.printed.open()
        try:
            self._child = await Child.spawn(
                Launch(
                    command,
                    output,
                    self._death_signal,
                    env=env,
                    folder=Path("/"),  # the account may have no access to the current folder
                    account=account,
                    inherits=[self._lock.descriptor],
                )
            )
        finally:
            os.close(output)
        self._lock.note(self._child.pid)
        await self._until(answers, self._child)
        (self.folder / "port").write_text(str(self.port))

    async def wait(self) -> int:
        """Return the exit code once the server has ended."""
        if self._child is None:
            raise RuntimeFault(f"{self.name}: has not been started yet")
        return await self._child.wait()

    async def unless_it_ends(self, work: Awaitable[None]) -> None:
        """Do this work on the running server; cancel it and return if the server ends meanwhile."""
        working = asyncio.ensure_future(work)
        ended = asyncio.create_task(self.wait())
        try:
            await asyncio.wait([working, ended], return_when=asyncio.FIRST_COMPLETED)
            if working.done():
                working.result()
        finally:
            working.cancel()
            ended.cancel()
            await asyncio.wait([working, ended])

    async def stop(self, deadline_seconds: float) -> bool:
        """Terminate the server and unlock its folder; return whether it ended before it had to be killed."""
        try:
            return self._child is None or await self._child.stop(self._stop_signal, deadline_seconds)
        finally:
            self._lock.release()

    def _make_folder(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)

    def _settle_port(self) -> None:
        if self._port is None:
            self._port = self._wanted_port or self._remembered_free_port() or free_port()
        if not is_free(self._port):
            raise RuntimeFault(
                f"{self.name}: port {self._port} on {LOOPBACK} is in use by another program; "
                "end that one or choose another port"
            )

    def _remembered_free_port(self) -> int | None:
        port = remembered_port(self.folder / "port")
        return port if port is not None and is_free(port) else None

    async def _until(self, answers: Callable[[], Awaitable[bool]], child: Child) -> None:
        give_up = time.monotonic() + START_SECONDS
        while not await answers():
            if not child.alive:
                ending = how_it_ended(await child.wait())
                raise RuntimeFault(f"{self.name}: did not start ({ending}): {self.printed.complaint()}")
            if time.monotonic() > give_up:
                raise RuntimeFault(
                    f"{self.name}: did not answer within {START_SECONDS:.0f} s: {self.printed.complaint()}"
                )
            await asyncio.sleep(POLL_SECONDS)
