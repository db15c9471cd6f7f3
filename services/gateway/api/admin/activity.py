"""The operator's routes of the activity log."""

import csv
import io
from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Response
from pydantic import AwareDatetime

from services.gateway.activity.log import Act, Wanted, acts_of
from services.gateway.api.callers import FOR_OPERATORS
from services.gateway.api.desk import DeskDep
from services.gateway.api.openapi import Responses, problems
from services.gateway.api.requests.cursors import CursorText, decoded, encoded
from services.gateway.api.requests.shapes import Limit, Page, WithoutNul

router = APIRouter(prefix="/admin/activity", tags=["admin"], dependencies=[FOR_OPERATORS])

MOST_EXPORTED = 100_000
_COLUMNS = ("at", "actor", "address", "operation", "path", "outcome", "correlation_id")
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_CSV: Responses = {200: {"content": {"text/csv": {}}, "description": "A line for each act, with a header."}}
_Text = Annotated[str | None, Query(max_length=100), WithoutNul]


def wanted_of(
    actor: _Text = None,
    operation: _Text = None,
    since: Annotated[AwareDatetime | None, Query(description="From this time on.")] = None,
    until: Annotated[AwareDatetime | None, Query(description="Before this time.")] = None,
) -> Wanted:
    """Return which acts the query asks for."""
    return Wanted(actor, operation, since, until)


WantedDep = Annotated[Wanted, Depends(wanted_of)]


@router.get("", summary="List what operators did", responses=problems(401, 403))
async def list_activity(
    desk: DeskDep, wanted: WantedDep, cursor: CursorText = None, limit: Limit = 100
) -> Page[Act]:
    """Return the requests by which operators changed something, the latest first."""
    after = decoded(cursor, 2, lambda parts: (_aware(parts[0]), UUID(parts[1])))
    found = await desk.ask(lambda sql: acts_of(sql, wanted, after, limit + 1))
    last = found[limit - 1] if len(found) > limit else None
    following = None if last is None else encoded(last.at.isoformat(), last.correlation_id)
    return Page[Act](items=found[:limit], next=following)


@router.get(
    "/export",
    summary="Export what operators did",
    response_class=Response,
    responses=problems(401, 403) | _CSV,
)
async def export_activity(desk: DeskDep, wanted: WantedDep) -> Response:
    """Return the same as CSV, at most 100,000 lines."""
    found = await desk.ask(lambda sql: acts_of(sql, wanted, None, MOST_EXPORTED))
    text = io.StringIO()
    lines = csv.writer(text)
    lines.writerow(_COLUMNS)
    for act in found:
        values = act.model_dump(mode="json")
        lines.writerow([cell(values[name]) for name in _COLUMNS])
    headers = {"Content-Disposition": 'attachment; filename="activity.csv"'}
    return Response(text.getvalue(), media_type="text/csv", headers=headers)


def cell(value: str | None) -> str:
    """Return the text of a cell that no spreadsheet takes for a formula."""
    text = value or ""
    return f"'{text}" if text.startswith(_FORMULA) else text


def _aware(text: str) -> datetime:
    at = datetime.fromisoformat(text)
    if at.tzinfo is None:
        raise ValueError("without a time zone")
    return at
