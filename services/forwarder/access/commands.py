"""The commands about an adbot's access to groups and channels."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from libs.events.values import AdbotId, ErrorName, GroupRef, Party, ResultClass, SessionId


@dataclass(frozen=True)
class Refusal:
    """A refusal of a seat that outlasts its cycle."""

    party: Party
    """`TARGET`, `SEAT_AT_TARGET` or `SEAT_AT_SOURCE`."""
    session: SessionId
    ref: GroupRef
    """The group, or the channel of the post."""
    result: ResultClass
    error: ErrorName
    passing: bool = False
    """The state of the group often passes by itself, so the first denial ends at once."""
    alone: bool = False
    """No other seat of the adbot can be asked."""
    until: datetime | None = None
    """The end, if the messenger gave one."""


@dataclass(frozen=True)
class Lasting:
    """How long denials last: the first one, and the longest of those that follow, each double the last."""

    first: timedelta
    longest: timedelta = timedelta(days=60)


@dataclass(frozen=True)
class Deny:
    """Store refusals. A group that is gone for one seat is gone for all once a second seat confirms it."""

    adbot: AdbotId
    refusals: tuple[Refusal, ...]
    lasting: Lasting
    at: datetime


@dataclass(frozen=True)
class Deliver:
    """End the denials that a seat's deliveries disprove."""

    session: SessionId
    refs: tuple[GroupRef, ...]
    """The groups that received the post, and the channel that it was read from."""


@dataclass(frozen=True)
class Lift:
    """End all denials at a group: its client says that it is alive."""

    ref: GroupRef


@dataclass(frozen=True)
class Join:
    """End the denials of a seat that were due to its not being a member, at these groups."""

    session: SessionId
    refs: tuple[GroupRef, ...]
    error: ErrorName


@dataclass(frozen=True)
class TakeBack:
    """End the denials of a seat with an error that turned out to be about its account."""

    session: SessionId
    error: ErrorName


@dataclass(frozen=True)
class Leave:
    """Forget the denials of a seat that left the adbot; of all seats and groups if None."""

    session: SessionId | None


@dataclass(frozen=True)
class Read:
    """End the denials of a seat at channels whose posts it has just read."""

    session: SessionId
    refs: tuple[GroupRef, ...]


@dataclass(frozen=True)
class Ask:
    """Store that a seat asked to join a group, without its topic, where an admin has to approve."""

    adbot: AdbotId
    session: SessionId
    ref: GroupRef
    at: datetime


@dataclass(frozen=True)
class Enter:
    """Store that a seat joined a group, without its topic, for this adbot. `chat`: see `GroupJoined`."""

    adbot: AdbotId
    session: SessionId
    ref: GroupRef
    chat: int
    approved: bool
    at: datetime


@dataclass(frozen=True)
class Follow:
    """Store that a group, without its topic, has another id or public name now."""

    adbot: AdbotId
    ref: GroupRef
    chat: GroupRef
    name: GroupRef | None
    at: datetime


Command = Read | Deny | Deliver | Lift | Join | TakeBack | Leave | Ask | Enter | Follow
