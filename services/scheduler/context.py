"""The dependencies of the scheduler's handlers, besides events and the database."""

from dataclasses import dataclass
from datetime import timedelta

from libs.events.values import MAX_GROUPS, MAX_POSTS, Pacing
from services.scheduler.schedule.limits import Limits


@dataclass(frozen=True)
class Context:
    """The limits and the pacing of the settings."""

    max_groups: int
    """How many groups an adbot may have whose plan sets no limit; the same holds for `max_posts`."""
    pacing: Pacing
    cycle_timeout: timedelta
    """The time after its due time when a cycle that did not end no longer delays the next."""
    max_posts: int = MAX_POSTS
    max_list_groups: int = MAX_GROUPS
    max_group_lists: int = 50
    """How many group lists an account may have."""

    @property
    def limits(self) -> Limits:
        """The limits of adbots."""
        return Limits(self.max_groups, self.max_posts)
