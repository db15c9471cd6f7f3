"""The routes by which a client lets the seats look at posts before anything is sent.

What they do is shared with the operator's routes.
"""

from collections.abc import Awaitable, Callable, Sequence
from http import HTTPStatus
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request, Response
from pydantic import Field, TypeAdapter

from libs.events.commands.scheduler import CheckPost
from libs.events.values import AccountId, AdbotId, PostCheckId
from libs.eventsourcing import Row, Sql
from libs.eventsourcing.values import utc_now
from services.gateway.api.adbots.posts import WrittenPost, written
from services.gateway.api.adbots.routes import own_adbot
from services.gateway.api.adbots.sending import send_once_known
from services.gateway.api.callers import WriterDep, causes_of
from services.gateway.api.desk import Desk, DeskDep
from services.gateway.api.listings import answer_page
from services.gateway.api.openapi import problems
from services.gateway.api.requests.idempotency import id_for
from services.gateway.api.requests.problems import Denied
from services.gateway.api.requests.queries import ByAge, PageQuery
from services.gateway.api.requests.shapes import Body, Page
from services.gateway.api.requests.tags import tagged_model
from services.gateway.tables.post_checks import CHECKS, PostCheck, check_of, checks_in, running_check
from services.gateway.tables.values import View

router = APIRouter(prefix="/adbots", tags=["adbots"])


class PostCheckBody(Body):
    """The posts to look at."""

    posts: Annotated[
        list[WrittenPost],
        Field(
            default_factory=list[str],
            max_length=20,
            description="Links to posts, or posts as answers show them. Without any: those of the "
            "advertisement.",
            examples=[["https://t.me/channel/42"]],
        ),
    ]


class RequestedCheck(View):
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

    async def shown() -> AdbotId:
        return await own_adbot(adbot, caller, desk)

    found = await begin_check(adbot, caller.account, body, request, desk, shown)
    response.headers["Location"] = f"/api/v1/adbots/{adbot}/post-checks/{found.id}"
    return found


async def begin_check(
    adbot: AdbotId,
    account: AccountId | None,
    body: PostCheckBody | None,
    request: Request,
    desk: Desk,
    shown: Callable[[], Awaitable[object]],
) -> RequestedCheck:
    """Begin a check of an adbot of an account, or of any; return the one that still runs instead.

    `shown` raises `Denied` if the adbot is not the caller's.
    """
    running = await desk.view(lambda sql: running_check(sql, adbot, utc_now()))
    if running is not None:
        return RequestedCheck(id=running.id)
    check = PostCheckId(id_for(request))
    posts = tuple(map(written, body.posts)) if body is not None else ()
    command = CheckPost(adbot=adbot, account=account, check=check, posts=posts)
    causes = causes_of(request)
    accepted = await send_once_known(desk.commands.send, command, causes, desk.timeout_seconds, shown)
    await desk.settled(accepted.written)
    return RequestedCheck(id=check)


class PostChecksQuery(PageQuery, frozen=True):
    """The page of post checks that is asked for."""

    sort: ByAge = "-created_at"


_CHECKS: TypeAdapter[list[PostCheck]] = TypeAdapter(list[PostCheck])


@router.get(
    "/{adbot_id}/post-checks",
    summary="List post checks",
    responses=problems(401, 404),
    response_model=Page[PostCheck],
)
async def list_post_checks(
    adbot: Annotated[AdbotId, Depends(own_adbot)],
    desk: DeskDep,
    request: Request,
    asked: Annotated[PostChecksQuery, Query()],
) -> Response:
    """Return the last ten post checks of an adbot, the latest first."""
    return await checks_of_adbot(request, desk, adbot, asked)


async def checks_of_adbot(request: Request, desk: Desk, adbot: AdbotId, asked: PostChecksQuery) -> Response:
    """Return the answer with a page of an adbot's post checks."""

    async def items(sql: Sql, rows: Sequence[Row]) -> bytes:
        return _CHECKS.dump_json(await checks_in(sql, rows, utc_now()))

    return await answer_page(request, desk, CHECKS, asked, adbot, items=items)


@router.get(
    "/{adbot_id}/post-checks/{check_id}",
    summary="Show a post check",
    responses=problems(401, 404),
    response_model=PostCheck,
)
async def get_post_check(
    check_id: UUID, adbot: Annotated[AdbotId, Depends(own_adbot)], desk: DeskDep, request: Request
) -> Response:
    """Return what each seat found out so far about each post."""
    return await check_of_adbot(request, desk, adbot, PostCheckId(check_id))


async def check_of_adbot(request: Request, desk: Desk, adbot: AdbotId, check: PostCheckId) -> Response:
    """Return the answer with a post check; raise `Denied` if the adbot has none of this id."""
    found = await desk.view(lambda sql: check_of(sql, adbot, check, utc_now()))
    if found is None:
        raise Denied(HTTPStatus.NOT_FOUND, "unknown_post_check", "this adbot has no post check of this id")
    return tagged_model(request, found)
