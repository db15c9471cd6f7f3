"""Verifies NOWPayments' signature of a notification, the header `x-nowpayments-sig`."""

import hashlib
import hmac
import re
from collections.abc import Iterator, Sequence
from typing import TypeAlias

from libs.nowpayments.javascript import as_bytes, number_in_javascript, quoted, sorted_keys
from libs.nowpayments.reading import MAX_BODY_BYTES, MAX_DEPTH, Json, Number, Unreadable, parse

SIGNED_WITH = (
    "The secret that notifications are signed with: dashboard, Settings, Payments, "
    "Instant payment notifications; at least 16 characters"
)
"""The description of a setting that holds the secret."""
ALSO_SIGNED_WITH = "Another secret that notifications may be signed with, during a change; empty: none"
"""The description of a setting that holds another secret."""
_DIGEST = re.compile(r"[0-9a-f]{128}", re.ASCII)
_Pieces: TypeAlias = list[str | Number]
"""A body's text with its numbers left out, which may be spelled in two ways."""
_WORDS = {None: "null", True: "true", False: "false"}


def secret_from(text: str) -> bytes:
    """Return the secret that a setting holds; raise `ValueError` if it is empty."""
    secret = text.strip().encode()
    if not secret:
        raise ValueError("an empty secret would let anyone sign")
    return secret


def digest_in(signature: str) -> str | None:
    """Return the digest in a signature's header, None if there is none."""
    given = signature.strip().lower()
    return given if _DIGEST.fullmatch(given) else None


def is_verified(secrets: Sequence[bytes], body: bytes, signature: str) -> bool:
    """Return whether `signature` verifies that the sender of `body` knows one of the secrets.

    It is a hex HMAC-SHA512 over any of these: the bytes as they are; the body as compact JSON with the keys
    of every object sorted and each number as it came; the same with each number as JavaScript writes it. The
    last two also with arrays as objects, `{"0": …}`, as the provider's older sample makes them. Each is
    compared in constant time. A body outside the bounds of `reading` verifies nothing.
    """
    if not all(secrets):
        raise ValueError("an empty secret would let anyone sign")
    given = digest_in(signature)
    if given is None or len(body) > MAX_BODY_BYTES:
        return False
    if _signs(secrets, body, given):
        return True
    try:
        return any(_signs(secrets, as_bytes(form), given) for form in _forms(parse(body)))
    except Unreadable:
        return False


def _signs(secrets: Sequence[bytes], form: bytes, given: str) -> bool:
    made = (hmac.digest(secret, form, hashlib.sha512).hex() for secret in secrets)
    return any(hmac.compare_digest(one, given) for one in made)


def _forms(body: Json) -> Iterator[str]:
    """Return the forms of a body that may have been signed, without duplicates, the likeliest first."""
    pieces: _Pieces = []
    _write(body, pieces, arrays_as_objects=False)
    yield from _spellings(pieces)
    if "[" in pieces:
        pieces.clear()
        _write(body, pieces, arrays_as_objects=True)
        yield from _spellings(pieces)


def _spellings(pieces: _Pieces) -> Iterator[str]:
    received = "".join(piece.text if isinstance(piece, Number) else piece for piece in pieces)
    yield received
    spelled = "".join(
        number_in_javascript(piece.text) if isinstance(piece, Number) else piece for piece in pieces
    )
    if spelled != received:
        yield spelled


def _write(value: Json, pieces: _Pieces, *, arrays_as_objects: bool, depth: int = 0) -> None:
    """Append a value as the provider serialises it before signing; raise `Unreadable` if too deep."""
    if depth > MAX_DEPTH:
        raise Unreadable("too_deep", "the body is too deep")
    match value:
        case Number():
            pieces.append(value)
        case str():
            pieces.append(quoted(value))
        case list() if not arrays_as_objects:
            pieces.append("[")
            for at, item in enumerate(value):
                if at:
                    pieces.append(",")
                _write(item, pieces, arrays_as_objects=False, depth=depth + 1)
            pieces.append("]")
        case list() | dict():
            fields = value if isinstance(value, dict) else {str(at): item for at, item in enumerate(value)}
            lead = "{"
            for key in sorted_keys(fields):
                pieces.append(f"{lead}{quoted(key)}:")
                _write(fields[key], pieces, arrays_as_objects=arrays_as_objects, depth=depth + 1)
                lead = ","
            pieces.append("}" if fields else "{}")
        case _:
            pieces.append(_WORDS[value])
