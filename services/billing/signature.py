"""Whether a notification is the provider's: the check of `x-nowpayments-sig`."""

import hashlib
import hmac
import json
import re
from dataclasses import dataclass
from typing import NoReturn, TypeAlias

MAX_BODY_BYTES = 64 * 1024
MAX_DEPTH = 32
_LAST_INDEX = 2**32 - 2
_INDEX = re.compile(r"0|[1-9][0-9]{0,9}", re.ASCII)
_LONE_SURROGATE = re.compile("[\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class _Number:
    """A number as it was written: any other spelling of it would be another signature."""

    text: str


_Json: TypeAlias = "dict[str, _Json] | list[_Json] | _Number | str | bool | None"


class SignatureChecker:
    """Knows the secret that notifications are signed with, and never shows it."""

    def __init__(self, secret: str) -> None:
        self._secret = secret.strip().encode()
        if not self._secret:
            raise ValueError("an empty secret would let anyone sign")

    def holds(self, body: bytes, signature: str) -> bool:
        """Say whether `signature` is the provider's over `body`, in constant time.

        It is the hex HMAC-SHA512 of the body as compact JSON with the keys of every object sorted. Arrays
        stay as they are; the form that the provider's older sample makes of them, `{"0": …}`, holds too.
        A body that can be read in two ways, or that is no JSON, holds under no signature.
        """
        try:
            value = _parse(body)
            forms = (_canonical(value, arrays_as_objects=False), _canonical(value, arrays_as_objects=True))
        except ValueError:
            return False
        given = signature.strip().lower().encode()
        matches = [hmac.compare_digest(self._sign(form), given) for form in forms]
        return any(matches)

    def _sign(self, form: str) -> bytes:
        return hmac.new(self._secret, form.encode(), hashlib.sha512).hexdigest().encode()


def _parse(body: bytes) -> _Json:
    if len(body) > MAX_BODY_BYTES:
        raise ValueError("the body is too large")
    try:
        parsed: _Json = json.loads(
            body.decode(),
            object_pairs_hook=_object,
            parse_int=_Number,
            parse_float=_Number,
            parse_constant=_no_constant,
        )
    except RecursionError as error:
        raise ValueError("the body is too deep") from error
    return parsed


def _object(pairs: list[tuple[str, _Json]]) -> dict[str, _Json]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a key stands twice in one object")
    return found


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


def _canonical(value: _Json, *, arrays_as_objects: bool, depth: int = 0) -> str:
    """Return the value as the provider's program, in JavaScript, writes it before it signs."""
    if depth > MAX_DEPTH:
        raise ValueError("the body is too deep")
    match value:
        case _Number(text):
            return text
        case str():
            return _quoted(value)
        case list() if not arrays_as_objects:
            items = (_canonical(item, arrays_as_objects=False, depth=depth + 1) for item in value)
            return f"[{','.join(items)}]"
        case list() | dict():
            fields = dict(enumerate(value)) if isinstance(value, list) else value
            written = (
                f"{_quoted(str(key))}:"
                f"{_canonical(item, arrays_as_objects=arrays_as_objects, depth=depth + 1)}"
                for key, item in sorted(fields.items(), key=lambda field: _order(str(field[0])))
            )
            return f"{{{','.join(written)}}}"
        case _:
            return json.dumps(value)


def _order(key: str) -> tuple[int, int, bytes]:
    """Return what keys are sorted by: in JavaScript, whole numbers stand first, then UTF-16 code units."""
    if _INDEX.fullmatch(key) and int(key) <= _LAST_INDEX:
        return (0, int(key), b"")
    return (1, 0, key.encode("utf-16-be", "surrogatepass"))


def _quoted(text: str) -> str:
    """Return the text as `JSON.stringify` writes it: as it is, but for half of a surrogate pair alone."""
    return _LONE_SURROGATE.sub(
        lambda half: f"\\u{ord(half.group()):04x}", json.dumps(text, ensure_ascii=False)
    )
