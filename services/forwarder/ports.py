"""Telegram, as the forwarder needs it."""

from dataclasses import dataclass
from typing import Protocol

from libs.events.values import GroupRef
from services.forwarder.vault.sessions import SessionKey
from services.forwarder.vault.store import TelegramApplication


class TelegramError(Exception):
    """Telegram refused, or did not answer: `name` is its own name of the reason, or one of `errors`."""

    def __init__(self, name: str, code: int = 0) -> None:
        super().__init__(name)
        self.name = name
        self.code = code


class Unreachable(TelegramError):
    """There is no connection to Telegram: nothing was asked, and it says nothing about the session."""


@dataclass(frozen=True)
class Identity:
    """Who a session belongs to. `phone` is masked."""

    user: int
    phone: str


@dataclass(frozen=True)
class Peer:
    """A channel or group, as one account knows it: the access hash is no one else's."""

    channel: int
    access_hash: int


@dataclass(frozen=True)
class Target:
    """Where to send to."""

    peer: Peer
    topic: int | None = None


class Account(Protocol):
    """A signed-in session. One connection at most; everything raises `TelegramError`."""

    @property
    def connected(self) -> bool:
        """Whether the connection is open."""
        ...

    async def connect(self) -> None:
        """Connect; raise `Unreachable` if Telegram can't be reached."""
        ...

    async def close(self) -> None:
        """Be disconnected, whatever the state was."""
        ...

    def keep_for(self, seconds: int) -> None:
        """Ask Telegram to close the connection unless this is called again within that time."""
        ...

    async def identity(self) -> Identity:
        """Return who this is."""
        ...

    async def resolve(self, ref: GroupRef) -> Peer:
        """Return the channel or group of a public name or an invite link that the account is behind."""
        ...

    async def dialogs(self) -> dict[int, Peer]:
        """Return the channels and groups that the account is in, by their id."""
        ...

    async def album(self, source: Peer, message: int) -> tuple[int, ...]:
        """Return the ids of a post's messages, ascending: several, if it is an album."""
        ...

    async def forward(
        self, source: Peer, messages: tuple[int, ...], random_ids: tuple[int, ...], target: Target
    ) -> tuple[int, ...]:
        """Forward a post whole and return the ids that it has in the target."""
        ...

    async def write(self, text: str, random_id: int, target: Target) -> tuple[int, ...]:
        """Send a text and return the id that it has in the target."""
        ...


class Telegram(Protocol):
    """Makes accounts of secrets."""

    def knows(self, dc: int) -> bool:
        """Say whether there is such a data centre."""
        ...

    def account(self, session: SessionKey, application: TelegramApplication) -> Account:
        """Return the account of a session, not connected yet."""
        ...
