"""The forwarder's port to Telegram."""

from dataclasses import dataclass
from typing import Protocol

from libs.events.values import GroupRef
from services.forwarder.vault.sessions import SessionKey
from services.forwarder.vault.store import ApiPair


class TelegramError(Exception):
    """Telegram refused, or did not answer: `name` is Telegram's name of the reason, or one of `errors`."""

    def __init__(self, name: str, code: int = 0) -> None:
        super().__init__(name)
        self.name = name
        self.code = code


class Unreachable(TelegramError):
    """There is no connection to Telegram: nothing was sent, and nothing is known about the session."""


@dataclass(frozen=True)
class Identity:
    """The Telegram user of a session. `phone` is masked."""

    user: int
    phone: str


@dataclass(frozen=True)
class Peer:
    """A channel or group as seen by one account: the access hash is valid for that account only."""

    channel: int
    access_hash: int


@dataclass(frozen=True)
class Target:
    """A target of sends: a channel or group, or a topic of it."""

    peer: Peer
    topic: int | None = None


class Account(Protocol):
    """A signed-in session with at most one connection; every method raises `TelegramError`."""

    @property
    def connected(self) -> bool:
        """The connection is open."""
        ...

    async def connect(self) -> None:
        """Connect; raise `Unreachable` if Telegram can't be reached."""
        ...

    async def close(self) -> None:
        """Disconnect; may be repeated."""
        ...

    def keep_for(self, seconds: int) -> None:
        """Make Telegram close the connection after these seconds, unless this is called again before."""
        ...

    async def identity(self) -> Identity:
        """Return the session's user."""
        ...

    async def resolve(self, ref: GroupRef) -> Peer:
        """Return the channel or group of a public name, or of the invite link by which it was joined."""
        ...

    async def dialogs(self) -> dict[int, Peer]:
        """Return the channels and groups that the account is a member of, by id."""
        ...

    async def album(self, source: Peer, message: int) -> tuple[int, ...]:
        """Return the ids of a post's messages, ascending; an album has several."""
        ...

    async def forward(
        self, source: Peer, messages: tuple[int, ...], random_ids: tuple[int, ...], target: Target
    ) -> tuple[int, ...]:
        """Forward all messages of a post and return their ids in the target."""
        ...

    async def write(self, text: str, random_id: int, target: Target) -> tuple[int, ...]:
        """Send a text and return its message id in the target."""
        ...


class Telegram(Protocol):
    """Creates accounts from secrets."""

    def knows(self, dc: int) -> bool:
        """Say whether there is a data centre of this number."""
        ...

    def account(self, session: SessionKey, pair: ApiPair) -> Account:
        """Return the account of a session, not yet connected."""
        ...
