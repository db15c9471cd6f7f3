"""The operator's switches, as schedules obey them."""

from collections.abc import Sequence
from dataclasses import dataclass

from libs.events.chat_ids import chat_of
from libs.events.values import ChannelPost, GroupRef, Post
from libs.eventsourcing import Refused
from services.scheduler.schedule.private_ids import listed

_NAMED = 100


@dataclass(frozen=True)
class Switches:
    """Blocked groups and channels by their canonical references, and whether all adbots are paused."""

    targets: frozenset[str] = frozenset()
    sources: frozenset[str] = frozenset()
    paused: bool = False

    def blocked_in(self, groups: Sequence[GroupRef]) -> list[GroupRef]:
        """Return those of these groups that are blocked, whatever their topics."""
        return [group for group in groups if chat_of(group) in self.targets]

    def allowed_in(self, groups: Sequence[GroupRef]) -> tuple[GroupRef, ...]:
        """Return those of these groups that are not blocked."""
        return tuple(group for group in groups if chat_of(group) not in self.targets)

    def blocked_source(self, posts: Sequence[Post]) -> str | None:
        """Return the channel of the first of these posts whose channel is blocked, None if there is none."""
        channels = (post.channel for post in posts if isinstance(post, ChannelPost))
        return next((channel for channel in channels if chat_of(channel) in self.sources), None)

    def check(self, posts: Sequence[Post], groups: Sequence[GroupRef]) -> None:
        """Raise `Refused` for an advertisement with a blocked channel or group."""
        if source := self.blocked_source(posts):
            detail = (
                f"{source}: the operator of this service forwards no post of this channel; set another post"
            )
            raise Refused("blocked_source", detail)
        if blocked := self.blocked_in(groups):
            detail = (
                f"{listed(blocked, _NAMED)}: the operator of this service posts nothing there; leave them out"
            )
            raise Refused("blocked_targets", detail)


NONE = Switches()
"""Nothing is blocked or paused."""
