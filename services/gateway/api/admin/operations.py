"""The operator's switches, which hold for all adbots: a pause, blocked groups and channels."""

from http import HTTPStatus
from typing import Annotated, Literal, assert_never

from fastapi import APIRouter, Query, Request, Response
from pydantic import Field, StringConstraints

from libs.events.commands.scheduler import (
    BlockSource,
    BlockTarget,
    PauseAll,
    ResumeAll,
    UnblockSource,
    UnblockTarget,
)
from services.gateway.api.callers import FOR_OPERATORS, causes_of, describe_act
from services.gateway.api.desk import Desk, DeskDep
from services.gateway.api.listings import answer_page
from services.gateway.api.openapi import Responses, problems
from services.gateway.api.requests.queries import PageQuery, Sort, Text
from services.gateway.api.requests.shapes import Page, ReasonBody, WithoutNul
from services.gateway.tables.operations import (
    BLOCKED_SOURCES,
    BLOCKED_TARGETS,
    BlockedChat,
    Operations,
    operations_of,
)

router = APIRouter(prefix="/admin/operations", tags=["admin"], dependencies=[FOR_OPERATORS])

Switch = PauseAll | ResumeAll | BlockTarget | UnblockTarget | BlockSource | UnblockSource


class ChatBody(ReasonBody):
    """A group or a channel, and why."""

    chat: Annotated[
        str,
        StringConstraints(min_length=1, max_length=300),
        WithoutNul,
        Field(
            description="`@name`, a link or an id, in any spelling; a topic is ignored.",
            examples=["https://t.me/group"],
        ),
    ]


def _writing() -> Responses:
    soon = {"model": Operations, "description": "It is committed; reads will include it soon."}
    return problems(401, 413) | {202: soon}


@router.get("", summary="Show the switches", responses=problems(401))
async def get_operations(desk: DeskDep) -> Operations:
    """Return whether all adbots are paused, and the blocked groups and channels."""
    return await desk.view(operations_of)


class BlocksQuery(PageQuery, frozen=True):
    """The page of blocked groups or channels that is asked for."""

    sort: Annotated[Literal["created_at", "-created_at", "chat", "-chat"], Sort] = "-created_at"
    text: Text = None


@router.get(
    "/targets", summary="List the blocked groups", responses=problems(401), response_model=Page[BlockedChat]
)
async def list_blocked_targets(
    desk: DeskDep, request: Request, asked: Annotated[BlocksQuery, Query()]
) -> Response:
    """Return the groups to which nothing is sent, the latest blocked first."""
    return await answer_page(request, desk, BLOCKED_TARGETS, asked)


@router.get(
    "/sources", summary="List the blocked channels", responses=problems(401), response_model=Page[BlockedChat]
)
async def list_blocked_sources(
    desk: DeskDep, request: Request, asked: Annotated[BlocksQuery, Query()]
) -> Response:
    """Return the channels whose posts are not sent, the latest blocked first."""
    return await answer_page(request, desk, BLOCKED_SOURCES, asked)


@router.post("/pause", summary="Pause all adbots", responses=_writing())
async def pause_adbots(body: ReasonBody, request: Request, response: Response, desk: DeskDep) -> Operations:
    """Pause all adbots: no cycle comes due. After the pause, each adbot has one cycle for those it missed."""
    return await _act(PauseAll(reason=body.reason), request, response, desk)


@router.post("/resume", summary="End the pause", responses=_writing())
async def resume_adbots(body: ReasonBody, request: Request, response: Response, desk: DeskDep) -> Operations:
    """End the pause of all adbots."""
    return await _act(ResumeAll(reason=body.reason), request, response, desk)


@router.post("/targets/block", summary="Block a group", responses=_writing())
async def block_target(body: ChatBody, request: Request, response: Response, desk: DeskDep) -> Operations:
    """Block a group: no adbot posts there again, or in its topics. Adbots go on with their other groups."""
    return await _act(BlockTarget(target=body.chat, reason=body.reason), request, response, desk)


@router.post("/targets/unblock", summary="Unblock a group", responses=_writing())
async def unblock_target(body: ChatBody, request: Request, response: Response, desk: DeskDep) -> Operations:
    """Unblock a group: adbots that name it post there again."""
    return await _act(UnblockTarget(target=body.chat, reason=body.reason), request, response, desk)


@router.post("/sources/block", summary="Block a channel", responses=_writing())
async def block_source(body: ChatBody, request: Request, response: Response, desk: DeskDep) -> Operations:
    """Block a channel as a source: adbots that send one of its posts stop, and none is set or started."""
    return await _act(BlockSource(source=body.chat, reason=body.reason), request, response, desk)


@router.post("/sources/unblock", summary="Unblock a channel", responses=_writing())
async def unblock_source(body: ChatBody, request: Request, response: Response, desk: DeskDep) -> Operations:
    """Unblock a channel; this starts no adbot."""
    return await _act(UnblockSource(source=body.chat, reason=body.reason), request, response, desk)


async def _act(command: Switch, request: Request, response: Response, desk: Desk) -> Operations:
    await describe_act(request, desk, _named(command), command.reason)
    accepted = await desk.commands.send(command, causes_of(request))
    if not await desk.settled(accepted.written):
        response.status_code = HTTPStatus.ACCEPTED
    return await desk.view(operations_of)


def _named(command: Switch) -> str:
    match command:
        case PauseAll() | ResumeAll():
            return "all adbots"
        case BlockTarget() | UnblockTarget():
            return command.target
        case BlockSource() | UnblockSource():
            return command.source
        case _:
            assert_never(command)
