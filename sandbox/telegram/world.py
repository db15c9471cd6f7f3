"""The accounts, channels, groups and messages of one sandbox, and their ids."""

import hashlib
import hmac
import itertools
import secrets
import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from sandbox.telegram.errors import SandboxError, UnknownError
from sandbox.telegram.specs import (
    AccountSpec,
    AccountState,
    ChannelSpec,
    ChatKind,
    Denied,
    GroupSpec,
    Media,
    MemberStatus,
    TopicSpec,
    unmarked,
)

FIRST_ACCOUNT = 1001
FIRST_CHAT = 1_500_000_001


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
    """A broadcast channel or a supergroup: in MTProto both are channels."""

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

    def status(self, account: int) -> MemberStatus | None:
        """Return an account's place here; ``None`` for a stranger."""
        return self.members.get(account)

    def inside(self, account: int) -> bool:
        """Return whether the account gets this chat's updates and has it among its dialogs."""
        return not self.deleted and self.members.get(account, MemberStatus.BANNED) is not MemberStatus.BANNED

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


class World:
    """All objects by id and by name, in memory."""

    def __init__(self) -> None:
        self.accounts: dict[int, Account] = {}
        self.chats: dict[int, Chat] = {}
        self.sent: dict[tuple[int, int], Message] = {}  # (account, random id) → the written messages
        self._secret = secrets.token_bytes(16)
        self._usernames: dict[str, Account | Chat] = {}
        self._phones: dict[str, Account] = {}
        self._invites: dict[str, Chat] = {}
        self._numbers = itertools.count(7_000_000_001)

    def new_number(self) -> int:
        """Return a unique number for a file or an album."""
        return next(self._numbers)

    def access_hash(self, viewer: int, peer: int) -> int:
        """Return the access hash of ``peer`` for ``viewer``."""
        digest = hmac.digest(self._secret, f"{viewer}:{peer}".encode(), hashlib.sha256)
        return int(struct.unpack("<q", digest[:8])[0])

    # -- accounts

    def add_account(self, spec: AccountSpec) -> Account:
        """Create an account and return it."""
        number = spec.id or max(self.accounts, default=FIRST_ACCOUNT - 1) + 1
        phone = (spec.phone or f"{88_800_000_000 + number}").lstrip("+")
        if number in self.accounts:
            raise SandboxError(f"there is already an account {number}")
        if phone in self._phones:
            raise SandboxError(f"there is already an account with the phone {phone}")
        account = Account(number, spec.name, phone, spec.username, spec.code)
        self._claim(spec.username, account)
        self.accounts[number] = self._phones[phone] = account
        return account

    def account(self, number: int) -> Account:
        """Return the account, or raise ``UnknownError``."""
        try:
            return self.accounts[number]
        except KeyError:
            raise UnknownError(f"there is no account {number}") from None

    def by_phone(self, phone: str) -> Account | None:
        """Return the account with this phone number, written with or without a plus."""
        return self._phones.get(phone.lstrip("+").replace(" ", ""))

    # -- chats

    def add_chat(self, spec: ChannelSpec | GroupSpec) -> Chat:
        """Create a channel or group without its posts and return it."""
        number = spec.id or max(self.chats, default=FIRST_CHAT - 1) + 1
        if number in self.chats:
            raise SandboxError(f"there is already a chat {number}")
        members = self._places(spec)
        for account in members:
            self.account(account)
        kind = ChatKind.GROUP if isinstance(spec, GroupSpec) else ChatKind.CHANNEL
        invite = spec.invite_hash or secrets.token_urlsafe(12)
        if invite in self._invites:
            raise SandboxError("there is already a chat with this invite hash")
        chat = Chat(number, kind, spec.title, spec.username, invite, datetime.now(UTC), spec.noforwards)
        self._claim(spec.username, chat)
        chat.members.update(members)
        if isinstance(spec, GroupSpec):
            chat.denied = frozenset(spec.denied)
            chat.slow_mode_seconds = spec.slow_mode_seconds
            chat.join_to_send, chat.join_request = spec.join_to_send, spec.join_request
            chat.topics = {topic.id: topic for topic in spec.topics}
        self.chats[number] = self._invites[invite] = chat
        return chat

    def chat(self, number: int) -> Chat:
        """Return the chat with this positive or marked id, or raise ``UnknownError``."""
        try:
            return self.chats[unmarked(number)]
        except KeyError:
            raise UnknownError(f"there is no chat {number}") from None

    def delete_chat(self, chat: Chat) -> None:
        """Mark a chat as deleted, and free its name and its invite link."""
        chat.deleted = True
        self._invites.pop(chat.invite_hash, None)
        if chat.username is not None:
            self._usernames.pop(chat.username.lower(), None)
            chat.username = None

    def by_username(self, username: str) -> Account | Chat | None:
        """Return the user or chat with this public name."""
        return self._usernames.get(username.lower())

    def by_invite(self, invite_hash: str) -> Chat | None:
        """Return the chat of an invite link."""
        return self._invites.get(invite_hash)

    def _claim(self, username: str | None, owner: Account | Chat) -> None:
        if username is None:
            return
        if username.lower() in self._usernames:
            raise SandboxError(f"the username {username} is taken")
        self._usernames[username.lower()] = owner

    @staticmethod
    def _places(spec: ChannelSpec | GroupSpec) -> dict[int, MemberStatus]:
        places = dict.fromkeys(spec.members, MemberStatus.MEMBER)
        places |= dict.fromkeys(spec.admins, MemberStatus.ADMIN)
        places |= dict.fromkeys(spec.banned, MemberStatus.BANNED)
        if isinstance(spec, GroupSpec):
            places |= dict.fromkeys(spec.restricted, MemberStatus.RESTRICTED)
        return places
