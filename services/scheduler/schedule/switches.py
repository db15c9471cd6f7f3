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

    def blocked_source(self, post: Post) -> str | None:
        """Return the post's channel if it is blocked, else None."""
        if isinstance(post, ChannelPost) and chat_of(post.channel) in self.sources:
            return post.channel
        return None

    def check(self, post: Post, groups: Sequence[GroupRef]) -> None:
        """Raise `Refused` for an advertisement with a blocked channel or group."""
        if source := self.blocked_source(post):
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
