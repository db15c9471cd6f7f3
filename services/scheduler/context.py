"""The dependencies of the scheduler's handlers, besides events and the database."""

from dataclasses import dataclass
from datetime import timedelta

from libs.events.values import Pacing


@dataclass(frozen=True)
class Context:
    """The limits and the pacing of the settings."""

    max_groups: int
    pacing: Pacing
    cycle_timeout: timedelta
    """The time after its due time when a cycle that did not end no longer delays the next."""
