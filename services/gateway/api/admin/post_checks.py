"""The operator's routes by which the seats of any adbot look at posts before anything is sent."""

from http import HTTPStatus
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request, Response

from libs.events.values import AdbotId, PostCheckId
from services.gateway.api.adbots.post_checks import (
    PostCheckBody,
    PostChecksQuery,
    RequestedCheck,
    begin_check,
    check_of_adbot,
    checks_of_adbot,
)
from services.gateway.api.admin.figures import known_adbot
from services.gateway.api.callers import FOR_OPERATORS
from services.gateway.api.desk import DeskDep
from services.gateway.api.openapi import problems
from services.gateway.api.requests.shapes import Page
from services.gateway.tables.post_checks import PostCheck

router = APIRouter(
    prefix="/admin/adbots/{adbot_id}/post-checks", tags=["admin"], dependencies=[FOR_OPERATORS]
)
AnyAdbot = Annotated[AdbotId, Depends(known_adbot)]


@router.post(
    "",
    summary="Check posts with any adbot",
    status_code=HTTPStatus.ACCEPTED,
    responses=problems(401, 404, 409, 413, 429),
)
async def check_any_posts(
    adbot: AnyAdbot, request: Request, response: Response, desk: DeskDep, body: PostCheckBody | None = None
) -> RequestedCheck:
    """Let each seat look whether it can read posts and may forward them; nothing is sent.

    The answers come within two minutes: poll the check at the `Location`. A check that is still running is
    returned instead of beginning another. It counts among the six that an adbot has in an hour.
    """

    async def shown() -> AdbotId:
        return await known_adbot(adbot, desk)

    found = await begin_check(adbot, None, body, request, desk, shown)
    response.headers["Location"] = f"/api/v1/admin/adbots/{adbot}/post-checks/{found.id}"
    return found


@router.get(
    "", summary="List any adbot's post checks", responses=problems(401, 404), response_model=Page[PostCheck]
)
async def list_any_post_checks(
    adbot: AnyAdbot, desk: DeskDep, request: Request, asked: Annotated[PostChecksQuery, Query()]
) -> Response:
    """Return the last ten post checks of an adbot, the latest first."""
    return await checks_of_adbot(request, desk, adbot, asked)


@router.get(
    "/{check_id}",
    summary="Show any adbot's post check",
    responses=problems(401, 404),
    response_model=PostCheck,
)
async def get_any_post_check(check_id: UUID, adbot: AnyAdbot, desk: DeskDep, request: Request) -> Response:
    """Return what each seat found out so far about each post."""
    return await check_of_adbot(request, desk, adbot, PostCheckId(check_id))
