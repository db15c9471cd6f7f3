"""JSON and signatures as written by the provider, which is a JavaScript program."""

import hashlib
import hmac
import json
import math
import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import TypeAlias

Json: TypeAlias = "bool | int | float | Decimal | str | Sequence[Json] | Mapping[str, Json] | None"

PLAIN_UP_TO = 21
"""ECMAScript writes a number in full while its decimal point is within this many digits."""
PLAIN_DOWN_TO = -6
LAST_ARRAY_INDEX = 2**32 - 2

_ARRAY_INDEX = re.compile(r"0|[1-9][0-9]{0,9}")
_LONE_SURROGATE = re.compile("[\ud800-\udfff]")


def sign(body: Mapping[str, Json], secret: str, *, index_arrays: bool = False) -> str:
    """Return the header ``x-nowpayments-sig``: the hex HMAC-SHA512 of the body with sorted keys.

    Space around the secret is ignored. With ``index_arrays`` an array is signed as the object ``{"0": …}``,
    as by the older sample of the documentation.
    """
    signed = stringify(_sorted(body, index_arrays=index_arrays))
    return hmac.new(secret.strip().encode(), signed.encode(), hashlib.sha512).hexdigest()


def stringify(value: Json) -> str:
    """Return ``value`` as written by ``JSON.stringify``: compact, with minimal escapes.

    Keys keep their order, except for whole numbers: in a JavaScript object those are first, in ascending
    order.
    """
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case int() | float() | Decimal():
            return js_number(value)
        case str():
            return _string(value)
        case Mapping():
            return (
                "{" + ",".join(f"{_string(key)}:{stringify(value[key])}" for key in _own_order(value)) + "}"
            )
        case _:
            return "[" + ",".join(stringify(item) for item in value) + "]"


def js_number(value: float | Decimal) -> str:
    """Return the number as written by ECMAScript's ``Number::toString``; ``null`` if it is not finite.

    Every number is a 64-bit float there, so a longer ``Decimal`` or ``int`` is rounded to one.
    """
    try:
        number = float(value)
    except OverflowError:
        return "null"
    if not math.isfinite(number):
        return "null"
    if number == 0:
        return "0"
    sign_, figures, exponent = Decimal(repr(number)).as_tuple()
    written = "".join(str(figure) for figure in figures)
    digits = written.rstrip("0")
    point = len(written) + int(exponent)  # the position of the point, counted from the first digit
    return ("-" if sign_ else "") + _place_point(digits, point)


def _place_point(digits: str, point: int) -> str:
    """Return the shortest digits with their point, in the language's format."""
    if len(digits) <= point <= PLAIN_UP_TO:
        return digits + "0" * (point - len(digits))
    if 0 < point <= PLAIN_UP_TO:
        return f"{digits[:point]}.{digits[point:]}"
    if PLAIN_DOWN_TO < point <= 0:
        return f"0.{'0' * -point}{digits}"
    mantissa = digits if len(digits) == 1 else f"{digits[0]}.{digits[1:]}"
    return f"{mantissa}e{point - 1:+d}"


def _string(text: str) -> str:
    """Return the text quoted; beyond ASCII only unpaired surrogates are escaped."""
    quoted = json.dumps(text, ensure_ascii=False)
    return _LONE_SURROGATE.sub(lambda half: f"\\u{ord(half.group()):04x}", quoted)


def _own_order(value: Mapping[str, Json]) -> list[str]:
    """Return the keys in the order of a JavaScript object."""
    indexes = [key for key in value if _ARRAY_INDEX.fullmatch(key) and int(key) <= LAST_ARRAY_INDEX]
    return sorted(indexes, key=int) + [key for key in value if key not in set(indexes)]


def _sorted(value: Json, *, index_arrays: bool) -> Json:
    """Return the value with the keys of every object sorted by their UTF-16 code units."""
    match value:
        case str():
            return value
        case Mapping():
            return {
                key: _sorted(value[key], index_arrays=index_arrays)
                for key in sorted(value, key=lambda key: key.encode("utf-16-be", "surrogatepass"))
            }
        case Sequence():
            items = [_sorted(item, index_arrays=index_arrays) for item in value]
            return {str(index): item for index, item in enumerate(items)} if index_arrays else items
        case _:
            return value
