"""The decisions about a schedule: its advertisement, start and stop, and its due cycles."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import assert_never
from uuid import UUID

from libs.events.results import NotYetKnown
from libs.events.scheduler import (
    AdbotStarted,
    AdbotStopped,
    AdvertisementSet,
    CycleDue,
    CycleSkipped,
    SkipReason,
    StopReason,
)
from libs.events.values import AccountId, AdbotId, GroupRef, Post
from libs.eventsourcing import Decider, ImpossibleEvent, Refused, Snapshots
from services.scheduler.schedule.adbot import Adbot
from services.scheduler.schedule.commands import (
    Command,
    EndPrivate,
    EndUnfit,
    EndWithSource,
    RunDue,
    SetAdvertisement,
    Start,
    Stop,
)
from services.scheduler.schedule.private_ids import listed, private_ids_in, refuse
from services.scheduler.schedule.running import Running

ScheduleEvent = AdvertisementSet | AdbotStarted | AdbotStopped | CycleDue | CycleSkipped

# -- state


@dataclass(frozen=True)
class Advertisement:
    """The post and the groups that it is sent to."""

    post: Post
    groups: tuple[GroupRef, ...]

    def forbidden_to(self, adbot: Adbot) -> list[str]:
        """Return the private ids in it that the adbot's account may not name."""
        return [] if adbot.private_ids else private_ids_in(self.post, self.groups)


@dataclass(frozen=True)
class Schedule:
    """An adbot's advertisement and present run, the number of its cycles, and the last one's due time."""

    adbot: AdbotId
    advertisement: Advertisement | None = None
    running: Running | None = None
    cycles: int = 0
    last_cycle: datetime | None = None

    def first_due(self, at: datetime, interval: timedelta) -> datetime:
        """Return the due time of the first cycle of a run that starts now.

        That is an interval after the last cycle. If this is further ahead than an interval, the last one was
        stamped by a wrong clock: it was before now, so an interval from now is enough.
        """
        if self.last_cycle is None:
            return at
        if self.last_cycle > at + interval:
            return at + interval
        return max(at, self.last_cycle + interval)


def decide(command: Command, schedule: Schedule | None) -> list[ScheduleEvent]:
    """Return the events of ``command``; none, if it is a duplicate."""
    match command:
        case SetAdvertisement():
            return _set_advertisement(command, schedule)
        case Start():
            return _start(command, schedule)
        case Stop():
            _owned(command.adbot, command.account)
            return _stopped(schedule, StopReason.REQUESTED)
        case EndUnfit() | EndPrivate():
            return _end_unfit(command, schedule)
        case EndWithSource():
            broken = schedule is not None and schedule.running and schedule.running.cycle == command.cycle
            return _stopped(schedule, StopReason.SOURCE_BROKEN, command.error) if broken else []
        case RunDue():
            return _run_due(command, schedule)
        case _:
            assert_never(command)


def _owned(adbot: Adbot | None, account: AccountId | None) -> Adbot:
    """Return the adbot if `account` may command it; this is the only check.

    The refusal is the same for another account's adbot as for an unknown one.
    """
    detail = "there is no such adbot" if account is None else "you have no adbot of this id"
    if adbot is None:
        raise NotYetKnown("unknown_adbot", detail)
    if account not in {None, adbot.account}:
        raise Refused("unknown_adbot", detail)
    return adbot


def _set_advertisement(command: SetAdvertisement, schedule: Schedule | None) -> list[ScheduleEvent]:
    adbot = _owned(command.adbot, command.account)
    wanted = Advertisement(command.post, command.groups)
    if forbidden := wanted.forbidden_to(adbot):
        raise refuse(forbidden)
    if schedule is not None and schedule.advertisement == wanted:
        return []
    return [AdvertisementSet(adbot=adbot.adbot, post=wanted.post, groups=wanted.groups)]


def _start(command: Start, schedule: Schedule | None) -> list[ScheduleEvent]:
    adbot = _owned(command.adbot, command.account)
    if schedule is not None and schedule.running is not None:
        return []
    match adbot.unfit(command.at):
        case StopReason.SUSPENDED:
            raise Refused("adbot_suspended", "this adbot is suspended; whoever runs the service knows why")
        case StopReason.EXPIRED:
            raise Refused("adbot_expired", "the plan of this adbot has ended")
        case StopReason.SEATLESS:
            raise Refused("no_seats", "no session is on this adbot yet; its seats wait for stock")
        case _:
            pass
    if schedule is None or schedule.advertisement is None:
        raise Refused("no_post", "no post is set")
    if not schedule.advertisement.groups:
        raise Refused("no_groups", "no group is set")
    if forbidden := schedule.advertisement.forbidden_to(adbot):
        raise refuse(forbidden)
    return [
        AdbotStarted(
            adbot=adbot.adbot,
            started_at=command.at,
            anchor=schedule.first_due(command.at, timedelta(seconds=adbot.interval_seconds)),
            interval_seconds=adbot.interval_seconds,
        )
    ]


def _end_unfit(command: EndUnfit | EndPrivate, schedule: Schedule | None) -> list[ScheduleEvent]:
    if schedule is None or schedule.running is None or schedule.advertisement is None:
        return []
    if isinstance(command, EndUnfit):
        later = schedule.running.started_at > command.reported_at
        return [] if later else _stopped(schedule, command.reason)
    forbidden = schedule.advertisement.forbidden_to(command.adbot) if command.adbot else []
    return _stopped(schedule, StopReason.PRIVATE_IDS, listed(forbidden)) if forbidden else []


def _stopped(schedule: Schedule | None, reason: StopReason, detail: str = "") -> list[ScheduleEvent]:
    if schedule is None or schedule.running is None:
        return []
    return [AdbotStopped(adbot=schedule.adbot, reason=reason, detail=detail)]


def _run_due(command: RunDue, schedule: Schedule | None) -> list[ScheduleEvent]:
    if schedule is None or schedule.running is None or schedule.advertisement is None:
        return []
    adbot, running = command.adbot, schedule.running
    unfit = adbot.unfit(command.at)
    if unfit is not None:
        return _stopped(schedule, unfit)
    if forbidden := schedule.advertisement.forbidden_to(adbot):
        return _stopped(schedule, StopReason.PRIVATE_IDS, listed(forbidden))
    due = running.due(command.at)
    if due is None:
        return []
    if running.busy(adbot.ended_cycle, command.at - command.cycle_timeout):
        next_due = running.next_after(due)
        return [CycleSkipped(adbot=adbot.adbot, due_at=due, next_due=next_due, reason=SkipReason.OVERRUN)]
    due_at = running.counted_from(due, command.at)
    return [
        CycleDue(
            cycle=command.cycle,
            adbot=adbot.adbot,
            account=adbot.account,
            number=schedule.cycles + 1,
            due_at=due_at,
            next_due=running.next_after(due_at),
            post=schedule.advertisement.post,
            groups=schedule.advertisement.groups,
            seats=adbot.seats,
            pacing=command.pacing,
        )
    ]


def evolve(schedule: Schedule | None, event: ScheduleEvent) -> Schedule:
    """Return the schedule after ``event``."""
    before = schedule or Schedule(event.adbot)
    running = before.running
    match event:
        case AdvertisementSet():
            return replace(before, advertisement=Advertisement(event.post, event.groups))
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


def _came_due(schedule: Schedule, running: Running, event: CycleDue) -> Schedule:
    latest = replace(running, next_due=_next_due(event, running), cycle=event.cycle, cycle_due=event.due_at)
    return replace(schedule, running=latest, cycles=event.number, last_cycle=event.due_at)


def _next_due(event: CycleDue | CycleSkipped, running: Running) -> datetime:
    """Return the event's next due time; for schema 1 it is computed from the cadence."""
    return event.next_due or running.next_after(event.due_at)


def correlated_with(command: Command, _: str) -> UUID | None:
    """Return the correlation id of the adbot's order for commands from people, None for others."""
    if isinstance(command, SetAdvertisement | Start | Stop) and command.adbot is not None:
        return command.adbot.correlation_id
    return None


SCHEDULE: Decider[Command, Schedule, ScheduleEvent] = Decider(
    "schedule", decide, evolve, correlated_with=correlated_with, snapshots=Snapshots(Schedule, version=1)
)
