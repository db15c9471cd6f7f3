"""Adbots: setting them, starting them, watching them."""

from http import HTTPStatus
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Request, Response
from pydantic import Field, StringConstraints

from libs.events.scheduler import SetAdvertisement, StartAdbot, StopAdbot
from libs.events.values import AccountId, AdbotId
from libs.eventsourcing.values import utc_now
from services.gateway.api.adbots.sending import send_of_known_adbot
from services.gateway.api.callers import ClientDep, WriterDep, causes_of
from services.gateway.api.desk import Desk, DeskDep
from services.gateway.api.openapi import Responses, problems
from services.gateway.api.requests.problems import Denied
from services.gateway.api.requests.shapes import Body, Limit, Listing, WithoutNul
from services.gateway.tables.adbot_states import AdbotState, adbot_of, adbots_of, owns
from services.gateway.tables.deliveries import LogLine, log_of
from services.gateway.tables.statistics import Statistics, statistics_of

router = APIRouter(prefix="/adbots", tags=["adbots"])


class AdvertisementBody(Body):
    """What to send, and where to."""

    post: Annotated[
        str,
        StringConstraints(max_length=4096),
        WithoutNul,
        Field(description="A link to a post, or a text.", examples=["https://t.me/channel/42"]),
    ]
    groups: Annotated[
        list[Annotated[str, StringConstraints(max_length=300), WithoutNul]],
        Field(
            max_length=10_000,
            description="`@name`, `t.me/name`, an invite link or a numeric id; each may have a `/topic`.",
            examples=[["@group", "t.me/other/7"]],
        ),
    ]


async def own_adbot(adbot_id: UUID, caller: ClientDep, desk: DeskDep) -> AdbotId:
    """Return the adbot of the path; raise `Denied` unless it is the caller's."""
    adbot = AdbotId(adbot_id)
    if not await desk.ask(lambda sql: owns(sql, caller.account, adbot)):
        raise unknown_adbot()
    return adbot


def unknown_adbot() -> Denied:
    """Return the answer to whoever asks for an adbot that is not theirs."""
    return Denied(HTTPStatus.NOT_FOUND, "unknown_adbot", "you have no adbot of this id")


def _writing(*statuses: int) -> Responses:
    accepted = {"model": AdbotState, "description": "It is done; reads will show it soon."}
    return problems(401, 404, 409, 429, *statuses) | {202: accepted}


@router.get("", summary="List your adbots", responses=problems(401))
async def list_adbots(caller: ClientDep, desk: DeskDep) -> Listing[AdbotState]:
    """Return the caller's adbots, the oldest first."""
    return Listing(items=await desk.ask(lambda sql: adbots_of(sql, caller.account, utc_now())))


@router.get("/{adbot_id}", summary="See an adbot", responses=problems(401, 404))
async def get_adbot(
    adbot: Annotated[AdbotId, Depends(own_adbot)], caller: ClientDep, desk: DeskDep
) -> AdbotState:
    """Return an adbot's plan, seats, validity, advertisement, and what it is doing."""
    return await _state(desk, caller.account, adbot)


@router.put("/{adbot_id}/advertisement", summary="Set the post and the groups", responses=_writing(413))
async def set_advertisement(
    body: AdvertisementBody,
    adbot: Annotated[AdbotId, Depends(own_adbot)],
    caller: WriterDep,
    request: Request,
    response: Response,
    desk: DeskDep,
) -> AdbotState:
    """Set what is sent, and where to. A running cycle keeps what it started with."""
    command = SetAdvertisement(adbot=adbot, account=caller.account, post=body.post, groups=tuple(body.groups))
    return await _write(command, request, response, desk)


@router.post("/{adbot_id}/start", summary="Start an adbot", responses=_writing())
async def start(
    adbot: Annotated[AdbotId, Depends(own_adbot)],
    caller: WriterDep,
    request: Request,
    response: Response,
    desk: DeskDep,
) -> AdbotState:
    """Let cycles come due from now on. Starting a running adbot changes nothing.

    The first cycle comes due at once, or, if the adbot had one less than its plan's interval ago, when that
    is over: `next_cycle_at` says when.
    """
    return await _write(StartAdbot(adbot=adbot, account=caller.account), request, response, desk)


@router.post("/{adbot_id}/stop", summary="Stop an adbot", responses=_writing())
async def stop(
    adbot: Annotated[AdbotId, Depends(own_adbot)],
    caller: WriterDep,
    request: Request,
    response: Response,
    desk: DeskDep,
) -> AdbotState:
    """Send nothing more, not even the rest of a running cycle. Stopping a stopped adbot changes nothing."""
    return await _write(StopAdbot(adbot=adbot, account=caller.account), request, response, desk)


@router.get("/{adbot_id}/logs", summary="See what was sent", responses=problems(401, 404))
async def get_logs(
    adbot: Annotated[AdbotId, Depends(own_adbot)], desk: DeskDep, limit: Limit = 100
) -> Listing[LogLine]:
    """Return the last lines of an adbot's log, the latest first."""
    return Listing(items=await desk.ask(lambda sql: log_of(sql, adbot, limit)))


@router.get("/{adbot_id}/statistics", summary="See how well an adbot does", responses=problems(401, 404))
async def get_statistics(adbot: Annotated[AdbotId, Depends(own_adbot)], desk: DeskDep) -> Statistics:
    """Return an adbot's figures since it exists."""
    return await desk.view(lambda sql: statistics_of(sql, adbot))


async def _write(
    command: SetAdvertisement | StartAdbot | StopAdbot, request: Request, response: Response, desk: Desk
) -> AdbotState:
    """Have the scheduler carry a command out, and return the adbot as it is then."""
    account = command.account
    if account is None:
        raise unknown_adbot()
    causes = causes_of(request, f"account:{account}")
    accepted = await send_of_known_adbot(desk.commands.send, command, causes, desk.patience_seconds)
    if not await desk.settled(accepted.written):
        response.status_code = HTTPStatus.ACCEPTED
    return await _state(desk, account, command.adbot)


async def _state(desk: Desk, account: AccountId, adbot: AdbotId) -> AdbotState:
    state = await desk.ask(lambda sql: adbot_of(sql, account, adbot, utc_now()))
    if state is None:
        raise unknown_adbot()
    return state
