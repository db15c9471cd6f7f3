"""Ids of chats without a public name: only who knows what a session is in may name them.

A session is in private chats that its operator, or another client, brought it into. Whoever may name an id
could have it read from them and write into them.
"""

from collections.abc import Sequence

from libs.events.values import ChannelPost, GroupRef, Post
from libs.eventsourcing import Refused

_MARK = "-100"
_NAMED = 20
_NAMED_IN_DETAIL = 3


def private_ids_in(post: Post, groups: Sequence[GroupRef]) -> list[str]:
    """Return the private ids that an advertisement names: the post's channel first, then groups."""
    channels = [f"{post.channel}/{post.message}"] if isinstance(post, ChannelPost) else []
    return [ref for ref in (*channels, *groups) if ref.startswith(_MARK)]


def refuse(ids: Sequence[str]) -> Refused:
    """Return the refusal of an advertisement that names private ids without permission."""
    return Refused(
        "private_ids_not_allowed",
        f"{listed(ids, _NAMED)}: a chat without a public name may be named only where the operator of this "
        "service allows it; name the chat by @name or by an invite link, or ask the operator",
    )


def listed(ids: Sequence[str], most: int = _NAMED_IN_DETAIL) -> str:
    """Return the first of some ids, and how many more there are."""
    more = len(ids) - most
    return ", ".join(ids[:most]) + (f" and {more} more" if more > 0 else "")
