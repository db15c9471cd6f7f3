"""Routes of adbots: advertisement, start and stop."""

from http import HTTPStatus
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response

from libs.events.commands.scheduler import (
    ChangeAdvertisement,
    ConfirmGroup,
    SetAdvertisement,
    SetGroupOption,
    SetPacing,
    StartAdbot,
    StopAdbot,
)
from libs.events.values import AdbotId, TextFormat
from services.gateway.api.adbots.advertisement import AdvertisementBody, AdvertisementChangeBody
from services.gateway.api.adbots.marking import marking
from services.gateway.api.adbots.posts import format_of, written
from services.gateway.api.adbots.sending import send_once_known
from services.gateway.api.callers import ReaderDep, WriterDep, causes_of
from services.gateway.api.desk import Desk, DeskDep
from services.gateway.api.direct_reads import direct_read
from services.gateway.api.identity.principal import Caller
from services.gateway.api.listings import AdbotsQuery, answer_page
from services.gateway.api.openapi import Responses, problems
from services.gateway.api.requests.problems import Denied
from services.gateway.api.requests.shapes import Page
from services.gateway.api.requests.tags import tagged
from services.gateway.tables.adbot_query import OWN_ADBOTS
from services.gateway.tables.adbot_states import AdbotState, adbot_item_of, adbot_of, owners_of

router = APIRouter(prefix="/adbots", tags=["adbots"])


async def own_adbot(adbot_id: UUID, caller: ReaderDep, desk: DeskDep) -> AdbotId:
    """Return the id of the path's adbot; raise `Denied` unless it is the caller's.

    It costs less than the state. For reads, ownership is checked here, by a query. For commands, the
    scheduler alone decides, and refuses those of other accounts with the same answer.
    """
    adbot = AdbotId(adbot_id)
    owners = await desk.ask(lambda sql: owners_of(sql, [adbot]))
    if owners.get(adbot) != caller.account:
        raise _unknown()
    return adbot


async def shown_adbot(adbot_id: UUID, caller: ReaderDep, desk: DeskDep) -> AdbotState:
    """Return the state of the path's adbot; raise `Denied` unless it is the caller's."""
    state = await desk.ask(lambda sql: adbot_of(sql, caller.account, AdbotId(adbot_id)))
    if state is None:
        raise _unknown()
    return state


def _unknown() -> Denied:
    return Denied(HTTPStatus.NOT_FOUND, "unknown_adbot", "you have no adbot of this id")


def writing(*statuses: int) -> Responses:
    """Return the responses of a route that changes an adbot."""
    accepted = {"model": AdbotState, "description": "It is committed; reads will include it soon."}
    return problems(401, 404, 409, 429, *statuses) | {202: accepted}


@router.get("", summary="List your adbots", responses=problems(401), response_model=Page[AdbotState])
async def list_adbots(
    caller: ReaderDep, desk: DeskDep, request: Request, asked: Annotated[AdbotsQuery, Query()]
) -> Response:
    """Return the caller's adbots, the oldest first."""
    return await answer_page(request, desk, OWN_ADBOTS, asked, caller.account)


@router.get("/{adbot_id}", summary="Show an adbot", responses=problems(401, 404), response_model=AdbotState)
async def get_adbot(adbot_id: UUID, caller: ReaderDep, desk: DeskDep, request: Request) -> Response:
    """Return an adbot: its plan, seats, validity, advertisement and status."""
    item = await desk.ask(lambda sql: adbot_item_of(sql, caller.account, AdbotId(adbot_id)))
    if item is None:
        raise _unknown()
    return tagged(request, item.encode())


@router.put("/{adbot_id}/advertisement", summary="Set the posts and the groups", responses=writing(413))
async def set_advertisement(
    adbot_id: UUID,
    body: AdvertisementBody,
    caller: WriterDep,
    request: Request,
    response: Response,
    desk: DeskDep,
) -> AdbotState:
    """Set an adbot's posts and groups; each cycle sends one post. A running cycle keeps its own."""
    command = body.command(AdbotId(adbot_id), caller.account)
    return await write(command, caller, request, response, desk)


@router.patch("/{adbot_id}/advertisement", summary="Change the post or the groups", responses=writing(413))
async def change_advertisement(
    adbot_id: UUID,
    body: AdvertisementChangeBody,
    caller: WriterDep,
    request: Request,
    response: Response,
    desk: DeskDep,
) -> AdbotState:
    """Change an adbot's post, or its own groups, and leave the rest of the advertisement as it is.

    The post may be set before the groups. Changes at the same time do not undo each other.
    """
    command = ChangeAdvertisement(
        adbot=AdbotId(adbot_id),
        account=caller.account,
        post=None if body.post is None else written(body.post),
        format=TextFormat.PLAIN if body.post is None else format_of([body.post], None),
        groups=body.groups,
    )
    return await write(command, caller, request, response, desk)


@router.post("/{adbot_id}/start", summary="Start an adbot", responses=writing())
async def start_adbot(
    adbot_id: UUID, caller: WriterDep, request: Request, response: Response, desk: DeskDep
) -> AdbotState:
    """Start an adbot: cycles come due from now on. Starting a running adbot changes nothing.

    The first cycle is due as soon as the pacing allows and, if the adbot's last cycle was less than its
    plan's interval ago, not before the interval has passed: see `next_cycle_at`.
    """
    command = StartAdbot(adbot=AdbotId(adbot_id), account=caller.account)
    return await write(command, caller, request, response, desk)


@router.post("/{adbot_id}/stop", summary="Stop an adbot", responses=writing())
async def stop_adbot(
    adbot_id: UUID, caller: WriterDep, request: Request, response: Response, desk: DeskDep
) -> AdbotState:
    """Stop an adbot: nothing more is sent, not even of a running cycle. Repeating it changes nothing."""
    command = StopAdbot(adbot=AdbotId(adbot_id), account=caller.account)
    return await write(command, caller, request, response, desk)


_AboutAdbot = SetAdvertisement | ChangeAdvertisement | SetPacing | StartAdbot | StopAdbot | ConfirmGroup


async def write(
    command: _AboutAdbot,
    caller: Caller,
    request: Request,
    response: Response,
    desk: Desk,
) -> AdbotState:
    """Send a command to the scheduler, and return the adbot after it."""
    return await write_to(command.adbot, command, caller, request, response, desk)


async def write_to(
    adbot: AdbotId,
    command: _AboutAdbot | SetGroupOption,
    caller: Caller,
    request: Request,
    response: Response,
    desk: Desk,
) -> AdbotState:
    """Send a command about an adbot to the scheduler, and return the adbot after it."""

    async def shown() -> AdbotState:
        return await shown_adbot(adbot, caller, desk)

    causes = causes_of(request)
    async with marking(command, desk):
        accepted = await send_once_known(desk.commands.send, command, causes, desk.timeout_seconds, shown)
    if not await desk.settled(accepted.written):
        response.status_code = HTTPStatus.ACCEPTED
    return await shown()


DIRECT = (direct_read(router, list_adbots, AdbotsQuery), direct_read(router, get_adbot))
