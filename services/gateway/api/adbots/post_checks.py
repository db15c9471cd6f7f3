"""The routes by which a client lets the seats look at posts before anything is sent."""

from http import HTTPStatus
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Request, Response
from pydantic import BaseModel, Field

from libs.events.commands.scheduler import CheckPost
from libs.events.values import AdbotId, PostCheckId
from libs.eventsourcing.values import new_id, utc_now
from services.gateway.api.adbots.routes import PostText, own_adbot
from services.gateway.api.adbots.sending import send_once_known
from services.gateway.api.callers import WriterDep, causes_of
from services.gateway.api.desk import DeskDep
from services.gateway.api.openapi import problems
from services.gateway.api.requests.problems import Denied
from services.gateway.api.requests.shapes import Body, Listing
from services.gateway.tables.post_checks import PostCheck, check_of, checks_of, running_check

router = APIRouter(prefix="/adbots", tags=["adbots"])


class PostCheckBody(Body):
    """The posts to look at."""

    posts: Annotated[
        list[PostText],
        Field(
            default_factory=list[str],
            max_length=20,
            description="Links to posts; without any, the posts of the advertisement.",
            examples=[["https://t.me/channel/42"]],
        ),
    ]


class RequestedCheck(BaseModel):
    """A post check that was begun, or is still running."""

    id: UUID


@router.post(
    "/{adbot_id}/post-checks",
    summary="Check posts before starting",
    status_code=HTTPStatus.ACCEPTED,
    responses=problems(401, 404, 409, 413, 429),
)
async def check_posts(
    caller: WriterDep,
    adbot: Annotated[AdbotId, Depends(own_adbot)],
    request: Request,
    response: Response,
    desk: DeskDep,
    body: PostCheckBody | None = None,
) -> RequestedCheck:
    """Let each seat look whether it can read posts and may forward them; nothing is sent.

    The answers come within two minutes: poll the check at the `Location`. A check that is still running is
    returned instead of beginning another; an adbot has at most six in an hour.
    """
    running = await desk.view(lambda sql: running_check(sql, adbot, utc_now()))
    check = PostCheckId(new_id()) if running is None else PostCheckId(running.id)
    if running is None:
        posts = tuple(body.posts) if body is not None else ()
        command = CheckPost(adbot=adbot, account=caller.account, check=check, posts=posts)
        causes = causes_of(request)

        async def shown() -> AdbotId:
            return await own_adbot(adbot, caller, desk)

        accepted = await send_once_known(desk.commands.send, command, causes, desk.timeout_seconds, shown)
        await desk.settled(accepted.written)
    response.headers["Location"] = f"/api/v1/adbots/{adbot}/post-checks/{check}"
    return RequestedCheck(id=check)


@router.get("/{adbot_id}/post-checks", summary="List post checks", responses=problems(401, 404))
async def list_post_checks(
    adbot: Annotated[AdbotId, Depends(own_adbot)], desk: DeskDep
) -> Listing[PostCheck]:
    """Return the last ten post checks of an adbot, the latest first."""
    return Listing(items=await desk.view(lambda sql: checks_of(sql, adbot, utc_now())))


@router.get("/{adbot_id}/post-checks/{check_id}", summary="Show a post check", responses=problems(401, 404))
async def get_post_check(
    check_id: UUID, adbot: Annotated[AdbotId, Depends(own_adbot)], desk: DeskDep
) -> PostCheck:
    """Return what each seat found out so far about each post."""
    check = PostCheckId(check_id)
    found = await desk.view(lambda sql: check_of(sql, adbot, check, utc_now()))
    if found is None:
        raise Denied(HTTPStatus.NOT_FOUND, "unknown_post_check", "this adbot has no post check of this id")
    return found
