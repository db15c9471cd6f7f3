"""A seat's pending sends, as they are read from its queue."""

from dataclasses import dataclass, field

from pydantic import TypeAdapter

from libs.events.forwarder import Delivery
from libs.events.values import (
    AdbotId,
    ApplicationId,
    ChannelPost,
    CycleId,
    ErrorName,
    GroupRef,
    Post,
    ResultClass,
    SendOptions,
    TextPost,
)
from libs.eventsourcing import Cause, Row

_POST: TypeAdapter[ChannelPost | TextPost] = TypeAdapter(Post)

Key = tuple[CycleId, GroupRef]


@dataclass(frozen=True)
class Send:
    """A pending send to a group. `attempts`: how many were begun. `doubtful`: see `Outcome`."""

    cycle: CycleId
    group: GroupRef
    pair: ApplicationId
    adbot: AdbotId
    cause: Cause
    """The cycle's `CycleStarted`."""
    post: ChannelPost | TextPost
    delay_seconds: float
    jitter_seconds: float
    attempts: int
    doubtful: bool
    options: SendOptions = field(default_factory=SendOptions)

    @property
    def key(self) -> Key:
        """The send's identity: its cycle and group."""
        return self.cycle, self.group


Delivered = tuple[Send, Delivery]
"""A send that has arrived."""


@dataclass(frozen=True)
class Turn:
    """A seat's next action: none without a send, else the send after the longer of these seconds."""

    send: Send | None
    behind: tuple[Send, ...] = ()
    """Later sends of the same cycle that are due too and were never begun."""
    pause: float = 0.0
    """Seconds until the seat may send: it is paced, or paused by a limit."""
    wait: float = 0.0
    """Seconds until the group's retry is due."""
    rest: float = 0.0
    rest_result: ResultClass = ResultClass.RATE_LIMITED
    rest_error: ErrorName = ""


def send_of(row: Row, like: Send | None = None) -> Send:
    """Return the send of a row; `like` is another one of the same cycle, if there is one."""
    return Send(
        cycle=row["cycle"],
        group=row["grp"],
        pair=row["pair"],
        adbot=row["adbot"],
        cause=Cause(row["correlation_id"], row["started_by"]),
        post=_POST.validate_json(row["post"]) if like is None else like.post,
        delay_seconds=row["delay_seconds"],
        jitter_seconds=row["jitter_seconds"],
        attempts=row["attempts"],
        doubtful=row["doubtful"],
        options=SendOptions.model_validate_json(row["options"]) if like is None else like.options,
    )
