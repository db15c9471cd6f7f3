"""The operator's routes of notices: what went wrong, and what to do."""

from dataclasses import replace
from datetime import datetime
from http import HTTPStatus
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Query, Request
from pydantic import Field

from libs.events.gateway import NoticeId, NoticeKind
from libs.eventsourcing import UnitOfWork
from services.gateway.api.callers import FOR_OPERATORS, causes_of
from services.gateway.api.desk import Desk, DeskDep
from services.gateway.api.openapi import problems
from services.gateway.api.requests.cursors import continued, cursor_at
from services.gateway.api.requests.problems import Denied
from services.gateway.api.requests.queries import ByAge, PageQuery
from services.gateway.api.requests.shapes import Page
from services.gateway.notices.advice import ADVICE, TITLES
from services.gateway.notices.commands import Acknowledge, key_of
from services.gateway.notices.domain import NOTICE
from services.gateway.notices.tables import NOTICE_LINES, Notice, notice_in, notice_of
from services.gateway.tables.paging import PageRequest, page_of
from services.gateway.tables.values import View

router = APIRouter(prefix="/admin/notices", tags=["admin"], dependencies=[FOR_OPERATORS])


class NoticeView(View):
    """A notice to the operator. It is open until it is over or acknowledged."""

    id: UUID
    kind: NoticeKind
    title: str = Field(examples=["stock is low"])
    subject: Annotated[
        str, Field(description="What it is about, such as a service or an adbot; empty if there is one only.")
    ]
    detail: Annotated[str, Field(description="What happened.")]
    advice: Annotated[str, Field(description="What to do.")]
    count: Annotated[int, Field(description="How often it happened since the last notice of this subject.")]
    raised_at: datetime
    cleared_at: Annotated[
        datetime | None, Field(description="When it was over, or a later notice took its place.")
    ]
    acknowledged_at: datetime | None
    mailed_at: datetime | None


class NoticesQuery(PageQuery, frozen=True):
    """The page of notices that is asked for."""

    sort: ByAge = "-created_at"
    kind: Annotated[NoticeKind | None, Field(description="Only of this kind.")] = None
    all: Annotated[
        bool, Field(description="Also those of the last 90 days that are over or acknowledged.")
    ] = False

    def of(self, *scope: object) -> PageRequest:
        """Return the request for the page: of open notices, or of all."""
        wanted = super().of(*scope)
        filters = {name: value for name, value in wanted.filters.items() if name != "all"}
        return replace(wanted, filters=filters if self.all else {**filters, "open": True})


@router.get("", summary="List notices", responses=problems(401))
async def list_notices(desk: DeskDep, asked: Annotated[NoticesQuery, Query()]) -> Page[NoticeView]:
    """Return the open notices, the latest first, or all."""
    wanted = continued(NOTICE_LINES, asked.of(), asked.cursor)
    found = await desk.ask(lambda sql: page_of(sql, NOTICE_LINES, wanted))
    return Page[NoticeView](
        items=[_view(notice_in(row)) for row in found.rows],
        next=None if found.last is None else cursor_at(NOTICE_LINES, wanted, found.last),
    )


@router.post("/{notice_id}/acknowledge", summary="Acknowledge a notice", responses=problems(401, 404))
async def acknowledge_notice(
    notice_id: Annotated[UUID, Path()], request: Request, desk: DeskDep
) -> NoticeView:
    """Mark a notice as seen: it is no longer open. If it still holds, it is told again once it was over."""
    notice = await _notice(desk, NoticeId(notice_id))

    async def acknowledge(unit: UnitOfWork) -> None:
        await unit.execute(NOTICE, key_of(notice.kind, notice.subject), Acknowledge(notice.notice))

    await desk.engine.run(acknowledge, causes_of(request))
    return _view(await _notice(desk, notice.notice))


async def _notice(desk: Desk, notice: NoticeId) -> Notice:
    found = await desk.ask(lambda sql: notice_of(sql, notice))
    if found is None:
        raise Denied(HTTPStatus.NOT_FOUND, "unknown_notice", "there is no such notice")
    return found


def _view(one: Notice) -> NoticeView:
    return NoticeView(
        id=one.notice,
        kind=one.kind,
        title=TITLES[one.kind],
        subject=one.subject,
        detail=one.detail,
        advice=ADVICE[one.kind],
        count=one.count,
        raised_at=one.raised_at,
        cleared_at=one.cleared_at,
        acknowledged_at=one.acknowledged_at,
        mailed_at=one.mailed_at,
    )
