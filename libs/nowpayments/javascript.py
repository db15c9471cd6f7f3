"""Numbers, texts and the order of keys as `JSON.stringify` writes them."""

import json
import math
import re
from collections.abc import Iterable
from decimal import Decimal

_AS_IT_IS = re.compile(r"0|-?[1-9][0-9]{0,14}", re.ASCII)
_PLAIN_UP_TO = 21
_PLAIN_FROM = -6
"""Numbers are written without an exponent while the point is between these positions."""
_DIGIT = re.compile("[0-9]")
_LAST_INDEX = 2**32 - 2
_INDEX = re.compile(r"0|[1-9][0-9]{0,9}", re.ASCII)
quoted = json.JSONEncoder(ensure_ascii=False).encode
"""Return a text in quotes, unescaped."""


def number_in_javascript(text: str) -> str:
    """Return a JSON number as JavaScript writes it after reading it: a 64-bit float, in its shortest form.

    ECMA-262, `Number::toString`. What is too large for one is written `null`.
    """
    if _AS_IT_IS.fullmatch(text):
        return text
    number = float(text)
    if not math.isfinite(number):
        return "null"
    if number == 0:
        return "0"
    sign, figures, exponent = Decimal(repr(number)).normalize().as_tuple()
    digits = "".join(map(str, figures))
    return ("-" if sign else "") + _with_point(digits, len(digits) + int(exponent))


def _with_point(digits: str, point: int) -> str:
    """Return the digits with the decimal point after the first `point` of them."""
    if len(digits) <= point <= _PLAIN_UP_TO:
        return digits.ljust(point, "0")
    if 0 < point <= _PLAIN_UP_TO:
        return f"{digits[:point]}.{digits[point:]}"
    if _PLAIN_FROM < point <= 0:
        return f"0.{'0' * -point}{digits}"
    fraction = f".{digits[1:]}" if len(digits) > 1 else ""
    return f"{digits[0]}{fraction}e{point - 1:+d}"


def as_bytes(written: str) -> bytes:
    """Return text as UTF-8, in which lone surrogates are escaped."""
    return written.encode(errors="backslashreplace")


def sorted_keys(keys: Iterable[str]) -> list[str]:
    """Return the keys in the order of a JavaScript object into which they were inserted sorted."""
    together = "".join(keys)
    if together.isascii() and not _DIGIT.search(together):  # the usual case
        return sorted(keys)
    return sorted(keys, key=_order)


def _order(key: str) -> tuple[int, int, bytes]:
    """Return the sort key of a key: whole numbers come first, others by their UTF-16 code units."""
    if _INDEX.fullmatch(key) and int(key) <= _LAST_INDEX:
        return (0, int(key), b"")
    return (1, 0, key.encode("utf-16-be", "surrogatepass"))
