"""The commands to a schedule; `account` is the caller's, None for an admin."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from libs.events.scheduler import GroupListId, GroupOption, PostOrder, StopReason
from libs.events.values import AccountId, CycleId, GroupRef, Pacing, Post, SendOptions
from services.scheduler.schedule.adbot import Adbot
from services.scheduler.schedule.limits import Limits
from services.scheduler.schedule.state import AS_USUAL, AdbotPacing
from services.scheduler.schedule.switches import NONE, Switches
from services.scheduler.schedule.taking_part import GroupList

UNLIMITED = Limits()


@dataclass(frozen=True)
class SetAdvertisement:
    """Set the posts and the groups; `lists` has those of the lists in `list_ids` that the account has."""

    adbot: Adbot | None
    account: AccountId | None
    post: Post
    groups: tuple[GroupRef, ...]
    at: datetime
    switches: Switches = NONE
    more_posts: tuple[Post, ...] = ()
    order: PostOrder = PostOrder.IN_TURN
    list_ids: tuple[GroupListId, ...] = ()
    lists: tuple[GroupList, ...] = ()
    group_options: tuple[GroupOption, ...] = ()
    options: SendOptions = AS_USUAL
    limits: Limits = UNLIMITED


@dataclass(frozen=True)
class ChangeAdvertisement:
    """Change the post or the adbot's own groups; None leaves them as they are."""

    adbot: Adbot | None
    account: AccountId | None
    post: Post | None
    groups: tuple[GroupRef, ...] | None
    switches: Switches = NONE
    lists: tuple[GroupList, ...] = ()
    """The lists that the adbot uses."""
    limits: Limits = UNLIMITED


@dataclass(frozen=True)
class SetOption:
    """Set the option of one group; here as in the commands below, `lists` are those that the adbot uses."""

    adbot: Adbot | None
    account: AccountId | None
    option: GroupOption
    lists: tuple[GroupList, ...] = ()


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
    lists: tuple[GroupList, ...] = ()


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
    lists: tuple[GroupList, ...] = ()


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
    lists: tuple[GroupList, ...] = ()
    limits: Limits = UNLIMITED


Command = (
    SetAdvertisement
    | ChangeAdvertisement
    | SetOption
    | SetPacing
    | Start
    | Stop
    | EndUnfit
    | EndPrivate
    | EndWithSource
    | RunDue
)
