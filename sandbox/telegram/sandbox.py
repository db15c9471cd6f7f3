"""The sandbox in this process: a Telegram server to start, fill, disturb and inspect."""

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
    """A Telegram server in this process for any MTProto client of the installed layer.

    Fill it before or after its start; all methods may be called at any time from the event loop's thread.
    ``TelegramSandboxControl`` has the same methods, awaited, over HTTP. Both raise ``SandboxError`` for an
    impossible request, and ``UnknownError`` for an unknown object. ``host`` is also in its sessions, so it
    has to be an IP address.
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
        """Listen; ``port`` is known afterwards."""
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(
            lambda: ClientConnection(self.core, self._connections), self.host, self._wanted_port
        )
        self.core.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Stop listening and close all connections; the world is unchanged."""
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
        """The address that it listens on."""
        return self.core.host

    @property
    def port(self) -> int:
        """The port that it listens on; 0 before it was started."""
        return self.core.port

    @property
    def dc_id(self) -> int:
        """The number of its data centre."""
        return self.core.dc_id

    @property
    def public_key_pem(self) -> str:
        """The key for ``telethon.crypto.rsa.add_key(pem, old=False)``; only a key exchange needs it."""
        return self.core.key.public_pem

    def endpoint(self) -> Endpoint:
        """Return its addresses and its public key."""
        return Endpoint(host=self.host, port=self.port, dc_id=self.dc_id, public_key_pem=self.public_key_pem)

    # -- sessions

    def mint_session(self, account: int) -> str:
        """Create a signed-in session and return it as Telethon's ``StringSession`` text, a credential."""
        session = self.core.sessions.mint(self.core.world.account(account).id)
        return session_text(session, self.dc_id, self.host, self._listening_port())

    def write_session_file(self, account: int, path: Path) -> Path:
        """Create a signed-in session and return the path of its Telethon ``.session`` file, a credential."""
        session = self.core.sessions.mint(self.core.world.account(account).id)
        return write_session_file(session, path, self.dc_id, self.host, self._listening_port())

    def session_file(self, account: int) -> bytes:
        """Create a signed-in session and return the bytes of its Telethon ``.session`` file, a credential."""
        with tempfile.TemporaryDirectory() as folder:
            return self.write_session_file(account, Path(folder) / "minted.session").read_bytes()

    def sessions(self, account: int | None = None) -> list[SessionView]:
        """Return the sessions of an account, or all, with ended ones, without keys."""
        return [views.session(one) for one in self.core.sessions.of_account(account)]

    def held_twice(self) -> list[SessionView]:
        """Return the sessions that were ever used by two connections at once."""
        return [view for view in self.sessions() if view.ever_held_twice]

    def revoke_sessions(self, account: int, error: str = "AUTH_KEY_UNREGISTERED") -> int:
        """Make sessions answer every call with this error; return how many."""
        sessions = self.core.sessions.of_account(self.core.world.account(account).id)
        for session in sessions:
            session.revoked = error
        return len(sessions)

    def destroy_sessions(self, account: int) -> int:
        """Delete keys from the server, so that their users receive -404; return how many."""
        sessions = self.core.sessions.of_account(self.core.world.account(account).id)
        for session in sessions:
            self.core.sessions.destroy(session)
        return len(sessions)

    def drop_connections(self, account: int | None = None) -> int:
        """Close the connections of an account, or all; return how many."""
        doomed = [one for one in self._connections if account in (None, one.account)]
        for connection in doomed:
            connection.drop()
        return len(doomed)

    # -- disturbing and looking

    def remove_fault(self, fault: int) -> None:
        """Remove a fault; calls that it holds are executed, or answered."""
        self.core.faults.remove(fault)

    def clear_faults(self) -> None:
        """Remove all faults."""
        self.core.faults.clear()

    def rotate_salts(self) -> None:
        """Invalidate all salts of clients: each is sent the new one at its next message."""
        self.core.salts.rotate()

    def journal(self, query: JournalQuery | None = None) -> list[JournalEntry]:
        """Return the journal's entries that match the query, oldest first."""
        return self.core.journal.read(query or JournalQuery())

    def journal_counts(self) -> list[Count]:
        """Return the number of calls by method and outcome."""
        return self.core.journal.counts()

    def clear_journal(self) -> None:
        """Delete all entries and counts."""
        self.core.journal.clear()

    def _listening_port(self) -> int:
        if not self.port:
            raise SandboxError("a session carries the server's port: start the sandbox first")
        return self.port
