"""Parses a post and a list of groups as people write them."""

import re
from collections.abc import Iterable

from libs.events.values import ChannelPost, ChannelRef, GroupRef, Post, TextPost
from libs.eventsourcing import Refused

_HOST = r"(?:www\.)?(?:t\.me|telegram\.me|telegram\.dog)"
_LINK = re.compile(rf"(?:https?://)?{_HOST}(?P<path>/[^?#]*)?(?P<rest>[?#].*)?", re.IGNORECASE)
_HOST_WITHIN = re.compile(rf"(?<![\w.-]){_HOST}(?=[/:?#]|\Z)", re.IGNORECASE)
_SPACE = re.compile(r"\s")
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{3,31}")
_HASH = re.compile(r"[A-Za-z0-9_-]{8,64}")
_CHANNEL_ID = re.compile(r"[1-9][0-9]{0,15}")
_NUMBER = re.compile(r"[1-9][0-9]{0,9}")
_COMMENT = re.compile(r"[?&]comment=", re.IGNORECASE)
_LARGEST = 2**31 - 1
_MOST_NAMED = 100
_LONGEST_DETAIL = 20_000
_LONGEST_ECHO = 100

_NO_NAMES = frozenset(
    {
        "addemoji",
        "addlist",
        "addstickers",
        "addtheme",
        "bg",
        "boost",
        "confirmphone",
        "contact",
        "giftcode",
        "invoice",
        "iv",
        "joinchat",
        "login",
        "m",
        "proxy",
        "setlanguage",
        "share",
        "socks",
    }
)
"""First path parts of links that lead to something other than a channel or a group."""


class _Malformed(Exception):
    """A malformed text; the message says why."""


# -- the post


def parse_post(written: str) -> Post:
    """Return the post that a link names, or the text itself.

    Refused: `malformed_post`, for an empty text and for a text that looks like a link to Telegram but names
    no post.
    """
    text = written.strip()
    if not text:
        raise Refused("malformed_post", "the post is empty")
    if "\0" in text:
        raise Refused("malformed_post", "the text holds a NUL character")
    if not _like_a_link(text):
        return TextPost(text=text)
    try:
        return _linked_post(text)
    except _Malformed as problem:
        raise Refused("malformed_post", str(problem)) from None


def _linked_post(text: str) -> ChannelPost:
    parts, rest = _split(text)
    if _COMMENT.search(rest):
        raise _Malformed(f"{_echo(text)} names a comment; the link of the post itself is needed")
    match parts:
        case ["c", channel, message] | ["c", channel, _, message]:
            return _channel_post(text, _channel_id(channel), parts[2:-1], message)
        case [name] if name.startswith("+"):
            raise _Malformed(f"{_echo(text)} is an invitation, not a post")
        case ["joinchat", *_]:
            raise _Malformed(f"{_echo(text)} is an invitation, not a post")
        case ["c", _] | [_]:
            raise _Malformed(f"{_echo(text)} names a channel, but no post in it")
        case [name, message] | [name, _, message]:
            return _channel_post(text, _name(name), parts[1:-1], message)
        case []:
            raise _Malformed(f"{_echo(text)} names no channel")
        case _:
            raise _Malformed(f"{_echo(text)} has too many parts for a post's link")


def _channel_post(text: str, channel: ChannelRef, topic: list[str], message: str) -> ChannelPost:
    for part in (*topic, message):
        if not _NUMBER.fullmatch(part) or int(part) > _LARGEST:
            raise _Malformed(f"in {_echo(text)}, {_echo(part)} is no number of a post")
    return ChannelPost(channel=channel, message=int(message))


# -- the groups


def parse_groups(written: Iterable[str], *, most: int) -> tuple[GroupRef, ...]:
    """Return the groups in their canonical form and order, without duplicates and blank lines.

    Refused: `malformed_groups` names the first hundred malformed lines, and how many more there are;
    `no_groups`; `too_many_groups`.
    """
    groups: dict[GroupRef, None] = {}
    bad: set[str] = set()
    problems: list[str] = []
    for line in written:
        text = line.strip()
        if not text or text in bad:
            continue
        try:
            groups[_group(text)] = None
        except _Malformed as problem:
            bad.add(text)
            problems += _named(text, problem, problems)
    if bad:
        more = len(bad) - len(problems)
        raise Refused("malformed_groups", "; ".join(problems) + (f"; and {more} more" if more else ""))
    if not groups:
        raise Refused("no_groups", "the list holds no group")
    if len(groups) > most:
        raise Refused("too_many_groups", f"{len(groups)} groups, at most {most} are allowed")
    return tuple(groups)


def _group(text: str) -> GroupRef:
    if text.startswith("@"):
        name, _, topic = text[1:].partition("/")
        return _with_topic(_name(name), topic)
    if text[0] in "-0123456789":
        number, _, topic = text.partition("/")
        if not number.startswith("-100"):
            raise _Malformed("a group's id begins with -100")
        return _with_topic(_channel_id(number.removeprefix("-100")), topic)
    if not _like_a_link(text):
        raise _Malformed("neither @name, nor a t.me link, nor an id that begins with -100")
    return _linked_group(_split(text)[0])


def _linked_group(parts: list[str]) -> GroupRef:
    if not parts:
        raise _Malformed("the link names no group")
    match parts:
        case ["c", number, *topic]:
            group = _channel_id(number)
        case ["joinchat", code, *topic]:
            group = _invitation(code)
        case _:
            name, topic = parts[0], parts[1:]
            group = _invitation(name[1:]) if name.startswith("+") else _name(name)
    if len(topic) > 1:
        raise _Malformed("the link has too many parts; it names a message")
    return _with_topic(group, *topic)


def _with_topic(group: GroupRef, topic: str = "") -> GroupRef:
    if not topic:
        return group
    if not _NUMBER.fullmatch(topic) or int(topic) > _LARGEST:
        raise _Malformed(f"{_echo(topic)} is no number of a topic")
    return f"{group}/{topic}"


# -- parts of both


def _like_a_link(text: str) -> bool:
    """Say whether a text is one word that looks like a link to Telegram, valid or not.

    In linear time: a client may send thousands of lines that were made to be slow.
    """
    if _SPACE.search(text):
        return False
    return text[:3].lower() == "tg:" or _HOST_WITHIN.search(text) is not None


def _split(text: str) -> tuple[list[str], str]:
    """Return the parts of a link's path, and the text after its `?` or `#`."""
    link = _LINK.fullmatch(text)
    if link is None:
        raise _Malformed(f"{_echo(text)} is no link that begins with https://t.me/")
    parts = (link["path"] or "").strip("/").split("/")
    if parts[0].lower() == "s" and len(parts) > 1:
        parts = parts[1:]  # the web preview of a public channel
    if parts[0].lower() in {"c", "joinchat"}:
        parts[0] = parts[0].lower()
    return [] if parts == [""] else parts, link["rest"] or ""


def _name(name: str) -> str:
    if not _NAME.fullmatch(name):
        raise _Malformed(f"{_echo(name)} is no name: a letter, then 3 to 31 letters, digits or underscores")
    if name.lower() in _NO_NAMES:
        raise _Malformed(f"links to {name.lower()} lead neither to a channel nor to a group")
    return f"@{name.lower()}"


def _channel_id(digits: str) -> str:
    if not _CHANNEL_ID.fullmatch(digits):
        raise _Malformed(f"{_echo(digits)} is no number of a channel or group")
    return f"-100{digits}"


def _invitation(code: str) -> str:
    if code.isdigit():
        raise _Malformed(f"{_echo(code)} is a telephone number, not an invitation")
    if not _HASH.fullmatch(code):
        raise _Malformed(f"{_echo(code)} is no invitation: 8 to 64 letters, digits, _ or -")
    return f"+{code}"


def _echo(text: str) -> str:
    shown = text if len(text) <= _LONGEST_ECHO else f"{text[:_LONGEST_ECHO]}…"
    return f"“{''.join(sign if sign.isprintable() else '�' for sign in shown)}”"


def _named(text: str, problem: _Malformed, before: list[str]) -> list[str]:
    """Return the error text of a line, to follow those in `before`; none, if they are long enough already."""
    if len(before) >= _MOST_NAMED:
        return []
    line = f"{_echo(text)}: {problem}"
    return [line] if len(line) + sum(map(len, before)) <= _LONGEST_DETAIL else []
