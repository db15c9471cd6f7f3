"""The events and commands of the scheduler: advertisements and cycles."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any, ClassVar

from pydantic import Field, StringConstraints

from libs.events.values import AccountId, AdbotId, CycleId, GroupRef, Pacing, Post, Seat, TextFormat
from libs.eventsourcing.model.event import Command, Event, Upcast


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


class SkipReason(StrEnum):
    """The reason for which a due cycle was skipped."""

    OVERRUN = "overrun"
    """The previous cycle was still running."""


def _started_at_anchor(fields: dict[str, Any]) -> dict[str, Any]:
    """Set `started_at` to the anchor: before schema 2 the first cycle was due at the start."""
    return {**fields, "started_at": fields["anchor"]}


# -- events: stream schedule-<adbot>


class AdvertisementSet(Event):
    """The post and groups of an adbot were set; a running cycle keeps its own.

    Since schema 2 ids of chats may have more or fewer than ten digits, and texts may be formatted.
    """

    schema_version: ClassVar[int] = 2
    upcasts: ClassVar[Mapping[int, Upcast]] = {1: dict}

    adbot: AdbotId
    post: Post
    groups: tuple[GroupRef, ...]


class AdbotStarted(Event):
    """The adbot runs: cycles are due at `anchor` and then every `interval_seconds`.

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

    schema_version: ClassVar[int] = 3
    upcasts: ClassVar[Mapping[int, Upcast]] = {1: dict, 2: dict}

    adbot: AdbotId
    reason: StopReason
    detail: Annotated[str, StringConstraints(max_length=200)] = ""


class CycleDue(Event):
    """A cycle is due: every group is to receive the post once. Appended once per due time, unless skipped.

    Contains the advertisement and the seats as of that instant. `due_at` is the time of the cadence, or the
    time when the cycle is raised, if that is noticeably later, as after an outage. Since schema 2 `next_due`
    is the next due time; before, it was an interval after `due_at`. Since schema 3 ids of chats may have more
    or fewer than ten digits, and texts may be formatted.
    """

    schema_version: ClassVar[int] = 3
    upcasts: ClassVar[Mapping[int, Upcast]] = {1: dict, 2: dict}

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


class CycleSkipped(Event):
    """A due time passed without a cycle. Since schema 2 `next_due` is the next due time."""

    schema_version: ClassVar[int] = 2
    upcasts: ClassVar[Mapping[int, Upcast]] = {1: dict}

    adbot: AdbotId
    due_at: datetime
    next_due: datetime | None = None
    reason: SkipReason


# -- events: stream confirmations-<adbot>


class GroupConfirmed(Event):
    """A client said that a group of the adbot is alive: it is asked again. Appended each time."""

    adbot: AdbotId
    group: GroupRef


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


# -- commands; `account` is the caller's, which must own the adbot, None for an admin

LongText = Annotated[str, StringConstraints(max_length=4096)]


class SetAdvertisement(Command):
    """Set an adbot's post and groups, as written by the client.

    Refused: `unknown_adbot`, `malformed_post`, `malformed_groups` (names the first hundred), `no_groups`,
    `too_many_groups`, `private_ids_not_allowed` (names them). Duplicate groups are merged.
    """

    adbot: AdbotId
    account: AccountId | None
    post: LongText
    """A link to a post, or a text."""
    format: TextFormat = TextFormat.PLAIN
    """The format of the text; ignored for a link."""
    groups: Annotated[tuple[Annotated[str, StringConstraints(max_length=300)], ...], Field(max_length=10_000)]


class StartAdbot(Command):
    """Start an adbot; accepted if it is running.

    The first cycle is due at once, or an interval after the adbot's last cycle. Refused: `unknown_adbot`,
    `adbot_suspended`, `adbot_expired`, `no_seats`, `no_post`, `no_groups`, `private_ids_not_allowed`.
    """

    adbot: AdbotId
    account: AccountId | None


class StopAdbot(Command):
    """Stop an adbot; accepted if it is stopped. Refused: `unknown_adbot`."""

    adbot: AdbotId
    account: AccountId | None


class ConfirmGroup(Command):
    """Say that a group of an adbot is alive: denials of it end, and the next cycle asks it again.

    Refused: `unknown_adbot`, `malformed_groups`.
    """

    adbot: AdbotId
    account: AccountId | None
    group: Annotated[str, StringConstraints(min_length=1, max_length=300)]
    """As in `SetAdvertisement`."""


class AllowPrivateIds(Command):
    """Allow an account's adbots to name chats by private ids; accepted if they are allowed already."""

    account: AccountId
    reason: Reason


class ForbidPrivateIds(Command):
    """Forbid an account's adbots private ids and stop adbots that name some; accepted if not allowed."""

    account: AccountId
    reason: Reason
