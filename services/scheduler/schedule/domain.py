"""The decisions about a schedule: its advertisement, pacing, start and stop; `due` has those on cycles."""

from collections.abc import Sequence
from datetime import timedelta
from typing import assert_never
from uuid import UUID

from libs.events.scheduler import AdbotStarted, AdbotStopped, PacingSet, StopReason
from libs.eventsourcing import Decider, Refused, Snapshots
from services.scheduler.schedule.adbot import owned
from services.scheduler.schedule.advertising import change_advertisement, set_advertisement, set_option
from services.scheduler.schedule.commands import (
    ChangeAdvertisement,
    Command,
    EndPrivate,
    EndUnfit,
    EndWithSource,
    RunDue,
    SetAdvertisement,
    SetOption,
    SetPacing,
    Start,
    Stop,
)
from services.scheduler.schedule.due import run_due
from services.scheduler.schedule.pacing import check_pacing
from services.scheduler.schedule.private_ids import listed, refuse
from services.scheduler.schedule.state import Schedule, ScheduleEvent, evolve
from services.scheduler.schedule.taking_part import merged
from services.scheduler.schedule.timing import Timing


def decide(command: Command, schedule: Schedule | None) -> Sequence[ScheduleEvent]:
    """Return the events of ``command``; none, if it is a duplicate."""
    match command:
        case SetAdvertisement() | ChangeAdvertisement() | SetOption() | SetPacing():
            return _set(command, schedule)
        case Start():
            return _start(command, schedule)
        case Stop():
            owned(command.adbot, command.account)
            return _stopped(schedule, StopReason.REQUESTED)
        case EndUnfit() | EndPrivate():
            return _end_unfit(command, schedule)
        case EndWithSource():
            return _end_with_source(command, schedule)
        case RunDue():
            return run_due(command, schedule)
        case _:
            assert_never(command)


def _set(
    command: SetAdvertisement | ChangeAdvertisement | SetOption | SetPacing, schedule: Schedule | None
) -> Sequence[ScheduleEvent]:
    match command:
        case SetAdvertisement():
            return set_advertisement(command, schedule)
        case ChangeAdvertisement():
            return change_advertisement(command, schedule)
        case SetOption():
            return set_option(command, schedule)
        case SetPacing():
            return _set_pacing(command, schedule)


def _set_pacing(command: SetPacing, schedule: Schedule | None) -> list[ScheduleEvent]:
    adbot = owned(command.adbot, command.account)
    before, wanted = schedule or Schedule(adbot.adbot), command.pacing
    if before.pacing == wanted:
        return []
    running = before.running
    interval = running.interval if running else timedelta(seconds=adbot.interval_seconds)
    check_pacing(wanted, command.least, interval, command.at)
    if running and wanted.cadence == before.pacing.cadence:
        next_due = running.next_due
    else:
        next_due = Timing(wanted.cadence, interval).first(before.earliest(command.at, interval))
    return [
        PacingSet(
            adbot=adbot.adbot,
            delay_seconds=wanted.delay_seconds,
            jitter_seconds=wanted.jitter_seconds,
            cadence=wanted.cadence,
            next_due=next_due,
        )
    ]


def _start(command: Start, schedule: Schedule | None) -> list[ScheduleEvent]:
    adbot = owned(command.adbot, command.account)
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
    groups = merged(schedule.advertisement.groups, command.lists)
    if not groups:
        raise Refused("no_groups", "no group is set, or the group lists were deleted")
    if forbidden := schedule.advertisement.forbidden_to(adbot, groups):
        raise refuse(forbidden)
    command.switches.check(schedule.advertisement.posts, groups)
    interval = timedelta(seconds=adbot.interval_seconds)
    timing = schedule.timing(interval)
    if timing.ended(command.at):
        raise Refused("period_ended", "ends_at of the pacing has passed; set a later one, or none")
    return [
        AdbotStarted(
            adbot=adbot.adbot,
            started_at=command.at,
            anchor=timing.first(schedule.earliest(command.at, interval)),
            interval_seconds=adbot.interval_seconds,
        )
    ]


def _end_unfit(command: EndUnfit | EndPrivate, schedule: Schedule | None) -> list[ScheduleEvent]:
    if schedule is None or schedule.running is None or schedule.advertisement is None:
        return []
    if isinstance(command, EndUnfit):
        later = schedule.running.started_at > command.reported_at
        return [] if later else _stopped(schedule, command.reason)
    groups = merged(schedule.advertisement.groups, command.lists)
    forbidden = schedule.advertisement.forbidden_to(command.adbot, groups) if command.adbot else []
    return _stopped(schedule, StopReason.PRIVATE_IDS, listed(forbidden)) if forbidden else []


def _end_with_source(command: EndWithSource, schedule: Schedule | None) -> list[ScheduleEvent]:
    """Stop a run whose last cycle this is; of several posts, say which one is broken."""
    if schedule is None or schedule.running is None or schedule.running.cycle != command.cycle:
        return []
    several = schedule.advertisement is not None and schedule.advertisement.more_posts
    which = f" ({schedule.running.cycle_post})" if several and schedule.running.cycle_post else ""
    return _stopped(schedule, StopReason.SOURCE_BROKEN, command.error + which)


def _stopped(schedule: Schedule | None, reason: StopReason, detail: str = "") -> list[ScheduleEvent]:
    if schedule is None or schedule.running is None:
        return []
    return [AdbotStopped(adbot=schedule.adbot, reason=reason, detail=detail)]


_FROM_PEOPLE = (SetAdvertisement, ChangeAdvertisement, SetOption, SetPacing, Start, Stop)


def correlated_with(command: Command, _: str) -> UUID | None:
    """Return the correlation id of the adbot's order for commands from people, None for others."""
    if isinstance(command, _FROM_PEOPLE) and command.adbot is not None:
        return command.adbot.correlation_id
    return None


SCHEDULE: Decider[Command, Schedule, ScheduleEvent] = Decider(
    "schedule", decide, evolve, correlated_with=correlated_with, snapshots=Snapshots(Schedule, version=2)
)
