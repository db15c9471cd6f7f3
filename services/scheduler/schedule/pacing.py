"""The rules for the pacing that a client sets. Each refusal names the field and what to do."""

from datetime import datetime, time, timedelta
from itertools import pairwise

from libs.events.cadence import Cadence
from libs.events.time_zones import zone_of
from libs.events.values import Pacing
from libs.eventsourcing import Refused
from libs.telegram_links.links import echo
from services.scheduler.schedule.local_times import week_of
from services.scheduler.schedule.state import AdbotPacing

_MOST_TIMES = 336
"""The largest number of times a week in a timetable: one each half hour."""
_WEEK = timedelta(days=7)
_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


def check_pacing(pacing: AdbotPacing, least: Pacing, interval: timedelta, at: datetime) -> None:
    """Raise `Refused` for a pacing that is not possible, or not allowed to an adbot with this interval."""
    _check_delays(pacing, least)
    cadence = pacing.cadence
    if zone_of(cadence.time_zone) is None:
        detail = f"time_zone: {echo(cadence.time_zone)} is unknown; write a name such as Europe/Berlin or UTC"
        raise Refused("unknown_time_zone", detail)
    quiet = cadence.quiet_hours
    if quiet is not None and quiet.begin == quiet.end:
        detail = f"quiet_hours: {quiet.begin} to {quiet.end} is no time or a whole day; set another end"
        raise Refused("malformed_quiet_hours", detail)
    _check_period(cadence, at)
    _check_timetable(cadence, interval)


def _check_delays(pacing: AdbotPacing, least: Pacing) -> None:
    for field, wanted, limit in (
        ("delay_seconds", pacing.delay_seconds, least.delay_seconds),
        ("jitter_seconds", pacing.jitter_seconds, least.jitter_seconds),
    ):
        if wanted is not None and wanted < limit:
            detail = f"{field}: {wanted:g} is below the least of this service; set {limit:g} or more"
            raise Refused("pacing_below_limit", detail)


def _check_period(cadence: Cadence, at: datetime) -> None:
    if cadence.ends_at is None:
        return
    if cadence.ends_at <= at:
        raise Refused("malformed_period", "ends_at: this instant has passed; set a later one, or none")
    if cadence.starts_at is not None and cadence.starts_at >= cadence.ends_at:
        raise Refused("malformed_period", "ends_at: it is not after starts_at; set a later one, or none")


def _check_timetable(cadence: Cadence, interval: timedelta) -> None:
    """Raise `Refused` if two times of the week are nearer than the interval, clock changes left aside."""
    times = [(day, at) for day, day_times in enumerate(week_of(cadence.timetable)) for at in day_times]
    if len(times) > _MOST_TIMES:
        detail = f"timetable: {len(times)} times a week, at most {_MOST_TIMES} are allowed; leave some out"
        raise Refused("timetable_too_dense", detail)
    if not times:
        return
    circle = [*((_since_monday(*one), one) for one in times), (_since_monday(*times[0]) + _WEEK, times[0])]
    for (earlier, one), (later, other) in pairwise(circle):
        if later - earlier < interval:
            detail = (
                f"timetable: {_said(*one)} and {_said(*other)} are {_minutes(later - earlier)} apart, and "
                f"the plan's interval is {_minutes(interval)}; leave one out"
            )
            raise Refused("timetable_too_dense", detail)


def _since_monday(day: int, at: time) -> timedelta:
    return timedelta(days=day, hours=at.hour, minutes=at.minute)


def _said(day: int, at: time) -> str:
    return f"{_DAYS[day]} {at:%H:%M}"


def _minutes(length: timedelta) -> str:
    return f"{length / timedelta(minutes=1):g} minutes"
