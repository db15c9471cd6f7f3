"""When cycles are due: at an interval or by a timetable, outside of quiet hours, within a period."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from libs.events.cadence import Cadence
from services.scheduler.schedule.local_times import quiet_until, times_around

MOST_LATENESS = timedelta(seconds=1)
"""The largest lateness with which a cycle keeps the cadence; for short intervals, a tenth of them."""
MOST_LATENESS_OF_TIMES = timedelta(minutes=1)
"""The same for a timetable: a cycle raised two seconds late must not rule out one an interval later."""


@dataclass(frozen=True)
class Timing:
    """The due times of a cadence whose cycles are at least an interval apart.

    Quiet hours move a due time to their end. The cadence goes on from there, as after an outage, and so does
    a pause. They say when cycles begin: one that has begun goes on into them.
    """

    cadence: Cadence
    interval: timedelta

    def first(self, not_before: datetime) -> datetime:
        """Return the first due time from an instant on, or the end of the period if that is earlier."""
        cadence = self.cadence
        earliest = max(not_before, cadence.starts_at) if cadence.starts_at else not_before
        if cadence.timetable:
            times = times_around(self._zone, cadence.timetable, earliest)
            due = next(found for at in times if (found := self._after_quiet_hours(at)) >= earliest)
        else:
            due = self._after_quiet_hours(earliest)
        return self._within_period(due)

    def after(self, due_at: datetime) -> datetime:
        """Return the due time after a cycle that was due at an instant."""
        return self.first(due_at + self.interval)

    def after_skipped(self, due: datetime, at: datetime) -> datetime:
        """Return the due time, later than the present, after one that was skipped."""
        following = self.after(due)
        return following if following > at else self.first(at + MOST_LATENESS)

    def latest(self, next_due: datetime, at: datetime) -> datetime | None:
        """Return the latest due time up to now, None if there is none; earlier ones are merged into it."""
        if at < next_due:
            return None
        if not self.cadence.timetable:
            return next_due + (at - next_due) // self.interval * self.interval
        recent = self.first(at - self._most_lateness)
        return max(next_due, recent) if recent <= at else next_due

    def counted_from(self, due: datetime, at: datetime) -> datetime:
        """Return the instant from which the interval to the next cycle is counted.

        That is the due time, so that the timer's lateness does not accumulate; after an outage, the present.
        """
        return due if at - due <= self._most_lateness else at

    def quiet_until(self, at: datetime) -> datetime | None:
        """Return the end of the quiet hours that an instant is in, or of the period; None outside of them."""
        end = self._after_quiet_hours(at)
        return None if end == at else self._within_period(end)

    def ended(self, at: datetime) -> bool:
        """Return whether the period is over."""
        return self.cadence.ends_at is not None and at >= self.cadence.ends_at

    @property
    def _most_lateness(self) -> timedelta:
        most = MOST_LATENESS_OF_TIMES if self.cadence.timetable else MOST_LATENESS
        return min(most, self.interval / 10)

    @property
    def _zone(self) -> ZoneInfo:
        return ZoneInfo(self.cadence.time_zone)

    def _after_quiet_hours(self, at: datetime) -> datetime:
        quiet = self.cadence.quiet_hours
        while quiet is not None and (end := quiet_until(self._zone, quiet, at)) is not None:
            at = end
        return at

    def _within_period(self, due: datetime) -> datetime:
        return min(due, self.cadence.ends_at) if self.cadence.ends_at else due
