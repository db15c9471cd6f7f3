"""The accounts, channels, groups and messages of one sandbox, and their ids."""

import hashlib
import hmac
import itertools
import secrets
import struct
from collections.abc import Iterable
from datetime import UTC, datetime

from sandbox.telegram.errors import SandboxError, UnknownError
from sandbox.telegram.objects import Account, Chat, Message
from sandbox.telegram.specs import (
    AccountSpec,
    ChannelSpec,
    ChatKind,
    GroupSpec,
    MemberStatus,
    unmarked,
)

FIRST_ACCOUNT = 1001
FIRST_CHAT = 1_500_000_001


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
        kind = _kind(spec)
        if kind is ChatKind.BASIC and (spec.username or spec.more_usernames):
            raise SandboxError("a basic group has no public name")
        invite = spec.invite_hash or secrets.token_urlsafe(12)
        if invite in self._invites:
            raise SandboxError("there is already a chat with this invite hash")
        chat = Chat(number, kind, spec.title, None, invite, datetime.now(UTC), spec.noforwards)
        self.rename(chat, spec.username)
        self.name_further(chat, spec.more_usernames)
        chat.members.update(members)
        if isinstance(spec, GroupSpec):
            chat.denied = frozenset(spec.denied)
            chat.slow_mode_seconds = spec.slow_mode_seconds
            chat.join_to_send, chat.join_request = spec.join_to_send, spec.join_request
            chat.forum = spec.forum
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
        self.rename(chat, None)
        self.name_further(chat, [])

    def rename(self, chat: Chat, username: str | None) -> None:
        """Give a chat another public name, or none; its last one is free then."""
        if username != chat.username:
            self._claim(username, chat)
            self._usernames.pop((chat.username or "").lower(), None)
            chat.username = username

    def name_further(self, chat: Chat, usernames: Iterable[str]) -> None:
        """Give a chat other further public names; its last ones are free then."""
        for username in chat.more_usernames:
            self._usernames.pop(username.lower(), None)
        chat.more_usernames = []
        for username in usernames:
            self._claim(username, chat)
            chat.more_usernames.append(username)

    def migrate(self, chat: Chat) -> Chat:
        """Make a supergroup of a basic group, with its members and its invite link; return the new one."""
        if not chat.basic or chat.migrated_to is not None:
            raise SandboxError(f"chat {chat.id} is no basic group")
        number = max(self.chats) + 1
        made = Chat(number, ChatKind.GROUP, chat.title, None, chat.invite_hash, datetime.now(UTC))
        made.members.update(chat.members)
        made.denied, made.join_request = chat.denied, chat.join_request
        self.chats[number] = self._invites[chat.invite_hash] = made
        chat.migrated_to = number
        return made

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


def _kind(spec: ChannelSpec | GroupSpec) -> ChatKind:
    if not isinstance(spec, GroupSpec):
        return ChatKind.CHANNEL
    return ChatKind.BASIC if spec.basic else ChatKind.GROUP
