"""The commands to a cycle."""

from dataclasses import dataclass, field
from datetime import datetime

from libs.events.forwarder import AbortReason, Delivery
from libs.events.values import (
    AdbotId,
    CycleId,
    ErrorName,
    GroupRef,
    Pacing,
    Party,
    Post,
    ResultClass,
    Seat,
    SendOptions,
    SessionId,
)
from services.forwarder.cycle.sharing import Seating

MAY_HAVE_ARRIVED = "MAY_HAVE_ARRIVED"
"""The error of a send that was begun and of which nobody knows any more whether it arrived."""


@dataclass(frozen=True)
class Begin:
    """Share a due cycle's groups over its seats."""

    cycle: CycleId
    adbot: AdbotId
    post: Post
    pacing: Pacing
    groups: tuple[GroupRef, ...]
    seats: tuple[Seat, ...]
    seating: Seating
    at: datetime
    options: SendOptions = field(default_factory=SendOptions)


@dataclass(frozen=True)
class Outcome:
    """The outcome of a group. `doubtful`: an earlier send may have arrived, which is unknown."""

    delivery: Delivery
    doubtful: bool = False
    passing: bool = False
    """The refusal is of a state of the group that often passes by itself."""

    @property
    def surely_not(self) -> bool:
        """The post certainly did not reach the group."""
        return not self.doubtful and not self.delivery.result.delivered


@dataclass(frozen=True)
class RecordOutcomes:
    """Record the outcomes of groups; another seat may try a group that refused one."""

    outcomes: tuple[Outcome, ...]
    seating: Seating
    at: datetime


@dataclass(frozen=True)
class LoseSeat:
    """Reassign the groups of a lost session to other seats, except those where its send is doubtful.

    The party may also be `SEAT_AT_SOURCE`: the session can't read the post. If no seat is left that can, the
    post is broken.
    """

    session: SessionId
    result: ResultClass
    error: ErrorName
    doubtful: frozenset[GroupRef]
    seating: Seating
    at: datetime
    party: Party = Party.ACCOUNT


@dataclass(frozen=True)
class BreakSource:
    """End the cycle because its post can't be forwarded."""

    error: ErrorName
    at: datetime


@dataclass(frozen=True)
class Abort:
    """End the cycle before its last group."""

    reason: AbortReason
    at: datetime


@dataclass(frozen=True)
class LeaveOut:
    """Send nothing to groups that the operator has blocked."""

    groups: tuple[GroupRef, ...]
    at: datetime


Command = Begin | RecordOutcomes | LoseSeat | BreakSource | Abort | LeaveOut
