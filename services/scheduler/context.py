"""What the scheduler's handlers work with, besides events and the database."""

from dataclasses import dataclass
from datetime import timedelta

from libs.events.values import Pacing


@dataclass(frozen=True)
class Context:
    """Limits and pacing, as they are set."""

    max_groups: int
    pacing: Pacing
    cycle_timeout: timedelta
    """A cycle that never ends no longer holds the next one up after this time."""
