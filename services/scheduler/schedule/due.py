"""The decision at a due time: raise a cycle, skip it, or stop the adbot."""

from datetime import datetime

from libs.events.scheduler import AdbotStopped, CycleDue, CycleSkipped, SkipReason, StopReason
from services.scheduler.schedule.commands import RunDue
from services.scheduler.schedule.private_ids import listed
from services.scheduler.schedule.running import Running
from services.scheduler.schedule.state import Advertisement, Schedule

DueEvent = AdbotStopped | CycleDue | CycleSkipped


def run_due(command: RunDue, schedule: Schedule | None) -> list[DueEvent]:
    """Return what follows at an instant at which an adbot is checked; nothing, unless a cycle is due.

    While all adbots are paused none is: the due time is not touched, so that after the pause there is one
    cycle, as after an outage.
    """
    if schedule is None or schedule.running is None or schedule.advertisement is None:
        return []
    running, advertisement = schedule.running, schedule.advertisement
    if stopped := _must_stop(command, schedule, running, advertisement):
        return [stopped]
    due = schedule.timing(running.interval).latest(running.next_due, command.at)
    if due is None or command.switches.paused:
        return []
    return [_advance(command, schedule, running, advertisement, due)]


def _must_stop(
    command: RunDue, schedule: Schedule, running: Running, advertisement: Advertisement
) -> AdbotStopped | None:
    adbot, detail = command.adbot, ""
    reason = adbot.unfit(command.at)
    if reason is None and (forbidden := advertisement.forbidden_to(adbot)):
        reason, detail = StopReason.PRIVATE_IDS, listed(forbidden)
    if reason is None and (source := command.switches.blocked_source(advertisement.posts)):
        reason, detail = StopReason.SOURCE_BLOCKED, source
    if reason is None and schedule.timing(running.interval).ended(command.at):
        reason = StopReason.ENDED
    return None if reason is None else AdbotStopped(adbot=adbot.adbot, reason=reason, detail=detail)


def _advance(
    command: RunDue, schedule: Schedule, running: Running, advertisement: Advertisement, due: datetime
) -> CycleDue | CycleSkipped:
    adbot, timing, at = command.adbot, schedule.timing(running.interval), command.at
    due_at = timing.counted_from(due, at)
    groups = command.switches.allowed_in(advertisement.groups)
    skipped, next_due = None, timing.after_skipped(due, at)
    if running.busy(adbot.ended_cycle, at - command.cycle_timeout):
        skipped = SkipReason.OVERRUN
    elif quiet_until := timing.quiet_until(due_at):
        skipped, next_due = SkipReason.QUIET, quiet_until
    elif not groups:
        skipped = SkipReason.TARGETS_BLOCKED
    if skipped is not None:
        return CycleSkipped(adbot=adbot.adbot, due_at=due, next_due=next_due, reason=skipped)
    number = schedule.cycles + 1
    return CycleDue(
        cycle=command.cycle,
        adbot=adbot.adbot,
        account=adbot.account,
        number=number,
        due_at=due_at,
        next_due=timing.after(due_at),
        post=advertisement.post_of(number, command.cycle),
        groups=groups,
        seats=adbot.seats,
        pacing=schedule.pacing.of_seats(command.pacing),
    )
