"""Reads links to Telegram as people copy them, and what they write instead of one."""

import re
from dataclasses import dataclass
from typing import NoReturn
from urllib.parse import parse_qs

from libs.events.chat_ids import LARGEST_CHANNEL, private_ref
from libs.events.values import GroupRef
from libs.telegram_links.lookalikes import look

_HOSTS = r"(?:t\.me|telegram\.me|telegram\.dog)"
_LINK = re.compile(
    rf"(?:https?://)?(?:www\.|(?P<name>[A-Za-z0-9_]+)\.)?{_HOSTS}(?P<path>/[^?#]*)?(?:\?(?P<query>[^#]*))?(?:#.*)?",
    re.IGNORECASE,
)
_TG = re.compile(r"tg:(?://)?(?P<what>resolve|privatepost|join)/?\?(?P<query>[^#]*)", re.IGNORECASE)
_WEB = re.compile(r"(?:https?://)?web(?:k|z)?\.telegram\.org\b", re.IGNORECASE)
_HOST_WITHIN = re.compile(rf"(?<![\w.-])(?:www\.|[A-Za-z0-9_]+\.)?{_HOSTS}(?=[/:?#]|\Z)", re.IGNORECASE)
_SPACE = re.compile(r"\s")
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{3,31}")
_HASH = re.compile(r"[A-Za-z0-9_-]{8,64}")
_CHANNEL_ID = re.compile(r"[1-9][0-9]{0,11}")
_NUMBER = re.compile(r"[1-9][0-9]{0,9}")
_LARGEST = 2**31 - 1
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


class Malformed(Exception):
    """A malformed text; the message says why."""


@dataclass(frozen=True)
class Link:
    """The chat that a link names, and the numbers behind it: a topic, a message, or both in this order."""

    chat: GroupRef
    numbers: tuple[int, ...] = ()


def read_link(text: str) -> Link:
    """Return what a link to Telegram names. Raises `Malformed`."""
    if found := _TG.fullmatch(text):
        return _read_tg(text, found["what"].lower(), _fields(found["query"]))
    if _WEB.match(text):
        raise Malformed(f"{echo(text)} is an address of Telegram's web client; copy the link of the message")
    link = _LINK.fullmatch(text)
    if link is None:
        _refuse_other(text)
    parts = (link["path"] or "").strip("/").split("/")
    if link["name"]:
        parts = [link["name"], *parts]
    if parts[0].lower() == "s" and len(parts) > 1:
        parts = parts[1:]  # the web preview of a public channel
    topic = _fields(link["query"] or "").get("thread", "")
    return _named([part for part in parts if part], [topic] if topic else [])


def _named(parts: list[str], topic: list[str]) -> Link:
    if not parts or parts == ["c"]:
        raise Malformed("the link names no channel or group")
    match parts:
        case [kind, digits, *numbers] if kind.lower() == "c":
            chat = channel_id(digits)
        case [kind, code, *numbers] if kind.lower() == "joinchat":
            chat = _invitation(code)
        case _:
            found, *numbers = parts
            chat = _invitation(found[1:]) if found.startswith("+") else name(found)
    if len(numbers) == 1:
        numbers = [*topic, *numbers]
    return Link(chat, tuple(number(part) for part in numbers))


def _read_tg(text: str, what: str, fields: dict[str, str]) -> Link:
    """Read a link of the form that clients pass on to each other: `tg://resolve?domain=…`."""
    keys = {"resolve": "domain", "privatepost": "channel", "join": "invite"}
    read = {"resolve": name, "privatepost": channel_id, "join": _invitation}
    if keys[what] not in fields:
        raise Malformed(f"{echo(text)} has no {keys[what]}")
    numbers = [fields[key] for key in ("thread", "topic", "post") if key in fields]
    return Link(read[what](fields[keys[what]]), tuple(number(part) for part in numbers))


def _fields(query: str) -> dict[str, str]:
    return {key.lower(): values[0] for key, values in parse_qs(query, max_num_fields=20).items()}


def _refuse_other(text: str) -> NoReturn:
    plain = look(text)
    if plain != text.lower() and like_a_link(plain):
        strange = next((sign for sign in text if look(sign) != sign.lower()), "")
        raise Malformed(f"{echo(text)} only looks like a link to Telegram: {echo(strange)} is another letter")
    raise Malformed(f"{echo(text)} is no link that begins with https://t.me/")


def name(text: str) -> str:
    """Return the reference to a public name, which is written without `@`. Raises `Malformed`."""
    if not _NAME.fullmatch(text):
        raise Malformed(f"{echo(text)} is no name: a letter, then 3 to 31 letters, digits or underscores")
    if text.lower() in _NO_NAMES:
        raise Malformed(f"links to {text.lower()} lead neither to a channel nor to a group")
    return f"@{text.lower()}"


def channel_id(digits: str) -> str:
    """Return the reference to a channel or supergroup by its positive id. Raises `Malformed`."""
    if not _CHANNEL_ID.fullmatch(digits) or int(digits) > LARGEST_CHANNEL:
        raise Malformed(f"{echo(digits)} is no number of a channel or group")
    return private_ref(int(digits))


def number(text: str) -> int:
    """Return the number of a topic or a message. Raises `Malformed`."""
    if not _NUMBER.fullmatch(text) or int(text) > _LARGEST:
        raise Malformed(f"{echo(text)} is no number of a message or topic")
    return int(text)


def _invitation(code: str) -> str:
    if code.isdigit():
        raise Malformed(f"{echo(code)} is a telephone number, not an invitation")
    if not _HASH.fullmatch(code):
        raise Malformed(f"{echo(code)} is no invitation: 8 to 64 letters, digits, _ or -")
    return f"+{code}"


def like_a_link(text: str) -> bool:
    """Return whether a text is one word that looks like a link to Telegram, valid or not.

    In linear time: a client may send thousands of lines that were made to be slow.
    """
    if _SPACE.search(text):
        return False
    plain = look(text)
    return plain[:3] == "tg:" or _HOST_WITHIN.search(plain) is not None or _WEB.match(plain) is not None


def echo(text: str) -> str:
    """Return a text in quotes, shortened, without characters that can't be printed."""
    shown = text if len(text) <= _LONGEST_ECHO else f"{text[:_LONGEST_ECHO]}…"
    return f"“{''.join(sign if sign.isprintable() else '�' for sign in shown)}”"
