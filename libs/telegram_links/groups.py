"""Reads a group as people write it: a name, an id or a link, with a topic or without."""

import re

from libs.events.values import GroupRef
from libs.telegram_links.links import Link, Malformed, channel_id, like_a_link, name, number, read_link

_MARKED = re.compile(r"-1(?P<id>[0-9]{12})")


def parse_group(text: str) -> GroupRef:
    """Return the canonical form of a group's name, id or link, which is not empty. Raises `Malformed`."""
    if text.startswith("@"):
        public, _, topic = text[1:].partition("/")
        return _with_topic(Link(name(public)), topic)
    if text[0] in "-0123456789":
        marked, _, topic = text.partition("/")
        return _with_topic(Link(_private(marked)), topic)
    if text.startswith("+"):
        text = f"t.me/{text}"  # an invitation in its canonical form, as answers show it
    if not like_a_link(text):
        raise Malformed("neither @name, nor a t.me link, nor an id that begins with -100")
    link = read_link(text)
    if len(link.numbers) > 1:
        raise Malformed("the link has too many parts; it names a message")
    return _with_topic(link)


def _private(marked: str) -> GroupRef:
    """Return the reference of an id as clients show it: -(10¹² + id) for channels and supergroups."""
    if found := _MARKED.fullmatch(marked):
        return channel_id(found["id"].lstrip("0"))
    if marked[:1] == "-" and marked[1:].isdecimal() and len(marked) < len("-1000000000000"):
        raise Malformed(
            "the id of a basic group, to which nothing is sent; if it has become a supergroup, name it by "
            "its new id, which begins with -100 and has 13 digits"
        )
    raise Malformed("a group's id begins with -100 and has 13 digits")


def _with_topic(link: Link, topic: str = "") -> GroupRef:
    numbers = [number(topic)] if topic else link.numbers
    return "/".join([link.chat, *map(str, numbers)])
