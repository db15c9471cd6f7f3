"""The present run of an adbot."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from libs.events.values import CycleId


@dataclass(frozen=True)
class Running:
    """The present run: the next cycle is due at `next_due`.

    Cycles of earlier runs have ended: a stop ends them.
    """

    started_at: datetime
    interval: timedelta
    next_due: datetime
    cycle: CycleId | None = None
    cycle_due: datetime | None = None
    cycle_post: str = ""
    """The channel and message of the cycle's post, empty for a text."""

    def next_after(self, due_at: datetime) -> datetime:
        """Return the due time after a cycle of schema 1, which was due, or skipped, at `due_at`."""
        return due_at + self.interval

    def busy(self, ended: CycleId | None, since: datetime) -> bool:
        """Return whether the last cycle is still running and was due after `since`."""
        return self.cycle not in {None, ended} and self.cycle_due is not None and self.cycle_due > since
