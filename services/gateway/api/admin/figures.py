"""The operator's routes of figures: any adbot's deliveries, statistics and groups, and those of sessions."""

from collections.abc import Sequence
from http import HTTPStatus
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request, Response
from pydantic import Field, TypeAdapter

from libs.events.values import AdbotId
from libs.eventsourcing import Row, Sql
from libs.eventsourcing.values import utc_now
from services.gateway.api.callers import FOR_OPERATORS
from services.gateway.api.desk import DeskDep
from services.gateway.api.listings import (
    GroupsQueryDep,
    LogPage,
    LogQueryDep,
    answer_page,
    groups_of_adbot,
)
from services.gateway.api.openapi import problems
from services.gateway.api.periods import PeriodsQueryDep, asked_periods
from services.gateway.api.requests.problems import Denied
from services.gateway.api.requests.queries import PageQuery, Sort, Text
from services.gateway.api.requests.shapes import Page
from services.gateway.tables.adbot_states import owners_of
from services.gateway.tables.delivery_log import LOG
from services.gateway.tables.figure_queries import SESSIONS
from services.gateway.tables.figures import (
    GroupFigures,
    SessionFigures,
    Statistics,
    sessions_in,
    statistics_of,
)
from services.gateway.tables.periods import Periods
from services.gateway.tables.stock import SessionState

router = APIRouter(prefix="/admin", tags=["admin"], dependencies=[FOR_OPERATORS])


async def known_adbot(adbot_id: UUID, desk: DeskDep) -> AdbotId:
    """Return the id of the adbot of the path; raise `Denied` if there is none."""
    adbot = AdbotId(adbot_id)
    if adbot not in await desk.ask(lambda sql: owners_of(sql, [adbot])):
        raise Denied(HTTPStatus.NOT_FOUND, "unknown_adbot", "there is no such adbot")
    return adbot


class SessionsQuery(PageQuery, frozen=True):
    """The page of sessions that is asked for."""

    sort: Annotated[Literal["id", "-id", "created_at", "-created_at"], Sort] = "id"
    state: Annotated[SessionState | None, Field(description="Only sessions in this state.")] = None
    adbot: Annotated[UUID | None, Field(description="Only sessions on this adbot.")] = None
    text: Text = None


_SESSIONS: TypeAdapter[list[SessionFigures]] = TypeAdapter(list[SessionFigures])


@router.get(
    "/adbots/{adbot_id}/logs",
    summary="List any adbot's deliveries",
    responses=problems(401, 404),
    response_model=LogPage,
)
async def get_any_logs(
    adbot: Annotated[AdbotId, Depends(known_adbot)], desk: DeskDep, request: Request, asked: LogQueryDep
) -> Response:
    """Return an adbot's last deliveries, the latest first."""
    return await answer_page(request, desk, LOG, asked, adbot)


@router.get(
    "/adbots/{adbot_id}/groups",
    summary="List any adbot's groups",
    responses=problems(401, 404),
    response_model=Page[GroupFigures],
)
async def list_any_groups(
    adbot: Annotated[AdbotId, Depends(known_adbot)], desk: DeskDep, request: Request, asked: GroupsQueryDep
) -> Response:
    """Return an adbot's groups by name, with figures and denials."""
    return await groups_of_adbot(request, desk, adbot, asked)


@router.get(
    "/adbots/{adbot_id}/statistics", summary="Show any adbot's statistics", responses=problems(401, 404)
)
async def get_any_statistics(adbot: Annotated[AdbotId, Depends(known_adbot)], desk: DeskDep) -> Statistics:
    """Return an adbot's statistics since it was created, and those of its sessions."""
    return await desk.view(lambda sql: statistics_of(sql, adbot, utc_now()))


@router.get(
    "/adbots/{adbot_id}/statistics/periods",
    summary="Show any adbot's statistics by hour or day",
    responses=problems(401, 404),
)
async def get_any_periods(
    adbot: Annotated[AdbotId, Depends(known_adbot)], desk: DeskDep, asked: PeriodsQueryDep
) -> Periods:
    """Return what an adbot sent in each of the last hours or days."""
    return await asked_periods(desk, asked, adbot)


@router.get(
    "/statistics/periods", summary="Show statistics of all adbots by hour or day", responses=problems(401)
)
async def get_periods_of_all(desk: DeskDep, asked: PeriodsQueryDep) -> Periods:
    """Return what all adbots sent in each of the last hours or days, ended adbots included."""
    return await asked_periods(desk, asked)


@router.get(
    "/sessions",
    summary="List sessions with their figures",
    responses=problems(401),
    response_model=Page[SessionFigures],
)
async def list_sessions(
    desk: DeskDep, request: Request, asked: Annotated[SessionsQuery, Query()]
) -> Response:
    """Return the sessions in stock by id, with what they sent on all adbots and in the last thirty days."""

    async def items(sql: Sql, rows: Sequence[Row]) -> bytes:
        return _SESSIONS.dump_json(await sessions_in(sql, rows, utc_now()))

    return await answer_page(request, desk, SESSIONS, asked, items=items)
