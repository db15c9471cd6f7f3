"""A messenger, as the forwarder needs it: accounts that resolve references, fetch posts, and send them.

Nothing here is of one platform. How accounts are signed in, how chats are addressed, and what a refusal
means, is each messenger's adapter's.
"""

from dataclasses import dataclass, field
from typing import Protocol, TypeVar

from libs.events.values import ApplicationId, ErrorName, GroupRef, ResultClass, SessionId, SessionLoss

Credentials_contra = TypeVar("Credentials_contra", contravariant=True)
"""An account's credentials, in a form that only the adapter and the vault know."""


@dataclass(frozen=True)
class Meaning:
    """The meaning of a messenger's error for the forwarder."""

    result: ResultClass
    result_at_source: ResultClass
    """Where it came from looking at the post, not at a group."""
    wait_seconds: int = 0
    """The seconds that it asks to wait; 0 if it names no time."""
    loss: SessionLoss = SessionLoss.RETIRED
    """The loss that it means for a session, if any."""
    disconnects: bool = False
    """True if the connection is unusable afterwards."""
    of_application: bool = False
    """True if it concerns the Telegram application, not the session."""


class MessengerError(Exception):
    """The messenger refused, or did not answer; `name` is the reason, as it or its adapter calls it."""

    def __init__(self, name: ErrorName, meaning: Meaning) -> None:
        super().__init__(name)
        self.name = name
        self.meaning = meaning


class Unreachable(MessengerError):
    """There is no connection to the messenger: nothing was asked, and it says nothing about the session."""

    def __init__(self, name: ErrorName) -> None:
        super().__init__(name, Meaning(ResultClass.TRANSIENT, ResultClass.TRANSIENT, disconnects=True))


class NotAMember(MessengerError):
    """The account is in no chat of this reference."""

    def __init__(self) -> None:
        super().__init__("NOT_A_MEMBER", Meaning(ResultClass.TARGET_GONE, ResultClass.SOURCE_BROKEN))


class NoCredentials(Exception):
    """The vault lacks a session's key or a Telegram application; an operator has to look."""


@dataclass(frozen=True)
class Identity:
    """The Telegram user of a session. `phone` is masked."""

    user: int
    phone: str


@dataclass(frozen=True)
class Peer:
    """A channel or group, as one account addresses it: the key is no one else's."""

    chat: int
    key: int = field(repr=False)


@dataclass(frozen=True)
class Target:
    """Where to send to."""

    peer: Peer
    topic: int | None = None


class Account(Protocol):
    """A signed-in session. One connection at most; everything raises `MessengerError`."""

    @property
    def connected(self) -> bool:
        """Whether the connection is open."""
        ...

    async def connect(self) -> None:
        """Connect; raise `Unreachable` if the messenger can't be reached."""
        ...

    async def close(self) -> None:
        """Be disconnected, whatever the state was."""
        ...

    def keep_for(self, seconds: int) -> None:
        """Let the messenger close the connection unless this is called again within that time."""
        ...

    async def identity(self) -> Identity:
        """Return who this is."""
        ...

    async def resolve(self, ref: GroupRef) -> Peer:
        """Return the channel or group of a public name or an invite link that the account is behind."""
        ...

    async def chats(self) -> dict[GroupRef, Peer]:
        """Return the channels and groups that the account is in, by the private ids that name them."""
        ...

    async def fetch(self, source: Peer, message: int) -> tuple[int, ...]:
        """Return the ids of a post's messages, ascending: several, if it is an album."""
        ...

    async def forward(
        self, source: Peer, messages: tuple[int, ...], keys: tuple[int, ...], target: Target
    ) -> tuple[int, ...]:
        """Forward a post whole and return the ids that it has in the target; a key per message.

        What was sent to a target under the same keys before is not sent again: none or all is returned, or
        an error of the class `ALREADY_SENT` raised.
        """
        ...

    async def write(self, text: str, key: int, target: Target) -> tuple[int, ...]:
        """Send a text and return the id that it has in the target; `key` is as in `forward`."""
        ...


class Messenger(Protocol[Credentials_contra]):
    """Makes accounts of credentials."""

    def account(self, credentials: Credentials_contra) -> Account:
        """Return the account of a session, not connected yet."""
        ...


class Accounts(Protocol):
    """The accounts of sessions that were imported."""

    @property
    def ban(self) -> ErrorName:
        """The error by which a group bans an account; several say that the account is limited."""
        ...

    async def open(self, session: SessionId, application: ApplicationId) -> Account:
        """Return a session's account that connects through a Telegram application, not connected.

        Raise `NoCredentials`.
        """
        ...
