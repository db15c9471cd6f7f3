"""The results of the sandbox's controls, the same in process and over HTTP."""

from datetime import datetime

from pydantic import Field

from sandbox.telegram.specs import (
    AccountState,
    ChatKind,
    Denied,
    Document,
    FaultSpec,
    Media,
    MemberStatus,
    TopicSpec,
)


class AccountView(Document):
    """An account."""

    id: int
    name: str
    phone: str
    username: str | None
    code: str
    state: AccountState


class ChatView(Document):
    """A channel or group."""

    id: int
    marked_id: int
    kind: ChatKind
    title: str
    username: str | None
    invite_link: str
    noforwards: bool
    denied: list[Denied]
    slow_mode_seconds: int
    topics: list[TopicSpec]
    requests: list[int] = Field(description="The accounts that asked to join and wait for an answer.")
    migrated_to: int | None
    members: dict[int, MemberStatus]
    message_count: int


class ForwardedFrom(Document):
    """The origin of a forwarded message: a channel's post, or an account's message."""

    chat: int | None = None
    marked_chat: int | None = None
    post: int | None = None
    account: int | None = None


class MessageView(Document):
    """A message in a chat."""

    id: int
    chat: int
    date: datetime
    text: str
    entities: list[str] = Field(description="The kinds of formatting in the text, by Telethon's names.")
    sender: int | None
    forwarded_from: ForwardedFrom | None
    source: ForwardedFrom | None = Field(description="What was forwarded, even with the author dropped.")
    grouped_id: int | None
    topic: int | None
    media: Media | None
    random_id: int | None


class SessionView(Document):
    """The state of an authorization key. The key itself is never shown."""

    id: str
    account: int | None
    origin: str = Field(description="`minted` or `handshake`.")
    api_id: int | None
    revoked: str | None = Field(description="The error it answers with since it was revoked.")
    destroyed: bool
    connections: int
    ever_held_twice: bool


class MintedSession(Document):
    """A signed-in session; the text is a credential."""

    session: str = Field(repr=False)


class FaultView(Document):
    """An active fault."""

    id: int
    spec: FaultSpec
    struck: int
    times_left: int | None
    seconds_left: float | None


class JournalEntry(Document):
    """A call to the server, or an event of a connection (`transport.*`)."""

    number: int
    at: datetime
    monotonic: float
    connection: int
    session: str | None
    account: int | None
    method: str
    chat: int | None = Field(default=None, description="Where to.")
    source: int | None = Field(default=None, description="Where from, for a forward.")
    message_ids: list[int] = Field(default_factory=list[int])
    random_ids: list[int] = Field(default_factory=list[int])
    written_ids: list[int] = Field(default_factory=list[int], description="The messages that came of it.")
    outcome: str = Field(description="`ok`, `repeat`, `not_executed`, or an error's name.")
    answered: bool = True
    fault: int | None = Field(default=None, description="The fault that struck.")
    detail: str = ""


class Count(Document):
    """The number of calls of a method with one outcome."""

    method: str
    outcome: str
    times: int


class JournalQuery(Document):
    """The filter of journal entries; fields that are left out match all."""

    account: int | None = None
    method: str | None = None
    chat: int | None = None
    outcome: str | None = None
    after: int = Field(default=0, description="Only entries with a greater number.")
    limit: int = Field(default=1000, gt=0)


class Endpoint(Document):
    """The addresses of the server and its public key."""

    host: str
    port: int
    dc_id: int
    public_key_pem: str
    control_url: str | None = None
