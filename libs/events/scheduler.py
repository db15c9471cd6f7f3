"""What the scheduler says and hears: advertisements and cycles."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any, ClassVar

from pydantic import Field, StringConstraints

from libs.events.values import AccountId, AdbotId, CycleId, GroupRef, Pacing, Post, Seat
from libs.eventsourcing.model.event import Command, Event, Upcast


class StopReason(StrEnum):
    """Why an adbot stopped."""

    REQUESTED = "requested"
    EXPIRED = "expired"
    SEATLESS = "seatless"
    SOURCE_BROKEN = "source_broken"
    SUSPENDED = "suspended"
    """Since schema 2 of `AdbotStopped`."""
    PRIVATE_IDS = "private_ids"
    """Since schema 3: the advertisement names private ids, and the account may not."""


class SkipReason(StrEnum):
    """Why a due cycle was not run."""

    OVERRUN = "overrun"
    """The cycle before was still running."""


def _started_at_anchor(fields: dict[str, Any]) -> dict[str, Any]:
    """Until schema 2 the first cycle came due at the start."""
    return {**fields, "started_at": fields["anchor"]}


# -- events: stream schedule-<adbot>


class AdvertisementSet(Event):
    """An adbot's post and groups are these from now on; a running cycle keeps what it started with."""

    adbot: AdbotId
    post: Post
    groups: tuple[GroupRef, ...]


class AdbotStarted(Event):
    """Cycles come due from now on, at `anchor` and then every `interval_seconds`.

    Since schema 2 `anchor` is later than `started_at` where a cycle of an earlier run came due less than an
    interval ago.
    """

    schema_version: ClassVar[int] = 2
    upcasts: ClassVar[Mapping[int, Upcast]] = {1: _started_at_anchor}

    adbot: AdbotId
    started_at: datetime
    anchor: datetime
    interval_seconds: Annotated[int, Field(ge=1)]


class AdbotStopped(Event):
    """No cycle comes due any more, and what a running one has not sent yet is not sent."""

    schema_version: ClassVar[int] = 3
    upcasts: ClassVar[Mapping[int, Upcast]] = {1: dict, 2: dict}

    adbot: AdbotId
    reason: StopReason
    detail: Annotated[str, StringConstraints(max_length=200)] = ""


class CycleDue(Event):
    """Every group is to get the post once, now. Appended once per due time that was not skipped.

    Carries what is to be sent as it was at that moment. `due_at` is the time of the cadence, or, where the
    cycle is raised noticeably later, as after an outage, the time when it is raised. Since schema 2
    `next_due` says when the next one comes due; before, that was an interval after `due_at`.
    """

    schema_version: ClassVar[int] = 2
    upcasts: ClassVar[Mapping[int, Upcast]] = {1: dict}

    cycle: CycleId
    adbot: AdbotId
    account: AccountId
    number: Annotated[int, Field(ge=1, description="Counts the adbot's cycles.")]
    due_at: datetime
    next_due: datetime | None = None
    post: Post
    groups: tuple[GroupRef, ...]
    seats: tuple[Seat, ...]
    pacing: Pacing


class CycleSkipped(Event):
    """A due time passed without a cycle. Since schema 2 `next_due` says when the next one comes."""

    schema_version: ClassVar[int] = 2
    upcasts: ClassVar[Mapping[int, Upcast]] = {1: dict}

    adbot: AdbotId
    due_at: datetime
    next_due: datetime | None = None
    reason: SkipReason


# -- events: stream permissions-<account>

Reason = Annotated[str, StringConstraints(min_length=1, max_length=500, strip_whitespace=True)]
"""Why an operator does something, for people."""


class PrivateIdsAllowed(Event):
    """An account's adbots may name chats without a public name by their ids, until `PrivateIdsForbidden`."""

    account: AccountId
    reason: Reason


class PrivateIdsForbidden(Event):
    """An account's adbots may not name private ids any more. Those that do stop."""

    account: AccountId
    reason: Reason


# -- heard; `account` is who asks and must own the adbot, None is an admin

LongText = Annotated[str, StringConstraints(max_length=4096)]


class SetAdvertisement(Command):
    """Set an adbot's post and groups, as the client wrote them.

    Refused: `unknown_adbot`, `malformed_post`, `malformed_groups` (names the first hundred), `no_groups`,
    `too_many_groups`, `private_ids_not_allowed` (names them). A group named twice is folded into one.
    """

    adbot: AdbotId
    account: AccountId | None
    post: LongText
    """A link to a post, or a text."""
    groups: Annotated[tuple[Annotated[str, StringConstraints(max_length=300)], ...], Field(max_length=10_000)]


class StartAdbot(Command):
    """Start an adbot. A running one stays as it is.

    The first cycle comes due at once, or an interval after the adbot's last cycle. Refused:
    `unknown_adbot`, `adbot_suspended`, `adbot_expired`, `no_seats`, `no_post`, `no_groups`,
    `private_ids_not_allowed`.
    """

    adbot: AdbotId
    account: AccountId | None


class StopAdbot(Command):
    """Stop an adbot. A stopped one stays as it is. Refused: `unknown_adbot`."""

    adbot: AdbotId
    account: AccountId | None


class AllowPrivateIds(Command):
    """Let an account's adbots name chats by private ids; accepted if they may already."""

    account: AccountId
    reason: Reason


class ForbidPrivateIds(Command):
    """Let an account's adbots name no private ids; those that do stop. Accepted if they may not anyway."""

    account: AccountId
    reason: Reason
