"""The decision at a due time: raise a cycle, skip it, or stop the adbot."""

from dataclasses import dataclass, replace
from datetime import datetime

from libs.events.scheduler import AdbotStopped, CycleDue, CycleSkipped, SkipReason, StopReason
from libs.events.values import GroupRef
from services.scheduler.schedule.commands import RunDue
from services.scheduler.schedule.private_ids import listed
from services.scheduler.schedule.running import Running
from services.scheduler.schedule.state import Advertisement, Schedule
from services.scheduler.schedule.taking_part import (
    TakingPart,
    counted,
    merged,
    options_for,
    taking_part,
    that_fit,
)

DueEvent = AdbotStopped | CycleDue | CycleSkipped


@dataclass(frozen=True)
class _Run:
    """A running adbot at an instant; `groups` has those of its lists too."""

    command: RunDue
    schedule: Schedule
    running: Running
    advertisement: Advertisement
    groups: tuple[GroupRef, ...]


def run_due(command: RunDue, schedule: Schedule | None) -> list[DueEvent]:
    """Return what follows at an instant at which an adbot is checked; nothing, unless a cycle is due.

    While all adbots are paused none is: the due time is not touched, so that after the pause there is one
    cycle, as after an outage.
    """
    if schedule is None or schedule.running is None or schedule.advertisement is None:
        return []
    groups = merged(schedule.advertisement.groups, command.lists)
    run = _Run(command, schedule, schedule.running, schedule.advertisement, groups)
    if stopped := _must_stop(run):
        return [stopped]
    due = schedule.timing(run.running.interval).latest(run.running.next_due, command.at)
    if due is None or command.switches.paused:
        return []
    return [_advance(run, due)]


def _must_stop(run: _Run) -> AdbotStopped | None:
    command, advertisement = run.command, run.advertisement
    adbot, detail = command.adbot, ""
    reason = adbot.unfit(command.at)
    if reason is None and (forbidden := advertisement.forbidden_to(adbot, run.groups)):
        reason, detail = StopReason.PRIVATE_IDS, listed(forbidden)
    if reason is None and (source := command.switches.blocked_source(advertisement.posts)):
        reason, detail = StopReason.SOURCE_BLOCKED, source
    if reason is None and run.schedule.timing(run.running.interval).ended(command.at):
        reason = StopReason.ENDED
    if reason is None and not run.groups:
        reason = StopReason.NO_GROUPS
    return None if reason is None else AdbotStopped(adbot=adbot.adbot, reason=reason, detail=detail)


def _advance(run: _Run, due: datetime) -> CycleDue | CycleSkipped:
    command, running = run.command, run.running
    adbot, timing, at = command.adbot, run.schedule.timing(running.interval), command.at
    due_at = timing.counted_from(due, at)
    part = TakingPart()
    next_due = timing.after_skipped(due, at)
    if running.busy(adbot.ended_cycle, at - command.cycle_timeout):
        skipped: SkipReason | None = SkipReason.OVERRUN
    elif quiet_until := timing.quiet_until(due_at):
        skipped, next_due = SkipReason.QUIET, quiet_until
    else:
        part = _taking_part(run, due_at)
        skipped = part.skip
    if skipped is not None:
        return CycleSkipped(adbot=adbot.adbot, due_at=due, next_due=next_due, reason=skipped)
    return _cycle(run, part, due_at)


def _cycle(run: _Run, part: TakingPart, due_at: datetime) -> CycleDue:
    command, adbot = run.command, run.command.adbot
    number = run.schedule.cycles + 1
    return CycleDue(
        cycle=command.cycle,
        adbot=adbot.adbot,
        account=adbot.account,
        number=number,
        due_at=due_at,
        next_due=run.schedule.timing(run.running.interval).after(due_at),
        post=run.advertisement.post_of(number, command.cycle),
        groups=part.groups,
        seats=adbot.seats,
        pacing=run.schedule.pacing.of_seats(command.pacing),
        options=run.advertisement.options,
        spaced=part.spaced,
        beyond_limit=part.beyond_limit,
    )


def _taking_part(run: _Run, due_at: datetime) -> TakingPart:
    """Return which groups take part; an adbot without lists and options costs no more than its own groups."""
    command, advertisement = run.command, run.advertisement
    if not command.lists and not advertisement.group_options:
        return taking_part(run.groups, {}, command.switches, {}, due_at)
    groups = counted(advertisement.groups, run.groups, command.limits.groups_of(command.adbot))
    options = options_for(advertisement.group_options, command.lists)
    part = taking_part(groups, options, command.switches, run.schedule.spaced, due_at)
    return that_fit(replace(part, beyond_limit=len(run.groups) - len(groups)))
