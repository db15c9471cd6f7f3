"""The objects of a sandbox's world: accounts, chats and messages."""

import itertools
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from sandbox.telegram.errors import SandboxError
from sandbox.telegram.specs import AccountState, ChatKind, Denied, Media, MemberStatus, TopicSpec


@dataclass(slots=True)
class Account:
    """A user of this world."""

    id: int
    name: str
    phone: str
    username: str | None
    code: str
    state: AccountState = AccountState.ACTIVE


@dataclass(frozen=True, slots=True)
class Origin:
    """The origin of a forwarded message."""

    date: datetime
    chat: int | None = None
    post: int | None = None
    account: int | None = None


@dataclass(frozen=True, slots=True)
class File:
    """A media stub."""

    id: int
    kind: Media
    name: str


@dataclass(frozen=True, slots=True)
class Draft:
    """The content of a message, before a chat gives it an id and a date."""

    text: str
    sender: int | None = None
    file: File | None = None
    forwarded_from: Origin | None = None
    source: Origin | None = None
    grouped_id: int | None = None
    topic: int | None = None
    reply_to: int | None = None
    random_id: int | None = None
    entities: tuple[Any, ...] = ()  # formatting, as Telethon's objects


@dataclass(frozen=True, slots=True)
class Message:
    """A message in a chat; ``pts`` is the chat's state after it."""

    id: int
    chat: int
    pts: int
    date: datetime
    draft: Draft


@dataclass(slots=True)
class Chat:
    """A broadcast channel, a supergroup or a basic group: in MTProto the first two are channels."""

    id: int
    kind: ChatKind
    title: str
    username: str | None
    invite_hash: str
    created: datetime
    noforwards: bool = False
    denied: frozenset[Denied] = frozenset()
    slow_mode_seconds: int = 0
    join_to_send: bool = False
    join_request: bool = False
    invite_expired: bool = False
    deleted: bool = False
    forum: bool = False
    more_usernames: list[str] = field(default_factory=list[str])
    migrated_to: int | None = None  # the supergroup that a basic group became
    requests: set[int] = field(default_factory=set[int])  # the accounts that asked to join
    topics: dict[int, TopicSpec] = field(default_factory=dict[int, TopicSpec])
    members: dict[int, MemberStatus] = field(default_factory=dict[int, MemberStatus])
    messages: dict[int, Message] = field(default_factory=dict[int, Message])  # by id, ascending
    deletions: list[tuple[int, int]] = field(default_factory=list[tuple[int, int]])  # (pts, message id)
    last_written: dict[int, float] = field(default_factory=dict[int, float])  # account → monotonic
    pts: int = 1
    last_id: int = 0

    @property
    def broadcast(self) -> bool:
        """It is a broadcast channel."""
        return self.kind is ChatKind.CHANNEL

    @property
    def basic(self) -> bool:
        """It is a basic group, not a channel."""
        return self.kind is ChatKind.BASIC

    @property
    def has_topics(self) -> bool:
        """It is a forum."""
        return self.forum or bool(self.topics)

    def status(self, account: int) -> MemberStatus | None:
        """Return an account's place here; ``None`` for a stranger."""
        return self.members.get(account)

    def inside(self, account: int) -> bool:
        """Return whether the account gets this chat's updates and has it among its dialogs."""
        gone = self.deleted or self.migrated_to is not None
        return not gone and self.members.get(account, MemberStatus.BANNED) is not MemberStatus.BANNED

    def insiders(self) -> Iterator[int]:
        """Yield the accounts that get this chat's updates."""
        return (account for account in self.members if self.inside(account))

    def add(self, draft: Draft, message_id: int | None = None) -> Message:
        """Add a message and return it."""
        number = self.last_id + 1 if message_id is None else message_id
        if number <= self.last_id:
            raise SandboxError(f"chat {self.id} is already at message {self.last_id}")
        self.pts += 1
        self.last_id = number
        message = Message(number, self.id, self.pts, datetime.now(UTC), draft)
        self.messages[number] = message
        return message

    def delete(self, ids: Iterable[int]) -> list[int]:
        """Delete messages; return those that existed."""
        gone = [number for number in ids if self.messages.pop(number, None)]
        for number in gone:
            self.pts += 1
            self.deletions.append((self.pts, number))
        return gone

    def since(self, pts: int) -> list[Message]:
        """Return the messages after the state ``pts``, oldest first."""
        newer = itertools.takewhile(lambda message: message.pts > pts, reversed(self.messages.values()))
        return list(newer)[::-1]

    @property
    def last(self) -> Message | None:
        """The latest message that was not deleted."""
        return next(reversed(self.messages.values()), None)
