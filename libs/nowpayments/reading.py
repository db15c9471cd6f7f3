"""A strict JSON parser for untrusted input: unambiguous, bounded, and exact in its numbers."""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import NoReturn, TypeAlias

MAX_BODY_BYTES = 16 * 1024
MAX_VALUES = 200
"""The most values in a body: notifications have some thirty; each costs time before the sender is known."""
MAX_DEPTH = 16
MAX_NUMBER = 64
"""The most characters in a number: JavaScript's form of a longer one takes long, and no sum needs it."""
_WHOLE = re.compile(r"-?[0-9]{1,40}", re.ASCII)


class Unreadable(ValueError):
    """The bytes can't be parsed, or not unambiguously. `why` is a label for counting."""

    def __init__(self, why: str, detail: str) -> None:
        super().__init__(detail)
        self.why = why


@dataclass(frozen=True, slots=True)
class Number:
    """A number as it was written: the signature depends on its spelling."""

    text: str


Json: TypeAlias = "dict[str, Json] | list[Json] | Number | str | bool | None"


def parse(body: bytes) -> Json:
    """Parse a body; raise `Unreadable`."""
    if len(body) > MAX_BODY_BYTES:
        raise Unreadable("too_large", "the body is too large")
    if sum(body.count(mark) for mark in (b",", b"[", b"{")) > MAX_VALUES:
        raise Unreadable("too_many_values", "the body holds too many values")
    try:
        parsed: Json = json.loads(
            body.decode(),
            object_pairs_hook=_object,
            parse_int=_number,
            parse_float=_number,
            parse_constant=_no_constant,
        )
    except UnicodeDecodeError:
        raise Unreadable("not_utf8", "it is no UTF-8") from None
    except json.JSONDecodeError:
        raise Unreadable("not_json", "it is no JSON") from None
    except RecursionError:
        raise Unreadable("too_deep", "the body is too deep") from None
    return parsed


def _number(text: str) -> Number:
    if len(text) > MAX_NUMBER:
        raise Unreadable("too_long_number", "a number in the body is too long")
    return Number(text)


def _object(pairs: Sequence[tuple[str, Json]]) -> dict[str, Json]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise Unreadable("duplicate_key", "a key stands twice in one object")
    return found


def _no_constant(name: str) -> NoReturn:
    raise Unreadable("not_finite", f"{name} is not JSON")


def fields_of(value: Json, names: Sequence[str]) -> dict[str, object]:
    """Return these fields of an object, with exact numbers; raise `Unreadable` if it is not an object."""
    if not isinstance(value, dict):
        raise Unreadable("no_object", "it is no object")
    return {name: _plain(name, value[name]) for name in names if name in value}


def _plain(name: str, value: Json) -> object:
    if not isinstance(value, Number):
        return value
    if _WHOLE.fullmatch(value.text):
        return int(value.text)
    try:
        return Decimal(value.text)
    except InvalidOperation:  # an exponent of twenty digits
        raise Unreadable("fields", f"missing or wrong: {name}") from None
