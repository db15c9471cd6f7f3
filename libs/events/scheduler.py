"""The events of the scheduler: advertisements and cycles."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any, ClassVar, NewType
from uuid import UUID

from pydantic import ConfigDict, Field, StringConstraints

from libs.events.cadence import Cadence
from libs.events.values import (
    AccountId,
    AdbotId,
    ChannelPost,
    ChannelRef,
    ChatRef,
    CycleId,
    GroupRef,
    Pacing,
    Post,
    PostCheckId,
    Seat,
    SendOptions,
)
from libs.eventsourcing.model.event import Contract, Event, Upcast


class StopReason(StrEnum):
    """The reason for which an adbot stopped."""

    REQUESTED = "requested"
    EXPIRED = "expired"
    SEATLESS = "seatless"
    SOURCE_BROKEN = "source_broken"
    SUSPENDED = "suspended"
    """Since schema 2 of `AdbotStopped`."""
    PRIVATE_IDS = "private_ids"
    """Since schema 3: the advertisement names private ids, and the account may not."""
    ENDED = "ended"
    """Since schema 4: the end that the client set has come."""
    SOURCE_BLOCKED = "source_blocked"
    """Since schema 4: the operator blocked the channel of the post."""
    NO_GROUPS = "no_groups"
    """Since schema 5: it has no groups of its own, and its group lists were deleted."""


class SkipReason(StrEnum):
    """The reason for which a due cycle was skipped."""

    OVERRUN = "overrun"
    """The previous cycle was still running."""
    QUIET = "quiet"
    """Since schema 3 of `CycleSkipped`: it was late, as after an outage, and in quiet hours by then."""
    TARGETS_BLOCKED = "targets_blocked"
    """Since schema 3: the operator blocked all its groups."""
    GROUPS_NOT_DUE = "groups_not_due"
    """Since schema 4: all its groups are paused, or took part less than their `every_seconds` ago."""


class PostOrder(StrEnum):
    """How the posts of an advertisement are chosen from, one for each cycle."""

    IN_TURN = "in_turn"
    RANDOM = "random"


GroupListId = NewType("GroupListId", UUID)


class GroupOption(Contract):
    """What differs for one group of an advertisement or of a list."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    group: GroupRef
    paused: bool = False
    """No cycle sends to it."""
    every_seconds: Annotated[int, Field(ge=1, le=30 * 86_400)] | None = None
    """A cycle leaves it out within so many seconds of the last one that did not; null: each cycle sends."""

    @property
    def differs(self) -> bool:
        """Whether it says anything that holds for some cycles only."""
        return self.paused or self.every_seconds is not None


def _started_at_anchor(fields: dict[str, Any]) -> dict[str, Any]:
    """Set `started_at` to the anchor: before schema 2 the first cycle was due at the start."""
    return {**fields, "started_at": fields["anchor"]}


# -- events: stream schedule-<adbot>


class AdvertisementSet(Event):
    """The posts and groups of an adbot were set; a running cycle keeps its own. Each cycle sends one post.

    Since schema 2 ids of chats may have more or fewer than ten digits, and texts may be formatted. Since
    schema 3 there may be several posts. Since schema 4 there are group lists and options, and `groups` may be
    empty if there is a list.
    """

    schema_version: ClassVar[int] = 4
    upcasts: ClassVar[Mapping[int, Upcast]] = {1: dict, 2: dict, 3: dict}

    adbot: AdbotId
    post: Post
    """The first one."""
    groups: tuple[GroupRef, ...]
    more_posts: Annotated[tuple[Post, ...], Field(max_length=19)] = ()
    order: PostOrder = PostOrder.IN_TURN
    lists: Annotated[tuple[GroupListId, ...], Field(max_length=20)] = ()
    """The account's group lists whose groups it sends to too, as they are when a cycle is due."""
    group_options: Annotated[tuple[GroupOption, ...], Field(max_length=10_000)] = ()
    """Only of groups for which something differs; it counts before the option of a list."""
    options: SendOptions = SendOptions()


class GroupOptionSet(Event):
    """The option of one group of an advertisement was set, in place of the one that it had.

    One without any difference lets each cycle send to the group, whatever the option of a list says. Lasts
    until the next `AdvertisementSet`, which contains all options.
    """

    adbot: AdbotId
    option: GroupOption


class PacingSet(Event):
    """The pacing of an adbot was set: the delays between the sends of a seat, and when cycles are due.

    A running cycle keeps its own. `next_due` is when the next cycle is due now, also of a stopped adbot if it
    is started.
    """

    adbot: AdbotId
    delay_seconds: Annotated[float, Field(ge=0, le=3600)] | None
    """None: as the operator configured; the same holds for `jitter_seconds`."""
    jitter_seconds: Annotated[float, Field(ge=0, le=3600)] | None
    cadence: Cadence
    next_due: datetime


class AdbotStarted(Event):
    """The adbot runs: cycles are due at `anchor` and then every `interval_seconds`, or as its pacing says.

    Since schema 2 `anchor` is later than `started_at` if a cycle of an earlier run was due less than an
    interval ago.
    """

    schema_version: ClassVar[int] = 2
    upcasts: ClassVar[Mapping[int, Upcast]] = {1: _started_at_anchor}

    adbot: AdbotId
    started_at: datetime
    anchor: datetime
    interval_seconds: Annotated[int, Field(ge=1)]


class AdbotStopped(Event):
    """The adbot no longer runs: no cycle is due, and pending sends of a running one are dropped."""

    schema_version: ClassVar[int] = 5
    upcasts: ClassVar[Mapping[int, Upcast]] = {1: dict, 2: dict, 3: dict, 4: dict}

    adbot: AdbotId
    reason: StopReason
    detail: Annotated[str, StringConstraints(max_length=200)] = ""


class CycleDue(Event):
    """A cycle is due: every group is to receive the post once. Appended once per due time, unless skipped.

    Contains the advertisement and the seats as of that instant. `due_at` is the time of the cadence, or the
    time when the cycle is raised, if that is noticeably later, as after an outage. Groups that the operator
    blocked are left out. Since schema 2 `next_due` is the next due time; before, it was an interval after
    `due_at`. It is the end that the client set if no cycle is due before. Since schema 3 ids of chats may
    have more or fewer than ten digits, and texts may be formatted. Since schema 4 there are options.
    """

    schema_version: ClassVar[int] = 4
    upcasts: ClassVar[Mapping[int, Upcast]] = {1: dict, 2: dict, 3: dict}

    cycle: CycleId
    adbot: AdbotId
    account: AccountId
    number: Annotated[int, Field(ge=1, description="The number of the cycle among the adbot's.")]
    due_at: datetime
    next_due: datetime | None = None
    post: Post
    groups: tuple[GroupRef, ...]
    seats: tuple[Seat, ...]
    pacing: Pacing
    options: SendOptions = SendOptions()
    spaced: tuple[GroupRef, ...] = ()
    """Those of its groups that have `every_seconds`: each begins again with this cycle."""
    beyond_limit: Annotated[int, Field(ge=0)] = 0
    """How many groups, the last ones of its lists, the adbot's limit leaves out: the lists grew since."""


class CycleSkipped(Event):
    """A due time passed without a cycle. Since schema 2 `next_due` is the next due time."""

    schema_version: ClassVar[int] = 4
    upcasts: ClassVar[Mapping[int, Upcast]] = {1: dict, 2: dict, 3: dict}

    adbot: AdbotId
    due_at: datetime
    next_due: datetime | None = None
    reason: SkipReason


# -- events: stream grouplist-<list>


class GroupListSet(Event):
    """A group list of an account was made or changed; adbots that use it send to its groups."""

    list: GroupListId
    account: AccountId
    name: Annotated[str, StringConstraints(min_length=1, max_length=100, strip_whitespace=True)]
    groups: Annotated[tuple[GroupRef, ...], Field(min_length=1, max_length=10_000)]
    group_options: Annotated[tuple[GroupOption, ...], Field(max_length=10_000)] = ()


class ListGroupOptionSet(Event):
    """The option of one group of a list was set, in place of the one that it had.

    Lasts until the next `GroupListSet`, which contains all options.
    """

    list: GroupListId
    account: AccountId
    option: GroupOption


class GroupListDeleted(Event):
    """A group list was deleted; adbots that use it send to its groups no longer."""

    list: GroupListId
    account: AccountId


# -- events: stream confirmations-<adbot>


class GroupConfirmed(Event):
    """A client said that a group of the adbot is alive: it is asked again. Appended each time."""

    adbot: AdbotId
    group: GroupRef


# -- events: stream postchecks-<adbot>


class PostCheckRequested(Event):
    """A client asked whether the seats of an adbot can read posts, and may forward them."""

    check: PostCheckId
    adbot: AdbotId
    account: AccountId
    posts: Annotated[tuple[ChannelPost, ...], Field(min_length=1, max_length=20)]
    seats: Annotated[tuple[Seat, ...], Field(min_length=1)]
    requested_at: datetime
    expires_at: datetime
    """No seat answers later."""


# -- events: stream permissions-<account>

Reason = Annotated[str, StringConstraints(min_length=1, max_length=500, strip_whitespace=True)]
"""An operator's reason, for people."""


class PrivateIdsAllowed(Event):
    """An account's adbots may name chats without a public name by their ids, until `PrivateIdsForbidden`."""

    account: AccountId
    reason: Reason


class PrivateIdsForbidden(Event):
    """An account's adbots may no longer name private ids. Adbots that do are stopped."""

    account: AccountId
    reason: Reason


# -- events: stream operations-all


class AllPaused(Event):
    """The operator paused all adbots: no cycle is due, and nothing is sent, until `AllResumed`.

    Cycles that would have been due meanwhile become one, as after an outage.
    """

    reason: Reason


class AllResumed(Event):
    """The operator ended the pause of all adbots."""

    reason: Reason


class TargetBlocked(Event):
    """The operator blocked a group: nothing is sent to it or to its topics until `TargetUnblocked`."""

    target: ChatRef
    reason: Reason


class TargetUnblocked(Event):
    """The operator unblocked a group."""

    target: ChatRef
    reason: Reason


class SourceBlocked(Event):
    """The operator blocked a channel: no post of it is sent until `SourceUnblocked`.

    Adbots that send one are stopped.
    """

    source: ChannelRef
    reason: Reason


class SourceUnblocked(Event):
    """The operator unblocked a channel."""

    source: ChannelRef
    reason: Reason
