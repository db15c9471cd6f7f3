"""The cadence of a running adbot."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from libs.events.values import CycleId

MOST_LATENESS = timedelta(seconds=1)
"""The largest lateness with which a cycle keeps the cadence; for short intervals, a tenth of them."""


@dataclass(frozen=True)
class Running:
    """The present run: cycles are due at `next_due` and every `interval` after it.

    Cycles of earlier runs have ended: a stop ends them.
    """

    started_at: datetime
    interval: timedelta
    next_due: datetime
    cycle: CycleId | None = None
    cycle_due: datetime | None = None

    def due(self, at: datetime) -> datetime | None:
        """Return the latest due time up to now, None if there is none; earlier ones are merged into it."""
        if at < self.next_due:
            return None
        return self.next_due + (at - self.next_due) // self.interval * self.interval

    def counted_from(self, due: datetime, at: datetime) -> datetime:
        """Return the instant from which the interval to the next cycle is counted.

        That is the due time, so that the timer's lateness does not accumulate; after an outage, the present.
        """
        return due if at - due <= min(MOST_LATENESS, self.interval / 10) else at

    def next_after(self, due_at: datetime) -> datetime:
        """Return the due time after a cycle that was due, or skipped, at `due_at`."""
        return due_at + self.interval

    def busy(self, ended: CycleId | None, since: datetime) -> bool:
        """Return whether the last cycle is still running and was due after `since`."""
        return self.cycle not in {None, ended} and self.cycle_due is not None and self.cycle_due > since
