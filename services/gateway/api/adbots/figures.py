"""What a client sees of forwarding: deliveries, statistics, and the figures of groups."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Request, Response

from libs.events.values import AdbotId
from libs.eventsourcing.values import utc_now
from services.gateway.api.adbots.routes import own_adbot
from services.gateway.api.callers import ReaderDep
from services.gateway.api.desk import Desk, DeskDep
from services.gateway.api.direct_reads import direct_read
from services.gateway.api.identity.principal import Caller
from services.gateway.api.listings import (
    GroupsQueryDep,
    LogPage,
    LogQuery,
    LogQueryDep,
    RenderedPage,
    asked_page,
    groups_of_adbot,
)
from services.gateway.api.openapi import problems
from services.gateway.api.periods import PeriodsQueryDep, asked_periods
from services.gateway.api.requests.shapes import Page
from services.gateway.api.requests.tags import tagged
from services.gateway.tables.delivery_log import OWN_LOG
from services.gateway.tables.figures import GroupFigures, Statistics, statistics_of
from services.gateway.tables.periods import Periods

router = APIRouter(prefix="/adbots", tags=["adbots"])


@router.get(
    "/{adbot_id}/logs", summary="List deliveries", responses=problems(401, 404), response_model=LogPage
)
async def get_logs(
    adbot_id: UUID, caller: ReaderDep, desk: DeskDep, request: Request, asked: LogQueryDep
) -> Response:
    """Return an adbot's last deliveries, the latest first."""
    return tagged(request, (await own_log(adbot_id, caller, desk, asked)).json())


async def own_log(adbot_id: UUID, caller: Caller, desk: Desk, asked: LogQuery) -> RenderedPage:
    """Return a page of the log of an adbot; raise `Denied` unless it is the caller's."""
    page = await asked_page(desk, OWN_LOG, asked, adbot_id, caller.account)
    if page.empty:  # a page with lines shows by itself that the adbot is the caller's
        await own_adbot(adbot_id, caller, desk)
    return page


@router.get(
    "/{adbot_id}/groups",
    summary="List the groups with their figures",
    responses=problems(401, 404),
    response_model=Page[GroupFigures],
)
async def list_groups(
    adbot: Annotated[AdbotId, Depends(own_adbot)], desk: DeskDep, request: Request, asked: GroupsQueryDep
) -> Response:
    """Return an adbot's groups by name: what was sent, what was refused and by whom, and until when.

    A group that no cycle has named for 90 days is left out, unless the advertisement names it.
    """
    return await groups_of_adbot(request, desk, adbot, asked)


@router.get("/{adbot_id}/statistics", summary="Show an adbot's statistics", responses=problems(401, 404))
async def get_statistics(adbot: Annotated[AdbotId, Depends(own_adbot)], desk: DeskDep) -> Statistics:
    """Return an adbot's statistics since it was created, and those of its sessions."""
    return await desk.view(lambda sql: statistics_of(sql, adbot, utc_now()))


@router.get(
    "/{adbot_id}/statistics/periods",
    summary="Show an adbot's statistics by hour or day",
    responses=problems(401, 404),
)
async def get_periods(
    adbot: Annotated[AdbotId, Depends(own_adbot)], desk: DeskDep, asked: PeriodsQueryDep
) -> Periods:
    """Return what an adbot sent in each of the last hours or days."""
    return await asked_periods(desk, asked, adbot)


DIRECT = (direct_read(router, get_logs, LogQuery),)
