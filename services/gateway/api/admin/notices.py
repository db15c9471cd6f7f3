"""The operator's routes of notices: what went wrong, and what to do."""

from datetime import datetime
from http import HTTPStatus
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Path, Query, Request
from pydantic import BaseModel, Field

from libs.events.gateway import NoticeId, NoticeKind
from libs.eventsourcing import UnitOfWork
from services.gateway.api.callers import FOR_OPERATORS, causes_of
from services.gateway.api.desk import Desk, DeskDep
from services.gateway.api.openapi import problems
from services.gateway.api.requests.cursors import CursorText, decoded, encoded
from services.gateway.api.requests.problems import Denied
from services.gateway.api.requests.shapes import Limit, Page
from services.gateway.notices.advice import ADVICE, TITLES
from services.gateway.notices.commands import Acknowledge, key_of
from services.gateway.notices.domain import NOTICE
from services.gateway.notices.tables import Notice, NoticeCursor, notice_of, notices_of

router = APIRouter(prefix="/admin/notices", tags=["admin"], dependencies=[FOR_OPERATORS])


class NoticeView(BaseModel):
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


def _cursor(parts: list[str]) -> NoticeCursor:
    at = datetime.fromisoformat(parts[0])
    if at.tzinfo is None:
        raise ValueError("without a time zone")
    return NoticeCursor(at, NoticeId(UUID(parts[1])))


def cursor_of(cursor: CursorText = None) -> NoticeCursor | None:
    """Return the notice that a cursor names."""
    return decoded(cursor, 2, _cursor)


@router.get("", summary="List notices", responses=problems(401))
async def list_notices(
    desk: DeskDep,
    after: Annotated[NoticeCursor | None, Depends(cursor_of)],
    all_: Annotated[  # noqa: FBT002 - a query parameter
        bool,
        Query(alias="all", description="Also those of the last 90 days that are over or acknowledged."),
    ] = False,
    limit: Limit = 100,
) -> Page[NoticeView]:
    """Return the open notices, the latest first, or all."""
    found = await desk.ask(lambda sql: notices_of(sql, limit + 1, after, only_open=not all_))
    last = found[limit - 1] if len(found) > limit else None
    return Page[NoticeView](
        items=[_view(one) for one in found[:limit]],
        next=encoded(last.raised_at.isoformat(), last.notice) if last else None,
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
