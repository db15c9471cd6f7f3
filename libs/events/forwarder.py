"""The events of the forwarder: sessions, cycles and deliveries."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Annotated, ClassVar

from pydantic import Field, StringConstraints

from libs.events.values import (
    AdbotId,
    ApplicationId,
    ChannelPost,
    ChatRef,
    CycleId,
    ErrorName,
    GroupRef,
    Method,
    Pacing,
    Party,
    Post,
    PostCheckId,
    ResultClass,
    SendOptions,
    SessionId,
    SessionLoss,
)
from libs.eventsourcing.model.event import Contract, Event, Upcast

# -- events: stream client-<session>


class SessionImported(Event):
    """A session was read, checked by a sign-in, and its secret stored in the vault. Appended once."""

    session: SessionId
    telegram_user: int
    phone: Annotated[str, StringConstraints(max_length=32)]
    """Masked, such as `+49…42`."""
    pair: ApplicationId | None = None


class SeatRested(Event):
    """Telegram asked this session to wait; it sends nothing before `until`.

    Since schema 2 the result may be `UNREADABLE`. Since schema 3 it may be
    `LEFT_OUT`.
    """

    schema_version: ClassVar[int] = 3
    upcasts: ClassVar[Mapping[int, Upcast]] = {1: dict, 2: dict}

    session: SessionId
    until: datetime
    result: ResultClass
    error: ErrorName


class MethodRested(Event):
    """Telegram asked this session not to call a method before `until`; it goes on with what does not need it.

    Appended again only with a later end.
    """

    session: SessionId
    method: Method
    until: datetime
    error: ErrorName


class SessionDied(Event):
    """Telegram no longer accepts this session. Appended once per session."""

    session: SessionId
    loss: SessionLoss
    error: ErrorName


class SessionUnreachable(Event):
    """A session could not connect several times in a row, while others of the same worker could.

    Appended once until `SessionReachable` or `SessionDied`.
    """

    session: SessionId
    error: ErrorName
    since: datetime
    """The first of these times."""


class SessionReachable(Event):
    """A session that was unreachable was reached again."""

    session: SessionId


# -- events: stream apipair-<pair>


class ApiPairImported(Event):
    """A Telegram application was stored in the vault, which keeps its `api_hash`. Appended once."""

    pair: ApplicationId
    api_id: int


# -- events: stream cycle-<cycle>


class Share(Contract):
    """The groups that one seat serves in one cycle, in sending order."""

    session: SessionId
    pair: ApplicationId
    groups: tuple[GroupRef, ...]


class Delivery(Contract):
    """The outcome of one group in one cycle."""

    group: GroupRef
    session: SessionId | None
    """None if no seat tried."""
    result: ResultClass
    error: ErrorName = ""
    messages: tuple[int, ...] = ()
    """The message ids in the group; several for an album."""
    at: datetime
    party: Party | None = None
    """Whom the answer is about; None if nobody is to blame, or an earlier version recorded it."""


class CycleStarted(Event):
    """A due cycle's groups were distributed over its seats. Appended once per cycle.

    `shares` has every seat that can send, even without groups; a group that refuses all seats is in no share.
    Post and pacing are those of the due cycle. Since schema 2 ids of chats may have more or fewer than ten
    digits, and texts may be formatted. Since schema 3 there are `options`.
    """

    schema_version: ClassVar[int] = 3
    upcasts: ClassVar[Mapping[int, Upcast]] = {1: dict, 2: dict}

    cycle: CycleId
    adbot: AdbotId
    post: Post
    pacing: Pacing
    shares: tuple[Share, ...]
    started_at: datetime
    options: SendOptions = SendOptions()


class ShareMoved(Event):
    """Groups of a running cycle were reassigned, because their seat no longer serves them.

    Since schema 2 ids of chats may have more or fewer than ten digits. Since schema 3 the result may be
    `UNREADABLE`, and there is a `party`. Since schema 4 the result may be
    `LEFT_OUT`.
    """

    schema_version: ClassVar[int] = 4
    upcasts: ClassVar[Mapping[int, Upcast]] = {1: dict, 2: dict, 3: dict}

    cycle: CycleId
    adbot: AdbotId
    session: SessionId
    """The seat that no longer serves the groups."""
    result: ResultClass
    error: ErrorName
    shares: Annotated[tuple[Share, ...], Field(min_length=1)]
    """The groups by their new seats."""
    party: Party | None = None
    """Whom the answer is about that the seat got."""


class DeliveriesRecorded(Event):
    """The final outcomes of a few groups of a cycle. Each group of a cycle is named once.

    Since schema 2 ids of chats may have more or fewer than ten digits. Since schema 3 a result may be
    `UNREADABLE`, and deliveries have a `party`. Since schema 4 a result may be
    `LEFT_OUT`.
    """

    schema_version: ClassVar[int] = 4
    upcasts: ClassVar[Mapping[int, Upcast]] = {1: dict, 2: dict, 3: dict}

    cycle: CycleId
    adbot: AdbotId
    deliveries: Annotated[tuple[Delivery, ...], Field(min_length=1, max_length=20)]


class CycleFinished(Event):
    """All groups of the cycle have an outcome. Appended once per cycle that was not aborted.

    Since schema 2 a result may be `UNREADABLE`. Since schema 3 one may be `LEFT_OUT`.
    """

    schema_version: ClassVar[int] = 3
    upcasts: ClassVar[Mapping[int, Upcast]] = {1: dict, 2: dict}

    cycle: CycleId
    adbot: AdbotId
    counts: dict[ResultClass, int]
    started_at: datetime


class AbortReason(StrEnum):
    """The reason for which a cycle ended before its last group."""

    STOPPED = "stopped"
    SOURCE_BROKEN = "source_broken"
    NO_SEATS = "no_seats"


class CycleAborted(Event):
    """The cycle ended before its last group; its pending groups are not served. Appended once per cycle.

    Since schema 2 a result may be `UNREADABLE`. Since schema 3 one may be `LEFT_OUT`.
    """

    schema_version: ClassVar[int] = 3
    upcasts: ClassVar[Mapping[int, Upcast]] = {1: dict, 2: dict}

    cycle: CycleId
    adbot: AdbotId
    reason: AbortReason
    counts: dict[ResultClass, int]
    started_at: datetime


class SourceBroken(Event):
    """The post is gone, may not be forwarded, can be read by no seat, or was refused by every group."""

    cycle: CycleId
    adbot: AdbotId
    error: ErrorName


# -- events: stream postcheck-<check>


class PostFinding(Contract):
    """What a seat found out about a post."""

    post: ChannelPost
    readable: bool
    forwardable: bool
    """False also if it is not readable."""
    error: ErrorName = ""
    """Why it is not readable."""


class PostChecked(Event):
    """A seat has looked at the posts of a check. Appended once per check and seat, if the seat answers."""

    check: PostCheckId
    adbot: AdbotId
    session: SessionId
    findings: Annotated[tuple[PostFinding, ...], Field(min_length=1, max_length=20)]


# -- events: stream access-<adbot>


class AccessDenied(Event):
    """A group refused a seat or everybody, or a seat can't read the channel of a post, until an instant.

    Appended again when it is refused after the end of the last denial. Since schema 2 the result may be
    `LEFT_OUT`.
    """

    schema_version: ClassVar[int] = 2
    upcasts: ClassVar[Mapping[int, Upcast]] = {1: dict}

    adbot: AdbotId
    party: Party
    session: SessionId | None
    """The seat; None if it is about every seat."""
    ref: GroupRef
    """The group, or the channel of the post."""
    result: ResultClass
    error: ErrorName
    until: datetime
    """Nobody asks again before; the seats of a post's channel are asked if there is no other."""
    times: Annotated[int, Field(ge=1)]
    """How many denials in a row this is; each lasts longer than the one before."""
    at: datetime


class RegainReason(StrEnum):
    """The reason for which denials ended before their time."""

    DELIVERED = "delivered"
    LIFTED = "lifted"
    JOINED = "joined"
    """The account is a member now."""
    ACCOUNT_LIMITED = "account_limited"
    """The account was limited, so the groups were not at fault."""
    SEAT_LEFT = "seat_left"
    READ = "read"
    """Since schema 2 of `AccessRegained`: the seat has read a post of the channel."""


class AccessRegained(Event):
    """Denials ended before their time: those of the seat, at the group or channel, with the error.

    None stands for any. Denials for every seat are meant only if `ref` is given or `session` is None. Since
    schema 2 the reason may be `READ`.
    """

    schema_version: ClassVar[int] = 2
    upcasts: ClassVar[Mapping[int, Upcast]] = {1: dict}

    adbot: AdbotId
    session: SessionId | None
    ref: GroupRef | None
    error: ErrorName | None
    why: RegainReason


class JoinRequested(Event):
    """A seat asked to join a group, of which an admin has to approve. Appended once per seat and group."""

    adbot: AdbotId
    session: SessionId
    group: ChatRef
    at: datetime


class GroupJoined(Event):
    """A seat joined a group for this adbot. Appended once per seat and group."""

    adbot: AdbotId
    session: SessionId
    group: ChatRef
    chat: int
    """The id in Telegram; negative for a basic group, which is no channel."""
    approved: bool
    """An admin approved."""
    at: datetime


class MembershipsForgotten(Event):
    """What a seat joined, or asked to join, for this adbot counts no more: it left the adbot.

    In Telegram the account stays a member. None stands for all seats.
    """

    adbot: AdbotId
    session: SessionId | None


class GroupMoved(Event):
    """A group has another public name, or became a supergroup with another id; it is followed by its id.

    Appended once per change that a send notices.
    """

    adbot: AdbotId
    group: ChatRef
    """The group as the client wrote it."""
    chat: ChatRef
    """Its private id now."""
    name: ChatRef | None
    """Its public name now."""
    at: datetime
