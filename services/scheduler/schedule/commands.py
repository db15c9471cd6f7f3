"""The commands to a schedule; `account` is the caller's, None for an admin."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from libs.events.scheduler import PostOrder, StopReason
from libs.events.values import AccountId, CycleId, GroupRef, Pacing, Post
from services.scheduler.schedule.adbot import Adbot
from services.scheduler.schedule.state import AdbotPacing
from services.scheduler.schedule.switches import NONE, Switches


@dataclass(frozen=True)
class SetAdvertisement:
    """Set the posts and the groups."""

    adbot: Adbot | None
    account: AccountId | None
    post: Post
    groups: tuple[GroupRef, ...]
    at: datetime
    switches: Switches = NONE
    more_posts: tuple[Post, ...] = ()
    order: PostOrder = PostOrder.IN_TURN


@dataclass(frozen=True)
class SetPacing:
    """Set the pacing, which must not be below `least`, the operator's."""

    adbot: Adbot | None
    account: AccountId | None
    pacing: AdbotPacing
    least: Pacing
    at: datetime


@dataclass(frozen=True)
class Start:
    """Start the adbot: cycles are due from now, or from an interval after an earlier run's last one."""

    adbot: Adbot | None
    account: AccountId | None
    at: datetime
    switches: Switches = NONE


@dataclass(frozen=True)
class Stop:
    """Stop the adbot at somebody's request."""

    adbot: Adbot | None
    account: AccountId | None
    at: datetime


@dataclass(frozen=True)
class EndUnfit:
    """Stop a run that began before `said_at`, the instant from which the adbot may not run."""

    reason: StopReason
    reported_at: datetime
    at: datetime


@dataclass(frozen=True)
class EndPrivate:
    """Stop if the advertisement names private ids, which the adbot's account may no longer do."""

    adbot: Adbot | None


@dataclass(frozen=True)
class EndWithSource:
    """Stop because a cycle found that the post is gone or may not be forwarded."""

    cycle: CycleId
    error: str
    at: datetime


@dataclass(frozen=True)
class RunDue:
    """Raise the cycle that is due, if one is, with the id `cycle`; `pacing` is the operator's.

    A cycle that was due `cycle_timeout` ago counts as ended, whatever its state.
    """

    adbot: Adbot
    cycle: CycleId
    pacing: Pacing
    cycle_timeout: timedelta
    at: datetime
    switches: Switches = NONE


Command = SetAdvertisement | SetPacing | Start | Stop | EndUnfit | EndPrivate | EndWithSource | RunDue
