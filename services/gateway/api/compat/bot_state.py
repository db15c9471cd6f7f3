"""Routes that show the account's adbot, in which no adbot is named."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response
from pydantic import Field

from libs.events.values import AdbotId
from libs.eventsourcing import Sql
from services.gateway.api.adbots.posts import PostBody, PostText, validate_post
from services.gateway.api.callers import ReaderDep
from services.gateway.api.compat.current import Bot, bot_in
from services.gateway.api.compat.shapes import (
    TAG,
    Advertised,
    BotStatus,
    Stats,
    advertised_by,
    bot_status_of,
    stats_of,
)
from services.gateway.api.desk import DeskDep
from services.gateway.api.openapi import problems
from services.gateway.api.requests.tags import tagged_model
from services.gateway.tables.adbot_states import PlanStatus
from services.gateway.tables.delivery_log import LogLine, log_of
from services.gateway.tables.values import View

router = APIRouter(tags=[TAG], deprecated=True)

_LINES = 100
"""How many lines of the log `/sync/state` has."""


class BotFigures(View):
    """The status of the adbot, and its figures."""

    bot_status: BotStatus
    stats: Stats


class BotState(Advertised, BotFigures):
    """All of the adbot."""

    user_id: UUID
    plan_status: PlanStatus
    assigned_sessions: Annotated[
        list[str], Field(description="The masked phone numbers of its seats.", examples=[["+49…17"]])
    ]
    delay_between_cycles: Annotated[int | None, Field(description="The interval of its plan, in seconds.")]
    next_run_at: Annotated[
        datetime | None, Field(description="When the next cycle is due; null unless it runs.")
    ]


class SyncState(View):
    """What is set, the figures, and the last hundred lines of the log, the latest first."""

    config: Advertised
    stats: Stats
    logs: list[LogLine]


class LinkValidity(View):
    """Whether a text is a link to a post; `error` says why not."""

    valid: bool
    channel: Annotated[str | None, Field(examples=["@channel"])] = None
    message_id: Annotated[int | None, Field(examples=[42])] = None
    error: Annotated[str | None, Field(examples=["this is no link to a post"])] = None


@router.get(
    "/bot/config",
    summary="Show post and groups of the account's adbot",
    responses=problems(401),
    response_model=Advertised,
)
async def get_bot_config(caller: ReaderDep, desk: DeskDep, request: Request) -> Response:
    """Return the post and the groups."""
    bot = await desk.view(lambda sql: bot_in(sql, caller.account))
    return tagged_model(request, advertised_by(bot.state))


@router.get(
    "/bot/state", summary="Show the account's adbot", responses=problems(401), response_model=BotState
)
async def get_bot_state(caller: ReaderDep, desk: DeskDep, request: Request) -> Response:
    """Return all of the adbot; without an adbot, it is stopped and empty."""
    bot = await desk.view(lambda sql: bot_in(sql, caller.account, figures=True))
    state, figures = bot.state, bot.figures
    view = BotState(
        **advertised_by(state).model_dump(),
        user_id=caller.account,
        bot_status=bot_status_of(state),
        plan_status=bot.plan_status,
        assigned_sessions=[seat.session for seat in figures.seats] if figures else [],
        delay_between_cycles=state.plan.interval_seconds if state else None,
        next_run_at=state.cycles.next_due_at if state else None,
        stats=stats_of(figures),
    )
    return tagged_model(request, view)


@router.get(
    "/bot/status",
    summary="Show figures of the account's adbot",
    responses=problems(401),
    response_model=BotFigures,
)
async def get_bot_status(caller: ReaderDep, desk: DeskDep, request: Request) -> Response:
    """Return whether the adbot runs, and its figures."""
    bot = await desk.view(lambda sql: bot_in(sql, caller.account, figures=True))
    view = BotFigures(bot_status=bot_status_of(bot.state), stats=stats_of(bot.figures))
    return tagged_model(request, view)


@router.get(
    "/bot/validate-post",
    summary="Validate a link to a post",
    responses=problems(401),
    response_model_exclude_none=True,
)
async def validate_bot_post(
    link: Annotated[
        PostText, Query(description="The text to look at.", examples=["https://t.me/channel/42"])
    ],
    caller: ReaderDep,
) -> LinkValidity:
    """Return whether a text is a link to a post; a post that is a text is none."""
    found = await validate_post(PostBody(post=link), caller)
    if found.kind != "link":
        return LinkValidity(valid=False, error=found.detail or "this is no link to a post")
    return LinkValidity(valid=True, channel=found.channel, message_id=found.message)


@router.get(
    "/sync/state",
    summary="Show the account's adbot with its log",
    responses=problems(401),
    response_model=SyncState,
)
async def get_sync_state(caller: ReaderDep, desk: DeskDep, request: Request) -> Response:
    """Return the post and the groups, the figures, and the last lines of the log."""

    async def look(sql: Sql) -> tuple[Bot, list[LogLine]]:
        bot = await bot_in(sql, caller.account, figures=True)
        return bot, await log_of(sql, AdbotId(bot.state.id), _LINES) if bot.state else []

    bot, lines = await desk.view(look)
    view = SyncState(config=advertised_by(bot.state), stats=stats_of(bot.figures), logs=lines)
    return tagged_model(request, view)
