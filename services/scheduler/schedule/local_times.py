"""Local times of a time zone as instants, also on days when its clocks are changed."""

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from libs.events.cadence import QuietHours, TimetableEntry, Weekday

_DAY = timedelta(days=1)
_DAYS_BACK = 3
"""A time of this many days ago may be moved to now: by quiet hours, and by a day that a zone skipped."""
_WEEKDAYS = tuple(Weekday)


@lru_cache(maxsize=10_000)
def instant(zone: ZoneInfo, day: date, at: time) -> datetime:
    """Return the instant, in UTC, at which a zone's clocks show a time.

    A time that they skip is the next one that they show; of one that they show twice it is the first.
    """
    local = datetime.combine(day, at, zone)
    first = local.astimezone(UTC)
    if first.astimezone(zone).replace(tzinfo=None) == local.replace(tzinfo=None):
        return first
    # the clocks were set forward, in between these two
    before, after = local.replace(fold=1).astimezone(UTC), first
    offset = after.astimezone(zone).utcoffset()
    while after - before > timedelta(seconds=1):
        middle = before + timedelta(seconds=(after - before) // timedelta(seconds=2))
        if middle.astimezone(zone).utcoffset() == offset:
            after = middle
        else:
            before = middle
    return after


def quiet_until(zone: ZoneInfo, quiet: QuietHours, at: datetime) -> datetime | None:
    """Return the end of the quiet hours that an instant is in, None if it is in none."""
    begin, end = time.fromisoformat(quiet.begin), time.fromisoformat(quiet.end)
    nights = _DAY if end <= begin else timedelta(0)
    today = at.astimezone(zone).date()
    for back in range(_DAYS_BACK):
        day = today - back * _DAY
        over = instant(zone, day + nights, end)
        if instant(zone, day, begin) <= at < over:
            return over
    return None


def times_around(zone: ZoneInfo, timetable: Sequence[TimetableEntry], at: datetime) -> Iterator[datetime]:
    """Yield a timetable's instants in order, from a few days before `at` on and without end."""
    days = week_of(timetable)
    day = at.astimezone(zone).date() - _DAYS_BACK * _DAY
    while True:
        for local in days[day.weekday()]:
            yield instant(zone, day, local)
        day += _DAY


def week_of(timetable: Sequence[TimetableEntry]) -> list[list[time]]:
    """Return a timetable's times of each day, Monday first, in order and without duplicates."""
    return [
        sorted({time.fromisoformat(at) for entry in timetable if day in entry.days for at in entry.times})
        for day in _WEEKDAYS
    ]
