"""Pagination of orders: a cursor names the last order of the page before."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from datetime import datetime
from http import HTTPStatus
from typing import Annotated, TypeVar

from fastapi import Depends, Query
from pydantic import TypeAdapter

from libs.events.values import OrderNumber
from services.gateway.api.requests.problems import Denied, FieldProblem
from services.gateway.api.requests.shapes import Page
from services.gateway.tables.order_lines import OrderCursor, OrderLine

LineT = TypeVar("LineT", bound=OrderLine)

_ORDER_NUMBER: TypeAdapter[OrderNumber] = TypeAdapter(OrderNumber)


def cursor_of(
    cursor: Annotated[str | None, Query(max_length=200, description="Where the page before ended.")] = None,
) -> OrderCursor | None:
    """Return the decoded cursor; raise `Denied` if it is malformed."""
    if cursor is None:
        return None
    try:
        at, _, number = urlsafe_b64decode(cursor.encode("ascii")).decode("ascii").partition(" ")
        return OrderCursor(_aware(datetime.fromisoformat(at)), _ORDER_NUMBER.validate_python(number))
    except ValueError:  # the errors of pydantic, base64 and the codecs are subclasses
        problem = FieldProblem(field="query.cursor", message="is no cursor that a page ended with")
        detail = f"{problem.field}: {problem.message}"
        raise Denied(HTTPStatus.UNPROCESSABLE_ENTITY, "invalid_request", detail, errors=[problem]) from None


CursorDep = Annotated[OrderCursor | None, Depends(cursor_of)]


def page(lines: Sequence[LineT], limit: int) -> Page[LineT]:
    """Return a page of at most `limit` lines; an extra line in `lines` means that there is a next page."""
    shown = list(lines[:limit])
    more = len(lines) > limit
    return Page[LineT](items=shown, next=_cursor(shown[-1]) if more else None)


def _cursor(line: OrderLine) -> str:
    return urlsafe_b64encode(f"{line.placed_at.isoformat()} {line.order_number}".encode()).decode()


def _aware(at: datetime) -> datetime:
    if at.tzinfo is None:
        raise ValueError("without a time zone")
    return at
