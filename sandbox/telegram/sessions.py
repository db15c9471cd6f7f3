"""Authorization keys with their accounts and connections."""

import hashlib
import hmac
import secrets
import struct
import time
from collections.abc import Hashable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import telethon.crypto
import telethon.sessions

from sandbox.telegram.crypto import key_id_of

_string_session: Any = telethon.sessions.StringSession
_sqlite_session: Any = telethon.sessions.SQLiteSession
_auth_key: Any = telethon.crypto.AuthKey

KEY_SIZE = 256


@dataclass(eq=False)
class Session:
    """One authorization key, from its creation to its end."""

    key: bytes = field(repr=False)
    origin: str
    account: int | None = None
    api_id: int | None = None
    revoked: str | None = None
    destroyed: bool = False
    initialised: bool = False  # initConnection is sent once for a key, not again after a reconnect
    ever_held_twice: bool = False
    code_hashes: dict[str, str] = field(default_factory=dict[str, str], repr=False)
    holders: set[Hashable] = field(default_factory=set[Hashable], repr=False)

    def __post_init__(self) -> None:
        self.key_id = key_id_of(self.key)

    @property
    def name(self) -> str:
        """The session's name in views and the journal: its key's id, not the key."""
        return f"{self.key_id & 0xFFFFFFFFFFFFFFFF:016x}"


class Sessions:
    """All keys that were ever created here."""

    def __init__(self) -> None:
        self.all: list[Session] = []
        self._living: dict[int, Session] = {}

    def add(self, key: bytes, origin: str, account: int | None = None) -> Session:
        """Register a key and return its session."""
        session = Session(key, origin, account)
        self.all.append(session)
        self._living[session.key_id] = session
        return session

    def mint(self, account: int) -> Session:
        """Create a signed-in session, without key exchange and code, and return it."""
        return self.add(secrets.token_bytes(KEY_SIZE), "minted", account)

    def find(self, key_id: int) -> Session | None:
        """Return the session of a key, None if the server does not know the key (any more)."""
        return self._living.get(key_id)

    def destroy(self, session: Session) -> None:
        """Delete the key: its users receive the transport error -404."""
        session.destroyed = True
        self._living.pop(session.key_id, None)

    def hold(self, session: Session, connection: Hashable) -> bool:
        """Register a connection of the session; return whether it is the only one."""
        session.holders.add(connection)
        alone = len(session.holders) == 1
        if not alone:
            session.ever_held_twice = True
        return alone

    def of_account(self, account: int | None) -> list[Session]:
        """Return the sessions of an account with ended ones; all for ``None``."""
        return [session for session in self.all if account in (None, session.account)]


class Salts:
    """The server salts, which change with time, one per key."""

    def __init__(self, seconds: float = 1800.0) -> None:
        self.seconds = seconds
        self._secret = secrets.token_bytes(16)
        self._generation = 0

    def current(self, key_id: int) -> int:
        """Return the salt to use for a key now."""
        return self._salt(key_id, self._window())

    def accepts(self, key_id: int, salt: int) -> bool:
        """Return whether a salt is the current or the previous one."""
        window = self._window()
        return salt in (self._salt(key_id, window), self._salt(key_id, window - 1))

    def rotate(self) -> None:
        """Invalidate all salts so far."""
        self._generation += 2

    def _window(self) -> int:
        return int(time.monotonic() / self.seconds) + self._generation

    def _salt(self, key_id: int, window: int) -> int:
        digest = hmac.digest(self._secret, struct.pack("<qq", key_id, window), hashlib.sha256)
        return int(struct.unpack("<q", digest[:8])[0])


def session_text(session: Session, dc_id: int, host: str, port: int) -> str:
    """Return Telethon's ``StringSession`` text. It is a credential."""
    holder = _string_session()
    holder.set_dc(dc_id, host, port)
    holder.auth_key = _auth_key(session.key)
    return str(holder.save())


def write_session_file(session: Session, path: Path, dc_id: int, host: str, port: int) -> Path:
    """Write a Telethon ``.session`` file (SQLite) and return its path. It is a credential."""
    path = path if path.suffix == ".session" else path.with_name(path.name + ".session")
    holder = _sqlite_session(str(path))
    holder.set_dc(dc_id, host, port)
    holder.auth_key = _auth_key(session.key)
    holder.save()
    holder.close()
    return path
