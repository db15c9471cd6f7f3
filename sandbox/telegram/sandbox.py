"""The sandbox in process: a Telegram to start, fill, disturb and look at."""

import asyncio
import tempfile
from pathlib import Path
from types import TracebackType
from typing import Self

from sandbox.telegram import views
from sandbox.telegram.connection import ClientConnection
from sandbox.telegram.core import Core
from sandbox.telegram.crypto import ServerKey
from sandbox.telegram.errors import SandboxError
from sandbox.telegram.models import (
    Count,
    Endpoint,
    JournalEntry,
    JournalQuery,
    SessionView,
)
from sandbox.telegram.sessions import session_text, write_session_file
from sandbox.telegram.world_controls import WorldControls

_JOURNAL_CAPACITY = 100_000


class TelegramSandbox(WorldControls):
    """A Telegram that lives in this process and that any MTProto client of the installed layer can talk to.

    Fill it before or after it is started; everything may be called at any time from the event loop's thread.
    ``TelegramSandboxControl`` offers the same methods, awaited, over HTTP. Both raise ``SandboxError`` if
    something can't be, and ``UnknownError`` if something is not there.

    ``host`` is also what minted sessions carry, so it has to be an IP address.
    """

    def __init__(
        self,
        host: str = "127.0.0.1",
        port: int = 0,
        *,
        key: ServerKey | None = None,
        journal_capacity: int = _JOURNAL_CAPACITY,
    ) -> None:
        self._wanted_port = port
        super().__init__(Core(host, key or ServerKey(), journal_capacity))
        self._connections: set[ClientConnection] = set()
        self._server: asyncio.Server | None = None

    # -- life

    async def start(self) -> None:
        """Listen; ``port`` is known from now on."""
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(
            lambda: ClientConnection(self.core, self._connections), self.host, self._wanted_port
        )
        self.core.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Stop listening and drop every connection; the world stays as it is."""
        server, self._server = self._server, None
        if server is not None:
            server.close()
            self.drop_connections()
            await server.wait_closed()

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    @property
    def host(self) -> str:
        """The address it listens on."""
        return self.core.host

    @property
    def port(self) -> int:
        """The port it listens on; 0 before it was started."""
        return self.core.port

    @property
    def dc_id(self) -> int:
        """The number of the data centre that it says it is."""
        return self.core.dc_id

    @property
    def public_key_pem(self) -> str:
        """What ``telethon.crypto.rsa.add_key(pem, old=False)`` takes; only the full key exchange needs it."""
        return self.core.key.public_pem

    def endpoint(self) -> Endpoint:
        """Return where it listens and how a client gets to trust it."""
        return Endpoint(host=self.host, port=self.port, dc_id=self.dc_id, public_key_pem=self.public_key_pem)

    # -- sessions

    def mint_session(self, account: int) -> str:
        """Return a Telethon ``StringSession`` text that is signed in. It is a credential."""
        session = self.core.sessions.mint(self.core.world.account(account).id)
        return session_text(session, self.dc_id, self.host, self._listening_port())

    def write_session_file(self, account: int, path: Path) -> Path:
        """Return the path of a new Telethon ``.session`` file that is signed in. It is a credential."""
        session = self.core.sessions.mint(self.core.world.account(account).id)
        return write_session_file(session, path, self.dc_id, self.host, self._listening_port())

    def session_file(self, account: int) -> bytes:
        """Return the bytes of a new Telethon ``.session`` file that is signed in. They are a credential."""
        with tempfile.TemporaryDirectory() as folder:
            return self.write_session_file(account, Path(folder) / "minted.session").read_bytes()

    def sessions(self, account: int | None = None) -> list[SessionView]:
        """Return an account's sessions, or all, ended ones too; keys are not shown."""
        return [views.session(one) for one in self.core.sessions.of_account(account)]

    def held_twice(self) -> list[SessionView]:
        """Return the sessions that were ever used over two live connections at once."""
        return [view for view in self.sessions() if view.ever_held_twice]

    def revoke_sessions(self, account: int, error: str = "AUTH_KEY_UNREGISTERED") -> int:
        """Return how many sessions answer every call with this error from now on."""
        sessions = self.core.sessions.of_account(self.core.world.account(account).id)
        for session in sessions:
            session.revoked = error
        return len(sessions)

    def destroy_sessions(self, account: int) -> int:
        """Return how many keys the server does not know any more: their users get -404."""
        sessions = self.core.sessions.of_account(self.core.world.account(account).id)
        for session in sessions:
            self.core.sessions.destroy(session)
        return len(sessions)

    def drop_connections(self, account: int | None = None) -> int:
        """Return how many connections, of an account or all, were closed at once."""
        doomed = [one for one in self._connections if account in (None, one.account)]
        for connection in doomed:
            connection.drop()
        return len(doomed)

    # -- disturbing and looking

    def remove_fault(self, fault: int) -> None:
        """End a fault."""
        self.core.faults.remove(fault)

    def clear_faults(self) -> None:
        """End all faults."""
        self.core.faults.clear()

    def rotate_salts(self) -> None:
        """Make every salt that clients know a wrong one: each is told the new one on its next message."""
        self.core.salts.rotate()

    def journal(self, query: JournalQuery | None = None) -> list[JournalEntry]:
        """Return the journal's entries that the query asks for, oldest first."""
        return self.core.journal.read(query or JournalQuery())

    def journal_counts(self) -> list[Count]:
        """Return how often each method came out which way."""
        return self.core.journal.counts()

    def clear_journal(self) -> None:
        """Forget all entries and counts."""
        self.core.journal.clear()

    def _listening_port(self) -> int:
        if not self.port:
            raise SandboxError("a session carries the server's port: start the sandbox first")
        return self.port
