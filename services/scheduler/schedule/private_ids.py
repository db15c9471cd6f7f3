"""Ids of chats without a public name, which only trusted accounts may use.

A session is a member of private chats that its operator, or another client, added it to. An account that may
name an id could read them and write to them through the session.
"""

from collections.abc import Sequence

from libs.events.chat_ids import is_private
from libs.events.values import ChannelPost, GroupRef, Post
from libs.eventsourcing import Refused

_NAMED = 20
_NAMED_IN_DETAIL = 3


def private_ids_in(posts: Sequence[Post], groups: Sequence[GroupRef]) -> list[str]:
    """Return the private ids of an advertisement: the posts' channels first, then groups."""
    channels = [f"{post.channel}/{post.message}" for post in posts if isinstance(post, ChannelPost)]
    return [ref for ref in (*channels, *groups) if is_private(ref)]


def refuse(ids: Sequence[str]) -> Refused:
    """Return the refusal of an advertisement that names private ids without permission."""
    return Refused(
        "private_ids_not_allowed",
        f"{listed(ids, _NAMED)}: a chat without a public name may be named only where the operator of this "
        "service allows it; name the chat by @name or by an invite link, or ask the operator",
    )


def listed(ids: Sequence[str], most: int = _NAMED_IN_DETAIL) -> str:
    """Return a text with the first of some ids, and how many more there are."""
    more = len(ids) - most
    return ", ".join(ids[:most]) + (f" and {more} more" if more > 0 else "")
