"""The arguments of the sandbox's controls, the same in process and over HTTP."""

from enum import StrEnum
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

AccountId = Annotated[int, Field(gt=0, description="A user's id, as in MTProto.")]
ChatId = Annotated[int, Field(description="A channel's positive id, or the same id marked (-100…).")]
Username = Annotated[str, StringConstraints(pattern=r"^[A-Za-z][A-Za-z0-9_]{3,30}[A-Za-z0-9]$")]

MARK = 10**12


def marked(chat: int) -> int:
    """Return the id of a channel or supergroup in the Bot API and Telethon (-100…)."""
    return -(MARK + chat)


def unmarked(chat: int) -> int:
    """Return the positive MTProto id of either form."""
    return -chat - MARK if chat < -MARK else chat


class Document(BaseModel):
    """Immutable, and strict about unknown fields: a typing error in a world file is refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")


# ------------------------------------------------------------------------------------ words


class AccountState(StrEnum):
    """The treatment of an account by Telegram."""

    ACTIVE = "active"
    FROZEN = "frozen"  # may read, every writing method answers FROZEN_METHOD_INVALID
    BANNED = "banned"  # every method answers USER_DEACTIVATED_BAN
    DEACTIVATED = "deactivated"  # every method answers USER_DEACTIVATED


class ChatKind(StrEnum):
    """The kind of a chat. All but basic groups are MTProto channels."""

    CHANNEL = "channel"  # a broadcast channel: admins post
    GROUP = "group"  # a supergroup: members write
    BASIC = "basic"  # a basic group, which is no channel: its id is not marked, and it has no public name


class MemberStatus(StrEnum):
    """The place of an account in one chat, with its rights."""

    MEMBER = "member"
    ADMIN = "admin"
    RESTRICTED = "restricted"  # reads, but a write answers USER_BANNED_IN_CHANNEL
    BANNED = "banned"  # out: everything there answers CHANNEL_PRIVATE


class Denied(StrEnum):
    """A right that a group's default banned rights deny to all but admins."""

    SEND_MESSAGES = "send_messages"  # CHAT_WRITE_FORBIDDEN
    SEND_PLAIN = "send_plain"  # CHAT_SEND_PLAIN_FORBIDDEN
    SEND_MEDIA = "send_media"  # CHAT_SEND_MEDIA_FORBIDDEN
    SEND_PHOTOS = "send_photos"  # CHAT_SEND_PHOTOS_FORBIDDEN
    SEND_DOCS = "send_docs"  # CHAT_SEND_DOCS_FORBIDDEN


class Media(StrEnum):
    """A stub of a file: it has an id and a name, and no bytes."""

    PHOTO = "photo"
    DOCUMENT = "document"


class DuplicateKeys(StrEnum):
    """The result of using one authorization key over two connections at once."""

    REJECT = "reject"  # AUTH_KEY_DUPLICATED, and the key is gone for ever
    ALLOW = "allow"  # served, only recorded


class Repeats(StrEnum):
    """The answer to a write with an already used (account, random id)."""

    ANSWER_AGAIN = "answer_again"  # the first answer; nothing is written
    REFUSE = "refuse"  # RANDOM_ID_DUPLICATE; nothing is written


# ---------------------------------------------------------------------------- what is given


class AccountSpec(Document):
    """An account to create."""

    id: AccountId | None = None
    name: str = "Somebody"
    phone: Annotated[str, StringConstraints(pattern=r"^\+?[0-9]{5,15}$")] | None = None
    username: Username | None = None
    code: str = Field(default="12345", description="The sign-in code that `auth.signIn` accepts.")


class PostSpec(Document):
    """A message to put into a chat."""

    text: str = ""
    id: Annotated[int, Field(gt=0)] | None = Field(default=None, description="The next free one by default.")
    media: Media | None = None
    file_name: str = "file.bin"
    sender: AccountId | None = Field(
        default=None, description="A group's message needs none: then it is anonymous."
    )
    topic: int | None = None

    @model_validator(mode="after")
    def _not_empty(self) -> Self:
        if not self.text and self.media is None:
            raise ValueError("a post needs a text or a media")
        return self


class AlbumSpec(Document):
    """Two to ten messages with one common grouped id."""

    album: list[PostSpec] = Field(min_length=2, max_length=10)


class TopicSpec(Document):
    """A forum topic."""

    id: Annotated[int, Field(gt=0)]
    title: str = "Topic"
    closed: bool = False
    deleted: bool = False


class ChatSettings(Document):
    """The changeable settings of a chat; fields that are left out are unchanged."""

    title: str | None = None
    noforwards: bool | None = None
    denied: list[Denied] | None = None
    slow_mode_seconds: Annotated[int, Field(ge=0)] | None = None
    join_to_send: bool | None = None
    join_request: bool | None = None
    topics: list[TopicSpec] | None = None
    forum: bool | None = None
    username: Username | Literal[""] | None = Field(default=None, description="Empty: it has no name then.")
    more_usernames: list[Username] | None = None
    invite_expired: bool | None = None
    deleted: Literal[True] | None = None
    """The chat is gone, and its name and invite link are free: every call there answers CHANNEL_PRIVATE."""


class ChannelSpec(Document):
    """A broadcast channel to create. Without a username it is private."""

    id: Annotated[int, Field(gt=0)] | None = None
    title: str = "Channel"
    username: Username | None = None
    more_usernames: list[Username] = Field(default_factory=list[str], description="Further public names.")
    invite_hash: str | None = None
    noforwards: bool = False
    members: list[AccountId] = Field(default_factory=list[int])
    admins: list[AccountId] = Field(default_factory=list[int])
    banned: list[AccountId] = Field(default_factory=list[int])
    posts: list[PostSpec | AlbumSpec] = Field(default_factory=list[PostSpec | AlbumSpec])


class GroupSpec(ChannelSpec):
    """A supergroup to create. Without a username it is private; with topics it is a forum."""

    title: str = "Group"
    basic: bool = Field(default=False, description="A basic group, which can be made a supergroup.")
    forum: bool = False
    restricted: list[AccountId] = Field(default_factory=list[int])
    denied: list[Denied] = Field(default_factory=list[Denied])
    slow_mode_seconds: Annotated[int, Field(ge=0)] = 0
    join_to_send: bool = False
    join_request: bool = False
    topics: list[TopicSpec] = Field(default_factory=list[TopicSpec])


class MemberSpec(Document):
    """An account's place in a chat."""

    status: MemberStatus = MemberStatus.MEMBER


class RequestSpec(Document):
    """The answer of an admin to a request to join."""

    approved: bool = True


class AccountStateSpec(Document):
    """The new treatment of an account by Telegram."""

    state: AccountState


class FaultAction(StrEnum):
    """The effect of a fault on a call."""

    ERROR = "error"  # answers (code, name) and executes nothing
    DROP_CONNECTION = "drop_connection"
    NEVER_ANSWER = "never_answer"
    DELAY = "delay"
    HOLD = "hold"  # until the fault is removed
    UNREADABLE = "unreadable"  # answers with a type that no client knows


class FaultMoment(StrEnum):
    """When the fault applies: before the call is executed, or when its answer is due."""

    BEFORE = "before"
    AFTER = "after"


class FaultSpec(Document):
    """A fault to inject: its calls, its effect and its duration.

    The oldest fault that matches a call applies, so several with ``times`` are a sequence. Without ``times``
    and ``for_seconds`` it stays until it is removed.
    """

    account: AccountId | None = Field(default=None, description="Any account, if left out.")
    method: str | None = Field(default=None, description="As `messages.forwardMessages`; any, if left out.")
    chat: ChatId | None = Field(
        default=None, description="Any chat that the call names; any call, if left out."
    )
    action: FaultAction = FaultAction.ERROR
    name: str | None = Field(default=None, description="The error's name, as `FLOOD_WAIT_17`.")
    code: int | None = Field(default=None, description="The error's number; known names have a default.")
    moment: FaultMoment = FaultMoment.BEFORE
    seconds: Annotated[float, Field(ge=0)] = 0.0
    times: Annotated[int, Field(gt=0)] | None = None
    for_seconds: Annotated[float, Field(gt=0)] | None = None

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if (self.action is FaultAction.ERROR) != (self.name is not None):
            raise ValueError("an error, and only an error, needs a name")
        if (self.action is FaultAction.DELAY) != (self.seconds > 0):
            raise ValueError("a delay, and only a delay, needs seconds")
        return self


class Policy(Document):
    """The behaviour of the server; fields that are left out are unchanged.

    ``salt_seconds``: a salt is accepted for this time and once more as long. ``api_ids``: the known api_id →
    api_hash; an empty object accepts any. ``channel_limit``: the most chats of an account.
    """

    duplicate_keys: DuplicateKeys | None = None
    repeats: Repeats | None = None
    salt_seconds: Annotated[float, Field(gt=0)] | None = None
    api_ids: dict[int, str] | None = None
    channel_limit: Annotated[int, Field(gt=0)] | None = None


class WorldSpec(Document):
    """A whole world in one document."""

    accounts: list[AccountSpec] = Field(default_factory=list[AccountSpec])
    channels: list[ChannelSpec] = Field(default_factory=list[ChannelSpec])
    groups: list[GroupSpec] = Field(default_factory=list[GroupSpec])
    faults: list[FaultSpec] = Field(default_factory=list[FaultSpec])
    policy: Policy = Policy()
