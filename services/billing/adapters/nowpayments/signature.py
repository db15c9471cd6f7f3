"""Whether a notification is the provider's: the check of `x-nowpayments-sig`."""

import hashlib
import hmac
import json
import re
from collections.abc import Iterable

from services.billing.adapters.nowpayments.reading import MAX_DEPTH, Json, Number, Unreadable

_DIGEST = re.compile(r"[0-9a-f]{128}", re.ASCII)
_DIGIT = re.compile("[0-9]")
_LAST_INDEX = 2**32 - 2
_INDEX = re.compile(r"0|[1-9][0-9]{0,9}", re.ASCII)
_LONE_SURROGATE = re.compile("[\ud800-\udfff]")
_text = json.JSONEncoder(ensure_ascii=False).encode


class SignatureChecker:
    """Knows the secret that notifications are signed with, and never shows it."""

    def __init__(self, secret: str) -> None:
        self._secret = secret.strip().encode()
        if not self._secret:
            raise ValueError("an empty secret would let anyone sign")

    def holds(self, said: Json, signature: str) -> bool:
        """Say whether `signature` is the provider's over what a body says, in constant time.

        It is the hex HMAC-SHA512 of the body as compact JSON with the keys of every object sorted. Arrays
        stay as they are; the form that the provider's older sample makes of them, `{"0": …}`, holds too.
        Raises `Unreadable` for what is too deep.
        """
        given = digest_in(signature)
        if given is None:
            return False
        form = _canonical(said, arrays_as_objects=False)
        if hmac.compare_digest(self._sign(form), given):
            return True
        if "[" not in form:
            return False
        return hmac.compare_digest(self._sign(_canonical(said, arrays_as_objects=True)), given)

    def _sign(self, form: str) -> str:
        return hmac.new(self._secret, form.encode(), hashlib.sha512).hexdigest()


def digest_in(signature: str) -> str | None:
    """Return the digest that a signature's header holds, None if it holds none."""
    given = signature.strip().lower()
    return given if _DIGEST.fullmatch(given) else None


def _canonical(value: Json, *, arrays_as_objects: bool, depth: int = 0) -> str:
    """Return the value as the provider's program, in JavaScript, writes it before it signs."""
    if depth > MAX_DEPTH:
        raise Unreadable("too_deep", "the body is too deep")
    match value:
        case Number(text):
            return text
        case str():
            return _quoted(value)
        case list() if not arrays_as_objects:
            items = [_canonical(item, arrays_as_objects=False, depth=depth + 1) for item in value]
            return f"[{','.join(items)}]"
        case list() | dict():
            fields = value if isinstance(value, dict) else {str(at): item for at, item in enumerate(value)}
            written = [
                (_quoted(key), _canonical(fields[key], arrays_as_objects=arrays_as_objects, depth=depth + 1))
                for key in _in_order(fields)
            ]
            return f"{{{','.join(f'{key}:{item}' for key, item in written)}}}"
        case _:
            return json.dumps(value)


def _in_order(keys: Iterable[str]) -> list[str]:
    together = "".join(keys)
    if together.isascii() and not _DIGIT.search(together):  # as nearly always
        return sorted(keys)
    return sorted(keys, key=_order)


def _order(key: str) -> tuple[int, int, bytes]:
    """Return what keys are sorted by: in JavaScript, whole numbers stand first, then UTF-16 code units."""
    if _INDEX.fullmatch(key) and int(key) <= _LAST_INDEX:
        return (0, int(key), b"")
    return (1, 0, key.encode("utf-16-be", "surrogatepass"))


def _quoted(text: str) -> str:
    """Return the text as `JSON.stringify` writes it: as it is, but for half of a surrogate pair alone."""
    if text.isascii():
        return _text(text)
    return _LONE_SURROGATE.sub(lambda half: f"\\u{ord(half.group()):04x}", _text(text))
