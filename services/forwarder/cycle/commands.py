"""What may be asked of a cycle."""

from dataclasses import dataclass
from datetime import datetime

from libs.events.forwarder import AbortReason, Delivery
from libs.events.values import (
    AdbotId,
    CycleId,
    ErrorName,
    GroupRef,
    Pacing,
    Post,
    ResultClass,
    Seat,
    SessionId,
)
from services.forwarder.cycle.sharing import Seating


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


@dataclass(frozen=True)
class Outcome:
    """What became of a group. `doubtful`: an earlier send may have arrived, nobody knows."""

    delivery: Delivery
    doubtful: bool = False

    @property
    def surely_not(self) -> bool:
        """Whether the group does not hold the post, beyond doubt."""
        return not self.doubtful and not self.delivery.result.delivered


@dataclass(frozen=True)
class RecordOutcomes:
    """Note what became of some groups; a refused one may be tried by another seat."""

    outcomes: tuple[Outcome, ...]
    seating: Seating
    at: datetime


@dataclass(frozen=True)
class LoseSeat:
    """Give the groups of a lost session to the others, but those that it may have served already."""

    session: SessionId
    result: ResultClass
    error: ErrorName
    doubtful: frozenset[GroupRef]
    seating: Seating
    at: datetime


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


Command = Begin | RecordOutcomes | LoseSeat | BreakSource | Abort
