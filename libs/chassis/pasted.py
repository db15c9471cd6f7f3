"""Parses ids that people paste, with quotes, brackets and links around them."""

import re
from enum import StrEnum
from typing import NamedTuple

from libs.events.categories import CATEGORIES
from libs.events.chat_ids import private_ref

_WRAPPING = " \t\r\n'\"`\u201c\u201d\u2018\u2019«»<>()[]{}|,.;:!?#"
_ORDER = re.compile(r"(?<![0-9A-Za-z])HQADZ-[0-9A-Z]{6,16}-[0-9A-Z]{4,12}(?![0-9A-Za-z-])", re.IGNORECASE)
_UUID = re.compile(
    r"(?<![0-9A-Za-z])(?:(?P<category>[A-Za-z]+)-)?"
    r"(?P<id>[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})(?![0-9A-Za-z-])",
    re.IGNORECASE,
)
_BARE_UUID = re.compile(r"[0-9a-f]{32}", re.IGNORECASE)
_EMAIL = re.compile(r"[^\s<>\"'(),;:]+@[^\s<>\"'(),;:@]+\.[^\s<>\"'(),;:@.]+")
_LINK = re.compile(
    r"(?:https?://)?(?:t|telegram)\.me/(?:s/)?"
    r"(?:c/(?P<id>[1-9][0-9]{0,11})|(?:\+|joinchat/)(?P<invite>[A-Za-z0-9_-]{8,64})|(?P<name>[A-Za-z][A-Za-z0-9_]{3,31}))"
    r"(?:[/?].*)?"
)
_GROUP = re.compile(r"@[A-Za-z][A-Za-z0-9_]{3,31}|-1[0-9]{12}")


class Kind(StrEnum):
    """The kind of a pasted text, as far as its form shows."""

    ORDER = "order number"
    ID = "id"
    EMAIL = "e-mail address"
    TELEGRAM = "Telegram group or channel"
    NAME = "name"
    """The id of a stream, of a payment, or of anything else."""


class Pasted(NamedTuple):
    """A parsed id and its kind."""

    text: str
    kind: Kind


def pasted(text: str) -> str:
    """Return the id in a pasted text."""
    return read(text).text


def stream_name(text: str) -> str:
    """Return the stream named by a pasted text; for an order number, the order's."""
    found = read(text)
    return f"order-{found.text}" if found.kind is Kind.ORDER else found.text


def read(text: str) -> Pasted:
    """Return the id in a pasted text, and its kind."""
    bare = text.strip(_WRAPPING).removeprefix("mailto:")
    orders = {found.upper() for found in _ORDER.findall(bare)}
    if len(orders) == 1:
        return Pasted(orders.pop(), Kind.ORDER)
    group = _group(bare)
    if group is not None:
        return Pasted(group, Kind.TELEGRAM)
    emails = {found.lower().rstrip(".") for found in _EMAIL.findall(bare)}
    if len(emails) == 1:
        return Pasted(emails.pop(), Kind.EMAIL)
    ids = {_named(found) for found in _UUID.finditer(bare)}
    if len(ids) == 1:
        return Pasted(*ids.pop())
    if _BARE_UUID.fullmatch(bare):
        digits = bare.lower()
        parts = (digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:])
        return Pasted("-".join(parts), Kind.ID)
    return Pasted(bare, Kind.NAME)


def _group(text: str) -> str | None:
    """Return a channel or group in the form of events: `@name`, `+invitehash` or `-1<12 digits>`."""
    link = _LINK.fullmatch(text)
    if link is None:
        return text.lower() if _GROUP.fullmatch(text) else None
    if link["id"]:
        return private_ref(int(link["id"]))
    return f"+{link['invite']}" if link["invite"] else f"@{link['name'].lower()}"


def _named(found: re.Match[str]) -> tuple[str, Kind]:
    """Return an id, with the category of its stream if it was given before it."""
    category, key = (found["category"] or "").lower(), found["id"].lower()
    return (f"{category}-{key}", Kind.NAME) if category in CATEGORIES else (key, Kind.ID)
