"""The port to a messenger: accounts that resolve references, fetch posts and send them.

Nothing here depends on one platform: sign-in, the addresses of chats and the meaning of errors belong to each
messenger's adapter.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol, TypeVar

from libs.events.values import (
    ApplicationId,
    ErrorName,
    GroupRef,
    Party,
    ResultClass,
    SessionId,
    SessionLoss,
    TextPost,
)

Credentials_contra = TypeVar("Credentials_contra", contravariant=True)
"""The credentials of an account, in a type of the messenger's adapter and the vault."""


@dataclass(frozen=True)
class Meaning:
    """The meaning of a messenger's error to the forwarder."""

    result: ResultClass
    result_at_source: ResultClass
    """The result if the error is the answer to a look at the post, not to a send."""
    party: Party | None = None
    """Whom the error is about; None if nobody is to blame."""
    party_at_source: Party | None = None
    """Whom the error is about as the answer to a look at the post."""
    wait_seconds: int = 0
    """The seconds that the error asks to wait; 0 if it asks for none."""
    loss: SessionLoss = SessionLoss.RETIRED
    """The status of a session that is lost by this error."""
    disconnects: bool = False
    """The connection can't be used any more."""
    of_application: bool = False
    """The error is about the connecting application, not about the session."""
    in_topic: bool = False
    """If a topic was given, the error is about the topic, which is gone."""
    asks_source: bool = False
    """As an answer to a forward the error may be about the post: look at it again to find out."""
    stale: bool = False
    """What was remembered may be outdated: refresh it once before concluding."""
    passing: bool = False
    """It is of a state that often passes by itself."""
    unsure: bool = False
    """It also comes and goes: the session is lost only if a new connection gets such an answer too."""
    of_stranger: bool = False
    """It may be due to the account's not being a member, which may join."""


class MessengerError(Exception):
    """The messenger refused, or did not answer; `name` is the messenger's or its adapter's error name."""

    def __init__(self, name: ErrorName, meaning: Meaning) -> None:
        super().__init__(name)
        self.name = name
        self.meaning = meaning


class Unreachable(MessengerError):
    """There is no connection to the messenger: nothing was sent, and nothing is known about the session."""

    def __init__(self, name: ErrorName) -> None:
        super().__init__(name, Meaning(ResultClass.TRANSIENT, ResultClass.TRANSIENT, disconnects=True))


NOT_A_MEMBER = "NOT_A_MEMBER"


class NotAMember(MessengerError):
    """The account is not a member of the referenced chat."""

    def __init__(self) -> None:
        meaning = Meaning(
            ResultClass.TARGET_GONE,
            ResultClass.SOURCE_BROKEN,
            Party.SEAT_AT_TARGET,
            Party.SEAT_AT_SOURCE,
            passing=True,
        )
        super().__init__(NOT_A_MEMBER, meaning)


class AwaitsApproval(MessengerError):
    """The account has asked to join; an admin of the group has to approve."""

    def __init__(self) -> None:
        super().__init__("JOIN_REQUESTED", Meaning(ResultClass.LEFT_OUT, ResultClass.LEFT_OUT))


TOO_MANY_CHATS = "TOO_MANY_CHATS"


class TooManyChats(MessengerError):
    """The account is a member of as many chats as it may be; another one may be able to join."""

    def __init__(self) -> None:
        meaning = Meaning(
            ResultClass.TARGET_DENIED, ResultClass.SOURCE_BROKEN, Party.SEAT_AT_TARGET, Party.SEAT_AT_SOURCE
        )
        super().__init__(TOO_MANY_CHATS, meaning)


class NoCredentials(Exception):
    """The credentials of a session or of its application are not stored; an operator has to act."""


@dataclass(frozen=True)
class Identity:
    """The user of a session. `phone` is masked."""

    user: int
    phone: str


@dataclass(frozen=True)
class Peer:
    """A channel or group as addressed by one account: the key is valid for that account only.

    The id of a basic group, which is no channel, is negative here.
    """

    chat: int
    key: int = field(repr=False)


@dataclass(frozen=True)
class Chat:
    """What an account knows about a channel or group."""

    peer: Peer
    names: tuple[GroupRef, ...] = ()
    """Its public names."""
    forum: bool | None = None
    """It has topics; None if that is not known."""
    member: bool = True
    approval: bool = False
    """An admin has to approve of new members."""


@dataclass(frozen=True)
class Target:
    """A target of sends: a channel or group, or a topic of it."""

    peer: Peer
    topic: int | None = None


class Account(Protocol):
    """A signed-in session with at most one connection; every method raises `MessengerError`."""

    @property
    def connected(self) -> bool:
        """The connection is open."""
        ...

    async def connect(self) -> None:
        """Connect; raise `Unreachable` if the messenger can't be reached."""
        ...

    async def close(self) -> None:
        """Disconnect; may be repeated."""
        ...

    def keep_for(self, seconds: int) -> None:
        """Make the messenger close the connection after these seconds, unless this is called again before."""
        ...

    async def identity(self) -> Identity:
        """Return the session's user."""
        ...

    async def resolve(self, ref: GroupRef) -> Chat:
        """Return the channel or group of a public name or an invite link.

        Raise `NotAMember` if only members are shown what an invite link leads to.
        """
        ...

    async def chats(self) -> dict[GroupRef, Chat]:
        """Return the channels and groups that the account is a member of, by their private ids."""
        ...

    async def look(self, peer: Peer) -> Chat | None:
        """Return a known chat as it is now; None if it is gone, or the account was removed from it.

        It has another id if it was a basic group, which became a supergroup.
        """
        ...

    async def join(self, chat: GroupRef | Peer) -> Chat:
        """Join a chat, by an invite link or as a known peer, and return it; joining twice changes nothing.

        Raise `AwaitsApproval` or `TooManyChats`.
        """
        ...

    def take_seen(self) -> Sequence[Chat]:
        """Return the chats that answers showed since the last call, each as it was shown last."""
        ...

    async def fetch(self, source: Peer, message: int) -> tuple[int, ...]:
        """Return the ids of a post's messages, ascending; an album has several."""
        ...

    async def inspect(self, source: Peer, messages: Sequence[int]) -> dict[int, bool]:
        """Return which of these messages of a channel exist, each with whether it may be forwarded."""
        ...

    async def forward(
        self,
        source: Peer,
        messages: tuple[int, ...],
        keys: tuple[int, ...],
        target: Target,
        *,
        author: bool = True,
    ) -> tuple[int, ...]:
        """Forward all messages of a post, each with a key, and return their ids in the target.

        Without the author they do not show where they are from.

        Messages sent to a target under the same keys before are not sent again: the ids of all or none are
        returned, or an error of the class `ALREADY_SENT` is raised.
        """
        ...

    async def write(self, post: TextPost, key: int, target: Target) -> tuple[int, ...]:
        """Send a text, formatted, and return its message id in the target; `key` is as in `forward`."""
        ...

    async def newest(self, targets: Sequence[Target]) -> Mapping[Target, int]:
        """Return the ids of the newest messages in targets; those that can't be read are left out."""
        ...

    async def delete(self, chat: Peer, messages: Sequence[int]) -> None:
        """Delete messages that the account has sent to a chat; those that are gone are ignored."""
        ...


class Messenger(Protocol[Credentials_contra]):
    """Creates accounts from credentials."""

    async def account(self, credentials: Credentials_contra) -> Account:
        """Return the account of a session, not yet connected."""
        ...


class Accounts(Protocol):
    """The accounts of imported sessions."""

    @property
    def ban(self) -> ErrorName:
        """The error with which a group bans an account; several mean that the account is limited."""
        ...

    async def open(self, session: SessionId, application: ApplicationId | None) -> Account:
        """Return a session's account with an application, not yet connected; raise `NoCredentials`.

        None is the application with which sessions are checked that have none yet.
        """
        ...
