"""Cursors of lists: what a page ended with, as an opaque text."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable
from http import HTTPStatus
from typing import Annotated, TypeVar

from fastapi import Query

from services.gateway.api.requests.problems import Denied, FieldProblem

T = TypeVar("T")

CursorText = Annotated[str | None, Query(max_length=300, description="Where the page before ended.")]


def encoded(*parts: object) -> str:
    """Return a cursor of these parts, of which only the last may contain spaces."""
    return urlsafe_b64encode(" ".join(map(str, parts)).encode()).decode()


def decoded(cursor: str | None, parts: int, read: Callable[[list[str]], T]) -> T | None:
    """Return what `read` makes of a cursor's parts, None without one; raise `Denied` if it is malformed."""
    if cursor is None:
        return None
    try:
        return read(_parts(cursor, parts))
    except (ValueError, OverflowError):  # the errors of base64 and the codecs are subclasses
        problem = FieldProblem(field="query.cursor", message="is no cursor that a page ended with")
        detail = f"{problem.field}: {problem.message}"
        raise Denied(HTTPStatus.UNPROCESSABLE_ENTITY, "invalid_request", detail, errors=[problem]) from None


def _parts(cursor: str, parts: int) -> list[str]:
    text = urlsafe_b64decode(cursor.encode("ascii")).decode()
    found = text.split(" ", parts - 1)
    if len(found) != parts or "\0" in text:
        raise ValueError("has other parts")
    return found
