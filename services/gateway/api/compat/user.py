"""Routes of the account: its adbots, orders, notifications and figures, and the adbot's advertisement."""

from datetime import datetime
from typing import Annotated, Self
from uuid import UUID

from fastapi import APIRouter, Request, Response
from pydantic import Field, model_validator

from services.gateway.api.account.notifications import NotificationPage, list_notifications
from services.gateway.api.account.orders import list_orders
from services.gateway.api.adbots.routes import list_adbots
from services.gateway.api.callers import ReaderDep, WriterDep
from services.gateway.api.compat.current import CurrentDep, bot_in, change
from services.gateway.api.compat.shapes import (
    TAG,
    BotStatus,
    PostContent,
    Stats,
    TheirBody,
    WrittenGroups,
    advertised_by,
    bot_status_of,
    changing,
    stats_of,
)
from services.gateway.api.desk import DeskDep
from services.gateway.api.openapi import problems
from services.gateway.api.requests.shapes import Page
from services.gateway.api.requests.tags import tagged_model
from services.gateway.tables.adbot_states import AdbotState, PlanStatus
from services.gateway.tables.order_lines import OrderLine
from services.gateway.tables.totals import totals_of
from services.gateway.tables.values import View

router = APIRouter(prefix="/user", tags=[TAG], deprecated=True)


class AdvertisementUpdateBody(TheirBody):
    """A post, groups, or both; what is left out or empty stays as it is."""

    post_link: PostContent | None = None
    groups: WrittenGroups | None = None

    @model_validator(mode="after")
    def _check_parts(self) -> Self:
        if not self.post_link and not self.groups:
            message = "must have post_link or groups, or both"
            raise ValueError(message)
        return self


class UserAdvertisement(View):
    """The first post, and the groups in their canonical form."""

    post_link: Annotated[
        str | None, Field(description="A link or a text.", examples=["https://t.me/channel/42"])
    ]
    groups: list[str]


class UserStatus(View):
    """The status of the account's plans and of its adbot."""

    user_id: UUID
    plan_status: PlanStatus
    bot_status: BotStatus
    valid_until: Annotated[datetime | None, Field(description="When the plan of the adbot ends.")]


router.add_api_route(
    "/adbots",
    list_adbots,
    name="list_user_adbots",
    summary="List your adbots, as version 1 does",
    responses=problems(401),
    response_model=Page[AdbotState],
)
router.add_api_route(
    "/orders",
    list_orders,
    name="list_user_orders",
    summary="List your orders, as version 1 does",
    responses=problems(401),
    response_model=Page[OrderLine],
)
router.add_api_route(
    "/notifications",
    list_notifications,
    name="list_user_notifications",
    summary="List your notifications, as version 1 does",
    responses=problems(401),
    response_model=NotificationPage,
)


@router.get(
    "/stats", summary="Show figures of all your adbots", responses=problems(401), response_model=Stats
)
async def get_user_stats(caller: ReaderDep, desk: DeskDep, request: Request) -> Response:
    """Return the sums of the figures of all adbots of the account, ended ones too."""
    totals = await desk.view(lambda sql: totals_of(sql, caller.account))
    return tagged_model(request, stats_of(totals))


@router.get(
    "/status",
    summary="Show the status of the plan and the adbot",
    responses=problems(401),
    response_model=UserStatus,
)
async def get_user_status(caller: ReaderDep, desk: DeskDep, request: Request) -> Response:
    """Return whether the account has a plan, and whether its adbot runs."""
    bot = await desk.view(lambda sql: bot_in(sql, caller.account))
    view = UserStatus(
        user_id=caller.account,
        plan_status=bot.plan_status,
        bot_status=bot_status_of(bot.state),
        valid_until=bot.state.valid_until if bot.state else None,
    )
    return tagged_model(request, view)


@router.get(
    "/advertisement",
    summary="Show post and groups",
    responses=problems(401),
    response_model=UserAdvertisement,
)
async def get_user_advertisement(caller: ReaderDep, desk: DeskDep, request: Request) -> Response:
    """Return the post and the groups of the account's adbot."""
    bot = await desk.view(lambda sql: bot_in(sql, caller.account))
    return tagged_model(request, _advertisement(bot.state))


@router.post("/advertisement", summary="Set post and groups", responses=changing(UserAdvertisement))
async def set_user_advertisement(
    body: AdvertisementUpdateBody,
    caller: WriterDep,
    adbot: CurrentDep,
    request: Request,
    response: Response,
    desk: DeskDep,
) -> UserAdvertisement:
    """Set what is given of the post and the groups of the account's adbot; all at once, or nothing."""
    post, groups = body.post_link or None, body.groups or None
    return _advertisement(await change(adbot, post, groups, caller, request, response, desk))


def _advertisement(state: AdbotState | None) -> UserAdvertisement:
    found = advertised_by(state)
    return UserAdvertisement(post_link=found.post_content, groups=found.groups)
