"""The operator's routes of figures: any adbot's deliveries, statistics and groups, and those of sessions."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query

from libs.events.values import AdbotId, SessionId
from libs.eventsourcing.values import utc_now
from services.gateway.api.admin.adbots import adbot_or_denied
from services.gateway.api.callers import FOR_OPERATORS
from services.gateway.api.desk import DeskDep
from services.gateway.api.listings import GroupsQueryDep, LogQueryDep, groups_of_adbot, log_of_adbot
from services.gateway.api.openapi import problems
from services.gateway.api.requests.cursors import CursorText, decoded, encoded
from services.gateway.api.requests.shapes import Limit, Page
from services.gateway.tables.delivery_log import LogLine
from services.gateway.tables.figures import (
    GroupFigures,
    SessionFigures,
    Statistics,
    session_figures,
    statistics_of,
)
from services.gateway.tables.stock import SessionState

router = APIRouter(prefix="/admin", tags=["admin"], dependencies=[FOR_OPERATORS])


async def known_adbot(adbot_id: UUID, desk: DeskDep) -> AdbotId:
    """Return the id of the adbot of the path; raise `Denied` if there is none."""
    return AdbotId((await adbot_or_denied(desk, AdbotId(adbot_id))).id)


def session_of(cursor: CursorText = None) -> SessionId | None:
    """Return the session that a cursor names."""
    return decoded(cursor, 1, lambda parts: SessionId(UUID(parts[0])))


@router.get("/adbots/{adbot_id}/logs", summary="List any adbot's deliveries", responses=problems(401, 404))
async def get_any_logs(
    adbot: Annotated[AdbotId, Depends(known_adbot)],
    desk: DeskDep,
    wanted: LogQueryDep,
) -> Page[LogLine]:
    """Return an adbot's last deliveries, the latest first."""
    return await log_of_adbot(desk, adbot, wanted)


@router.get("/adbots/{adbot_id}/groups", summary="List any adbot's groups", responses=problems(401, 404))
async def list_any_groups(
    adbot: Annotated[AdbotId, Depends(known_adbot)],
    desk: DeskDep,
    wanted: GroupsQueryDep,
) -> Page[GroupFigures]:
    """Return an adbot's groups by name, with figures and denials."""
    return await groups_of_adbot(desk, adbot, wanted)


@router.get(
    "/adbots/{adbot_id}/statistics", summary="Show any adbot's statistics", responses=problems(401, 404)
)
async def get_any_statistics(adbot: Annotated[AdbotId, Depends(known_adbot)], desk: DeskDep) -> Statistics:
    """Return an adbot's statistics since it was created, and those of its sessions."""
    return await desk.view(lambda sql: statistics_of(sql, adbot, utc_now()))


@router.get("/sessions", summary="List sessions with their figures", responses=problems(401))
async def list_sessions(
    desk: DeskDep,
    after: Annotated[SessionId | None, Depends(session_of)],
    state: Annotated[SessionState | None, Query(description="Only sessions in this state.")] = None,
    limit: Limit = 100,
) -> Page[SessionFigures]:
    """Return the sessions in stock by id, with what they sent on all adbots and in the last thirty days."""
    found = await desk.view(lambda sql: session_figures(sql, state, after, limit + 1, utc_now()))
    following = encoded(found[limit - 1].session) if len(found) > limit else None
    return Page[SessionFigures](items=found[:limit], next=following)
