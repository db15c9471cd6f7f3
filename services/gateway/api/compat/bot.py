"""Routes that change the account's adbot, in which no adbot is named."""

from typing import Annotated, Literal, Self
from uuid import UUID

from fastapi import APIRouter, Request, Response
from pydantic import Field, model_validator

from libs.eventsourcing import Refused
from libs.telegram_links.posts import parse_post
from services.gateway.api.adbots.routes import start_adbot, stop_adbot
from services.gateway.api.callers import WriterDep
from services.gateway.api.compat.current import CurrentDep, change, change_first
from services.gateway.api.compat.shapes import (
    TAG,
    Advertised,
    PostContent,
    PostType,
    StartBody,
    Started,
    Stopped,
    TheirBody,
    WrittenGroups,
    advertised_by,
    changing,
)
from services.gateway.api.desk import DeskDep
from services.gateway.api.openapi import problems
from services.gateway.tables.values import View

router = APIRouter(tags=[TAG], deprecated=True)


class PlanLimits(TheirBody):
    """Limits that a front end expects of a plan."""

    max_sessions: int | None = None


class RegistrationBody(TheirBody):
    """What a front end knows of its user. Nothing of it is stored, and nothing is granted by it."""

    email: Annotated[str | None, Field(max_length=254, examples=["client@example.com"])] = None
    plan_type: Annotated[str | None, Field(max_length=60, examples=["starter"])] = None
    plan_limits: PlanLimits | None = None
    sessions_count: Annotated[int | None, Field(examples=[1])] = None
    posting_interval_seconds: Annotated[int | None, Field(examples=[3600])] = None


class Registered(View):
    """The account of the token."""

    status: Literal["registered"] = "registered"
    user_id: UUID


class PostUpdateBody(TheirBody):
    """A post, and what it is to be."""

    post_content: PostContent
    post_type: PostType


class GroupsUpdateBody(TheirBody):
    """The groups."""

    groups: WrittenGroups


class ConfigBody(TheirBody):
    """A post, groups, or both; what is left out or empty stays as it is."""

    post_content: PostContent | None = None
    post_type: PostType | None = None
    groups: WrittenGroups | None = None

    @model_validator(mode="after")
    def _check_parts(self) -> Self:
        if not self.post_content and not self.groups:
            message = "must have post_content or groups, or both"
            raise ValueError(message)
        return self


class PostUpdated(View):
    """The post as it is read."""

    status: Literal["updated"] = "updated"
    post_content: str | None
    post_type: PostType | None


class GroupsUpdated(View):
    """The groups in their canonical form."""

    status: Literal["updated"] = "updated"
    groups: list[str]


class ConfigUpdated(Advertised):
    """The post and the groups as they are read."""

    status: Literal["updated"] = "updated"


@router.post("/bot/register-user", summary="Register the caller", responses=problems(401, 429))
async def register_user(caller: WriterDep, body: RegistrationBody | None = None) -> Registered:
    """Return the id of the token's account. Nothing is stored: seats come from a paid order only."""
    del body  # what a front end says of plans grants nothing
    return Registered(user_id=caller.account)


router.add_api_route(
    "/register",
    register_user,
    methods=["POST"],
    name="register_user_by_short_path",
    summary="Register the caller, under a shorter path",
    responses=problems(401, 429),
)


@router.post("/bot/start", summary="Start the account's adbot", responses=changing(Started))
async def start_bot(
    caller: WriterDep,
    adbot: CurrentDep,
    request: Request,
    response: Response,
    desk: DeskDep,
    body: StartBody | None = None,
) -> Started:
    """Set the post and the groups if they are given, then start the adbot.

    What was set stays if the start is refused.
    """
    await change_first(adbot, body, caller, request, response, desk)
    await start_adbot(adbot, caller, request, response, desk)
    return Started()


@router.post("/bot/stop", summary="Stop the account's adbot", responses=changing(Stopped))
async def stop_bot(
    caller: WriterDep, adbot: CurrentDep, request: Request, response: Response, desk: DeskDep
) -> Stopped:
    """Stop the adbot; a repetition changes nothing."""
    await stop_adbot(adbot, caller, request, response, desk)
    return Stopped()


@router.post(
    "/bot/update-post", summary="Set the post of the account's adbot", responses=changing(PostUpdated)
)
async def set_bot_post(
    body: PostUpdateBody,
    caller: WriterDep,
    adbot: CurrentDep,
    request: Request,
    response: Response,
    desk: DeskDep,
) -> PostUpdated:
    """Set the post, also before the groups. Refused if it is not read as what `post_type` says."""
    _check_type(body.post_content, body.post_type)
    state = await change(adbot, body.post_content, None, caller, request, response, desk)
    found = advertised_by(state)
    return PostUpdated(post_content=found.post_content, post_type=found.post_type)


@router.post(
    "/bot/update-groups", summary="Set the groups of the account's adbot", responses=changing(GroupsUpdated)
)
async def set_bot_groups(
    body: GroupsUpdateBody,
    caller: WriterDep,
    adbot: CurrentDep,
    request: Request,
    response: Response,
    desk: DeskDep,
) -> GroupsUpdated:
    """Set the groups, once there is a post."""
    state = await change(adbot, None, body.groups, caller, request, response, desk)
    return GroupsUpdated(groups=advertised_by(state).groups)


@router.post(
    "/bot/config", summary="Set post and groups of the account's adbot", responses=changing(ConfigUpdated)
)
async def set_bot_config(
    body: ConfigBody,
    caller: WriterDep,
    adbot: CurrentDep,
    request: Request,
    response: Response,
    desk: DeskDep,
) -> ConfigUpdated:
    """Set what is given of the post and the groups; all at once, or nothing."""
    if body.post_content and body.post_type:
        _check_type(body.post_content, body.post_type)
    post, groups = body.post_content or None, body.groups or None
    state = await change(adbot, post, groups, caller, request, response, desk)
    return ConfigUpdated(**advertised_by(state).model_dump())


def _check_type(content: str, wanted: PostType) -> None:
    """Raise `Refused` for a post that is read as something else than a front end says."""
    kind = parse_post(content).kind
    if kind != wanted:
        raise Refused("malformed_post", f"this is read as a {kind}, not as a {wanted}")
