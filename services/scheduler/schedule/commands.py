"""What may be asked of a schedule; `account` is who asks, None is an admin."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from libs.events.scheduler import StopReason
from libs.events.values import AccountId, CycleId, GroupRef, Pacing, Post
from services.scheduler.schedule.adbot import Adbot


@dataclass(frozen=True)
class SetAdvertisement:
    """Set the post and the groups."""

    adbot: Adbot | None
    account: AccountId | None
    post: Post
    groups: tuple[GroupRef, ...]
    at: datetime


@dataclass(frozen=True)
class Start:
    """Let cycles come due: the first at once, or an interval after the last one of an earlier run."""

    adbot: Adbot | None
    account: AccountId | None
    at: datetime


@dataclass(frozen=True)
class Stop:
    """Let no more cycles come due, because someone wants it so."""

    adbot: Adbot | None
    account: AccountId | None
    at: datetime


@dataclass(frozen=True)
class EndUnfit:
    """Stop because the adbot may not run any more, as was said then; a later run began in spite of it."""

    reason: StopReason
    reported_at: datetime
    at: datetime


@dataclass(frozen=True)
class EndPrivate:
    """Stop if the advertisement names private ids, and the adbot's account may not do so any more."""

    adbot: Adbot | None


@dataclass(frozen=True)
class EndWithSource:
    """Stop because a cycle found the post gone, or not to be forwarded."""

    cycle: CycleId
    error: str
    at: datetime


@dataclass(frozen=True)
class RunDue:
    """Let the cycle come due whose time has come, if any; it will have the id `cycle`.

    A cycle that came due `patience` ago counts as over, whatever became of it.
    """

    adbot: Adbot
    cycle: CycleId
    pacing: Pacing
    patience: timedelta
    at: datetime


Command = SetAdvertisement | Start | Stop | EndUnfit | EndPrivate | EndWithSource | RunDue
