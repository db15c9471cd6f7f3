"""Reads a post as people write it: a link to one, or a text."""

import re
import unicodedata
from collections.abc import Sequence

from libs.events.values import ChannelPost, Post, TextFormat, TextPost
from libs.eventsourcing import Refused
from libs.telegram_links.links import Link, Malformed, echo, like_a_link, read_link
from libs.telegram_links.lookalikes import look

_NAMED_POST = re.compile(r"@(?P<name>[a-z][a-z0-9_]{3,31})/(?P<message>[0-9]+)", re.IGNORECASE)
_WORD = re.compile(r"[^\W_]+")
_WORDS_BESIDE_A_LINK = 3
"""With fewer words beside it, a link to a post is taken for the post that the client means."""
_BLANK = frozenset("\u2800\u115f\u1160\u3164\uffa0\u034f\u180e\u17b4\u17b5")
"""Characters that are letters or symbols by their category, and show nothing."""


def parse_posts(written: Sequence[str], text_format: TextFormat) -> list[Post]:
    """Return several posts. Refused: `malformed_post`, with the number of the post if there are several."""
    posts: list[Post] = []
    for number, text in enumerate(written, 1):
        try:
            posts.append(parse_post(text, text_format))
        except Refused as refused:
            which = f"post {number}: " if len(written) > 1 else ""
            raise Refused(refused.code, f"{which}{refused.detail}") from None
    return posts


def parse_post(written: str, text_format: TextFormat = TextFormat.PLAIN) -> Post:
    """Return the post that a link names, or the text itself.

    Refused: `malformed_post`, for a text that shows nothing, and for one that looks like a link to a post but
    is none, or is one with hardly a word beside it.
    """
    text = written.strip()
    if not text:
        raise Refused("malformed_post", "the post is empty")
    if "\0" in text:
        raise Refused("malformed_post", "the text holds a NUL character")
    if not any(_shows(sign) for sign in text):
        raise Refused("malformed_post", "the post holds only invisible characters")
    try:
        if like_a_link(text):
            return _linked(text, read_link(text))
        _check_text(text)
    except Malformed as problem:
        raise Refused("malformed_post", str(problem)) from None
    return TextPost(text=text, format=text_format)


def _linked(text: str, link: Link) -> ChannelPost:
    if link.chat.startswith("+"):
        raise Malformed(f"{echo(text)} is an invitation, not a post")
    match link.numbers:
        case ():
            raise Malformed(f"{echo(text)} names a channel, but no post in it")
        case (message,) | (_, message):
            return ChannelPost(channel=link.chat, message=message)
        case _:
            raise Malformed(f"{echo(text)} has too many parts for a post's link")


def _check_text(text: str) -> None:
    """Raise `Malformed` for a text that was meant to be a link to a post."""
    named = _NAMED_POST.fullmatch(text)
    if named:
        raise Malformed(f"{echo(text)} is no link; write https://t.me/{named['name']}/{named['message']}")
    words = text.split()
    links = [word for word in words if _links_post(word)]
    if not links:
        return
    others = [word for word in words if word not in links]
    if sum(len(_WORD.findall(word)) for word in others) < _WORDS_BESIDE_A_LINK:
        raise Malformed(
            f"{echo(text)} is a link with hardly a word beside it; send the link alone to have the post "
            "forwarded, or write a text"
        )


def _links_post(word: str) -> bool:
    """Return whether a word of a text looks like a link to a post, brackets and commas around it left out."""
    bare = word.strip("()[]{}<>«»\"'“”.,;:!")
    if not like_a_link(bare):
        return False
    try:
        return bool(read_link(bare).numbers)
    except Malformed:
        return look(bare) != bare.casefold()


def _shows(sign: str) -> bool:
    return unicodedata.category(sign) not in {"Cf", "Cc", "Zs", "Zl", "Zp", "Mn"} and sign not in _BLANK
