"""The state of a schedule, folded from its events."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from hashlib import sha256
from typing import assert_never

from libs.events.cadence import Cadence
from libs.events.scheduler import (
    AdbotStarted,
    AdbotStopped,
    AdvertisementSet,
    CycleDue,
    CycleSkipped,
    GroupListId,
    GroupOption,
    GroupOptionSet,
    PacingSet,
    PostOrder,
)
from libs.events.values import AdbotId, ChannelPost, CycleId, GroupRef, Pacing, Post, SendOptions
from libs.eventsourcing import ImpossibleEvent
from services.scheduler.schedule.adbot import Adbot
from services.scheduler.schedule.group_options import remember, with_option
from services.scheduler.schedule.private_ids import private_ids_in
from services.scheduler.schedule.running import Running
from services.scheduler.schedule.timing import Timing

ScheduleEvent = (
    AdvertisementSet | GroupOptionSet | PacingSet | AdbotStarted | AdbotStopped | CycleDue | CycleSkipped
)


AS_USUAL = SendOptions()


@dataclass(frozen=True)
class Advertisement:
    """The posts, of which each cycle sends one, and the groups that they are sent to."""

    post: Post
    groups: tuple[GroupRef, ...]
    more_posts: tuple[Post, ...] = ()
    order: PostOrder = PostOrder.IN_TURN
    lists: tuple[GroupListId, ...] = ()
    """Lists whose groups it is sent to as well, as they are when a cycle is due."""
    group_options: tuple[GroupOption, ...] = ()
    options: SendOptions = AS_USUAL

    @property
    def posts(self) -> tuple[Post, ...]:
        """All posts, in their order."""
        return (self.post, *self.more_posts)

    def post_of(self, number: int, cycle: CycleId) -> Post:
        """Return the post of a cycle; a random one is drawn from the cycle's id, so it is always the same."""
        if self.order is PostOrder.IN_TURN:
            return self.posts[(number - 1) % len(self.posts)]
        drawn = int.from_bytes(sha256(cycle.bytes).digest()[:8])
        return self.posts[drawn % len(self.posts)]

    def forbidden_to(self, adbot: Adbot, groups: Sequence[GroupRef]) -> list[str]:
        """Return the private ids in its posts and these groups that the adbot's account may not name."""
        return [] if adbot.private_ids else private_ids_in(self.posts, groups)


_EVENLY = Cadence()


@dataclass(frozen=True)
class AdbotPacing:
    """The pacing that the client set; None where the operator's applies."""

    delay_seconds: float | None = None
    jitter_seconds: float | None = None
    cadence: Cadence = _EVENLY

    def of_seats(self, least: Pacing) -> Pacing:
        """Return the pacing of each seat: not below the operator's, also if that was raised since."""
        return Pacing(
            delay_seconds=max(self.delay_seconds or 0, least.delay_seconds),
            jitter_seconds=max(self.jitter_seconds or 0, least.jitter_seconds),
        )


@dataclass(frozen=True)
class Schedule:
    """An adbot's advertisement, pacing and present run, the number of its cycles, and its last due time.

    `spaced` says when groups with `every_seconds` last took part in a cycle.
    """

    adbot: AdbotId
    advertisement: Advertisement | None = None
    running: Running | None = None
    cycles: int = 0
    last_cycle: datetime | None = None
    pacing: AdbotPacing = AdbotPacing()
    spaced: dict[str, datetime] = field(default_factory=dict[str, datetime])

    def timing(self, interval: timedelta) -> Timing:
        """Return when cycles are due that are at least this interval apart."""
        return Timing(self.pacing.cadence, interval)

    def earliest(self, at: datetime, interval: timedelta) -> datetime:
        """Return the instant before which no further cycle is due: an interval after the last one, or now.

        If that is further ahead than an interval, the last one was stamped by a wrong clock: it was before
        now, so an interval from now is enough.
        """
        if self.last_cycle is None:
            return at
        if self.last_cycle > at + interval:
            return at + interval
        return max(at, self.last_cycle + interval)


def evolve(schedule: Schedule | None, event: ScheduleEvent) -> Schedule:
    """Return the schedule after ``event``."""
    before = schedule or Schedule(event.adbot)
    running = before.running
    match event:
        case AdvertisementSet():
            return replace(before, advertisement=_advertised(event))
        case GroupOptionSet() | PacingSet():
            return _changed(before, event)
        case AdbotStarted() if running is None:
            interval = timedelta(seconds=event.interval_seconds)
            return replace(before, running=Running(event.started_at, interval, next_due=event.anchor))
        case AdbotStopped() if running is not None:
            return replace(before, running=None)
        case CycleDue() if running is not None:
            return _came_due(before, running, event)
        case CycleSkipped() if running is not None:
            return replace(before, running=replace(running, next_due=_next_due(event, running)))
        case AdbotStarted() | AdbotStopped() | CycleDue() | CycleSkipped():
            message = f"{type(event).__name__} while the adbot is {'running' if running else 'stopped'}"
            raise ImpossibleEvent(message)
        case _:
            assert_never(event)


def _advertised(event: AdvertisementSet) -> Advertisement:
    return Advertisement(
        event.post,
        event.groups,
        event.more_posts,
        event.order,
        event.lists,
        event.group_options,
        event.options,
    )


def _changed(schedule: Schedule, event: GroupOptionSet | PacingSet) -> Schedule:
    if isinstance(event, PacingSet):
        return _paced(schedule, event)
    if schedule.advertisement is None:
        message = "GroupOptionSet before the first AdvertisementSet"
        raise ImpossibleEvent(message)
    options = with_option(schedule.advertisement.group_options, event.option)
    return replace(schedule, advertisement=replace(schedule.advertisement, group_options=options))


def _paced(schedule: Schedule, event: PacingSet) -> Schedule:
    pacing = AdbotPacing(event.delay_seconds, event.jitter_seconds, event.cadence)
    running = schedule.running
    if running is not None:
        running = replace(running, next_due=event.next_due)
    return replace(schedule, pacing=pacing, running=running)


def _came_due(schedule: Schedule, running: Running, event: CycleDue) -> Schedule:
    post = event.post
    latest = replace(
        running,
        next_due=_next_due(event, running),
        cycle=event.cycle,
        cycle_due=event.due_at,
        cycle_post=f"{post.channel}/{post.message}" if isinstance(post, ChannelPost) else "",
    )
    spaced = schedule.spaced
    if spaced or event.spaced:
        spaced = remember(spaced, event.spaced, event.due_at)
    return replace(schedule, running=latest, cycles=event.number, last_cycle=event.due_at, spaced=spaced)


def _next_due(event: CycleDue | CycleSkipped, running: Running) -> datetime:
    """Return the event's next due time; for schema 1 it is computed from the interval."""
    return event.next_due or running.next_after(event.due_at)
