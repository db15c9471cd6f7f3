"""The operator's routes of the activity log."""

import csv
import io
from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import replace
from typing import Annotated

import msgspec
from fastapi import APIRouter, Query, Request, Response
from pydantic import Field
from starlette.responses import StreamingResponse

from services.gateway.activity.log import ACTS, Act
from services.gateway.api.callers import FOR_OPERATORS
from services.gateway.api.desk import Desk, DeskDep
from services.gateway.api.listings import answer_page
from services.gateway.api.openapi import Responses, problems
from services.gateway.api.requests.queries import ByAge, From, PageQuery, To, Word
from services.gateway.api.requests.shapes import Page
from services.gateway.tables.paging import PageRequest, PageRows, page_of

router = APIRouter(prefix="/admin/activity", tags=["admin"], dependencies=[FOR_OPERATORS])

MOST_EXPORTED = 100_000
PAGE = 1000
"""How many acts are exported at once."""
_ACT = msgspec.json.Decoder(dict[str, str | None])
_COLUMNS = ("at", "actor", "address", "operation", "path", "outcome", "detail", "correlation_id")
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_EXAMPLE = f"{','.join(_COLUMNS)}\r\n"
_CSV: Responses = {
    200: {
        "content": {"text/csv": {"example": _EXAMPLE}},
        "description": "A line for each act, with a header.",
    }
}


class ActivityQuery(PageQuery, frozen=True):
    """The acts that are asked for."""

    sort: ByAge = "-created_at"
    actor: Annotated[Word | None, Field(description="Such as `admin:<account>`.")] = None
    operation: Annotated[Word | None, Field(description="Such as `suspend_account`.")] = None
    text: Annotated[
        Word | None, Field(description="Only of paths that hold this, such as an adbot's id.")
    ] = None
    from_: From = None
    to: To = None


@router.get("", summary="List what operators did", responses=problems(401, 403), response_model=Page[Act])
async def list_activity(
    desk: DeskDep, request: Request, asked: Annotated[ActivityQuery, Query()]
) -> Response:
    """Return the requests by which operators changed something, the latest first."""
    return await answer_page(request, desk, ACTS, asked)


@router.get(
    "/export",
    summary="Export what operators did",
    response_class=Response,
    responses=problems(401, 403) | _CSV,
)
async def export_activity(desk: DeskDep, asked: Annotated[ActivityQuery, Query()]) -> Response:
    """Return the same as CSV: at most 100,000 lines, whatever `limit` says."""
    wanted = replace(asked.of(), limit=PAGE)
    first = await _page(desk, wanted)  # before the answer begins: trouble is answered as for any request
    headers = {"Content-Disposition": 'attachment; filename="activity.csv"'}
    return StreamingResponse(_exported(desk, wanted, first), media_type="text/csv", headers=headers)


async def _exported(desk: Desk, wanted: PageRequest, page: PageRows) -> AsyncIterator[bytes]:
    """Yield the export in pieces, each of a page: other requests are answered in between."""
    yield _csv([_COLUMNS])
    left = MOST_EXPORTED
    while True:
        acts = [_ACT.decode(row["item"]) for row in page.rows[:left]]
        yield _csv([[cell(act[name]) for name in _COLUMNS] for act in acts])
        left -= len(acts)
        if page.last is None or not left:
            return
        page = await _page(desk, replace(wanted, after=page.last))


async def _page(desk: Desk, wanted: PageRequest) -> PageRows:
    return await desk.ask(lambda sql: page_of(sql, ACTS, wanted))


def _csv(rows: Iterable[Sequence[str]]) -> bytes:
    text = io.StringIO()
    csv.writer(text).writerows(rows)
    return text.getvalue().encode()


def cell(value: str | None) -> str:
    """Return the text of a cell that no spreadsheet takes for a formula."""
    text = value or ""
    return f"'{text}" if text.startswith(_FORMULA) else text
