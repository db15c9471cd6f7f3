"""How many groups and posts an adbot may have: by its plan, or else as the operator configured."""

from dataclasses import dataclass

from libs.events.values import MAX_GROUPS, MAX_POSTS
from libs.eventsourcing import Event, Refused
from services.scheduler.schedule.adbot import Adbot

_MOST_BYTES = 480_000
"""The size of an event that is surely stored."""


@dataclass(frozen=True)
class Limits:
    """The operator's limits, for adbots whose plan has none."""

    max_groups: int = MAX_GROUPS
    max_posts: int = MAX_POSTS

    def groups_of(self, adbot: Adbot) -> int:
        """Return how many groups an adbot may have."""
        return self.max_groups if adbot.max_groups is None else adbot.max_groups

    def check(self, adbot: Adbot, groups: int, posts: int) -> None:
        """Raise `Refused` for an advertisement with too many groups or posts."""
        most = self.groups_of(adbot)
        if groups > most:
            raise Refused("too_many_groups", f"{groups} groups, {_whose(adbot.max_groups)} at most {most}")
        most = self.max_posts if adbot.max_posts is None else adbot.max_posts
        if posts > most:
            raise Refused("too_many_posts", f"{posts} posts, {_whose(adbot.max_posts)} at most {most}")


def check_size(event: Event, code: str) -> None:
    """Raise `Refused` with this code for an event that is too large to be stored."""
    size = len(event.model_dump_json().encode())
    if size > _MOST_BYTES:
        raise Refused(code, f"{size} bytes, at most {_MOST_BYTES} are stored; name fewer groups and options")


def _whose(of_plan: int | None) -> str:
    return "this service allows" if of_plan is None else "the plan of this adbot allows"
