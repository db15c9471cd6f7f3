"""The state of a schedule, folded from its events."""

from dataclasses import dataclass, replace
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
    PacingSet,
    PostOrder,
)
from libs.events.values import AdbotId, ChannelPost, CycleId, GroupRef, Pacing, Post
from libs.eventsourcing import ImpossibleEvent
from services.scheduler.schedule.adbot import Adbot
from services.scheduler.schedule.private_ids import private_ids_in
from services.scheduler.schedule.running import Running
from services.scheduler.schedule.timing import Timing

ScheduleEvent = AdvertisementSet | PacingSet | AdbotStarted | AdbotStopped | CycleDue | CycleSkipped


@dataclass(frozen=True)
class Advertisement:
    """The posts, of which each cycle sends one, and the groups that they are sent to."""

    post: Post
    groups: tuple[GroupRef, ...]
    more_posts: tuple[Post, ...] = ()
    order: PostOrder = PostOrder.IN_TURN

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

    def forbidden_to(self, adbot: Adbot) -> list[str]:
        """Return the private ids in it that the adbot's account may not name."""
        return [] if adbot.private_ids else private_ids_in(self.posts, self.groups)


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
    """An adbot's advertisement, pacing and present run, the number of its cycles, and its last due time."""

    adbot: AdbotId
    advertisement: Advertisement | None = None
    running: Running | None = None
    cycles: int = 0
    last_cycle: datetime | None = None
    pacing: AdbotPacing = AdbotPacing()

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
            wanted = Advertisement(event.post, event.groups, event.more_posts, event.order)
            return replace(before, advertisement=wanted)
        case PacingSet():
            return _paced(before, event)
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
    return replace(schedule, running=latest, cycles=event.number, last_cycle=event.due_at)


def _next_due(event: CycleDue | CycleSkipped, running: Running) -> datetime:
    """Return the event's next due time; for schema 1 it is computed from the interval."""
    return event.next_due or running.next_after(event.due_at)
