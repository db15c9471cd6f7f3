"""What operators see of events' data: without secrets, e-mail addresses and phone numbers, and shortened."""

import json
import re

from libs.chassis.plain_values import HIDDEN, Json, names_a_secret, plain

LONGEST_TEXT = 120
MOST_ENTRIES = 20
MOST_LEVELS = 40
_SAFE_INTEGER = 2**53 - 1
"""Larger integers are not exact in JavaScript, so that they are shown as text."""
_LONGEST_ADDRESS = 320
_ADDRESS = re.compile(r"(?<![^\s<>\"'(),:;@])([^\s<>\"'(),:;@])[^\s<>\"'(),:;@]*(@[^\s<>\"'(),:;@]+)")
"""It begins where a word begins: elsewhere it would read a long word again from each of its characters."""
_PHONE_NAME = re.compile(r"(?:[a-z_]*_)?phones?")
_PHONE = re.compile(r"\+[0-9][0-9 ()-]{6,18}[0-9]")


def shown_data(data: str, *, most: int | None = MOST_ENTRIES) -> Json:
    """Return an event's data, as it is stored, in the form that operators see.

    Of lists and objects only the first entries are shown, all of them if `most` is None.
    """
    try:
        return _shown(json.loads(data), most)
    except (RecursionError, ValueError):  # nested deeper, or a number with more digits, than can be read
        return "…"


def shown_state(state: object, *, most: int | None = None) -> Json:
    """Return a state in the form that operators see, with all entries unless `most` is given."""
    return _shown(plain(state), most)


def shown_text(text: str, *, longest: int = LONGEST_TEXT) -> str:
    """Return a text without e-mail addresses and phone numbers, and shortened."""
    begin = text[: longest + _LONGEST_ADDRESS]  # what is cut off needs no masking
    masked = _PHONE.sub(lambda found: _phone(found.group()), _ADDRESS.sub(r"\1…\2", begin))
    shortened = len(begin) < len(text) or len(masked) > longest
    return f"{masked[:longest]}… ({len(text)} characters)" if shortened else masked


def _shown(value: Json, most: int | None, level: int = 0) -> Json:
    match value:
        case str():
            return shown_text(value)
        case dict() | list() if level >= MOST_LEVELS:
            return "…"
        case int() if abs(value) > _SAFE_INTEGER:
            return str(value)
        case dict():
            return _entries(value, most, level)
        case list():
            kept: list[Json] = [_shown(one, most, level + 1) for one in value[:most]]
            return kept if len(kept) == len(value) else [*kept, f"… and {len(value) - len(kept)} more"]
        case _:
            return value


def _entries(value: dict[str, Json], most: int | None, level: int) -> Json:
    items = list(value.items())
    found: dict[str, Json] = {}
    for name, one in items[:most]:
        found[shown_text(name)] = _entry(name, one, most, level)
    if len(found) < len(items):
        found["…"] = f"and {len(items) - len(found)} more"
    return found


def _entry(name: str, value: Json, most: int | None, level: int) -> Json:
    if value is not None and names_a_secret(name):
        return HIDDEN
    if isinstance(value, str) and _PHONE_NAME.fullmatch(name) is not None:
        return _phone(value)
    return _shown(value, most, level + 1)


def _phone(number: str) -> str:
    digits = re.sub(r"\D", "", number)
    return f"+{digits[:2]}…{digits[-2:]}" if digits else number
