"""Cursors of lists: where a page ended, as an opaque text that is valid for its own list only.

A cursor names a list, its filters and its order by a digest, so that none continues in another one. It is not
signed: whoever makes one up begins a page elsewhere in a list that they may read anyway.
"""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from hashlib import blake2b
from http import HTTPStatus
from typing import Annotated
from uuid import UUID

import msgspec
from pydantic import Field

from services.gateway.api.requests.problems import Denied, FieldProblem
from services.gateway.tables.paging import Key, KeyType, KeyValue, PagedList, PageRequest

CursorText = Annotated[
    str | None,
    Field(
        max_length=1000,
        description="`next` of the page before, of the same list with the same filters and `sort`.",
    ),
]

_PARTS = msgspec.json.Decoder(list[str])
_LARGEST = 2**63 - 1
_MOST_DIGITS = 40
_DIGEST_BYTES = 9
_MALFORMED = "is no cursor that a page ended with"
_FOREIGN = "is of another list, or of other filters or another sort: begin without a cursor"


def cursor_at(listed: PagedList, wanted: PageRequest, last: Sequence[KeyValue]) -> str:
    """Return the cursor behind a row with these keys."""
    parts = [_digest(listed, wanted), *(_text(value) for value in last)]
    return urlsafe_b64encode(msgspec.json.encode(parts)).decode()


def continued(listed: PagedList, wanted: PageRequest, cursor: str | None) -> PageRequest:
    """Return the request for the page after a cursor; raise `Denied` if it is not one of this list."""
    if cursor is None:
        return wanted
    try:
        digest, *parts = _PARTS.decode(urlsafe_b64decode(cursor.encode("ascii")))
    except ValueError:  # the errors of base64, of codecs and of msgspec are subclasses
        raise _denied(_MALFORMED) from None
    if digest != _digest(listed, wanted):
        raise _denied(_FOREIGN)
    try:
        after = tuple(_value(key, part) for key, part in zip(listed.keys(wanted.sort), parts, strict=True))
    except (ValueError, ArithmeticError):  # of instants and amounts that are out of range
        raise _denied(_MALFORMED) from None
    return replace(wanted, after=after)


def _digest(listed: PagedList, wanted: PageRequest) -> str:
    filters = sorted((name, str(value)) for name, value in wanted.filters.items() if value is not None)
    named = (listed.name, [str(value) for value in wanted.scope], wanted.sort, filters)
    return urlsafe_b64encode(blake2b(msgspec.json.encode(named), digest_size=_DIGEST_BYTES).digest()).decode()


def _text(value: KeyValue) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)


def _value(key: Key, text: str) -> KeyValue:
    """Parse the value of a key; raise `ValueError` or `ArithmeticError` if PostgreSQL would refuse it."""
    match key.type:
        case KeyType.INSTANT:
            at = datetime.fromisoformat(text)
            if at.tzinfo is None:
                raise ValueError("without a time zone")
            return at.astimezone(UTC)
        case KeyType.TEXT:
            if "\0" in text:
                raise ValueError("PostgreSQL can't store NUL")
            return text
        case KeyType.ID:
            return UUID(text)
        case KeyType.INTEGER:
            if abs(number := int(text)) > _LARGEST:
                raise ValueError("out of range")
            return number
        case KeyType.AMOUNT:
            amount = Decimal(text)
            if not amount.is_finite() or abs(amount.adjusted()) > _MOST_DIGITS:
                raise ValueError("out of range")
            return amount


def _denied(message: str) -> Denied:
    problem = FieldProblem(field="query.cursor", message=message)
    detail = f"{problem.field}: {problem.message}"
    return Denied(HTTPStatus.UNPROCESSABLE_ENTITY, "invalid_request", detail, errors=[problem])
