"""The operator's routes of adbots."""

from http import HTTPStatus
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response
from pydantic import Field

from libs.events.commands.provisioning import ExtendAdbot, ReplaceSeat, RestoreAdbot, SuspendAdbot
from libs.events.values import AdbotId, SessionId
from libs.eventsourcing import Command
from services.gateway.api.adbots.marking import marking
from services.gateway.api.adbots.sending import send_once_known
from services.gateway.api.callers import FOR_OPERATORS, causes_of, describe_act
from services.gateway.api.desk import Desk, DeskDep
from services.gateway.api.listings import AdbotsQuery, answer_page
from services.gateway.api.openapi import Responses, problems
from services.gateway.api.requests.problems import Denied
from services.gateway.api.requests.queries import LONGEST_PAGE
from services.gateway.api.requests.shapes import Page, ReasonBody
from services.gateway.api.requests.tags import tagged_model
from services.gateway.tables.adbot_query import ALL_ADBOTS
from services.gateway.tables.adbot_states import AdminAdbot, any_adbot

router = APIRouter(prefix="/admin/adbots", tags=["admin"], dependencies=[FOR_OPERATORS])


class ExtensionBody(ReasonBody):
    """The number of days to add, and why."""

    days: Annotated[int, Field(ge=1, le=3660)]


class SuspensionBody(ReasonBody):
    """Why the adbot is suspended, and whether it ends for good."""

    release_sessions: Annotated[
        bool,
        Field(
            description="Release the adbot's sessions to stock at once. If it is restored, its seats "
            "wait for stock."
        ),
    ] = False


def writing() -> Responses:
    """Return the responses of a route by which the operator changes an adbot."""
    soon = {"model": AdminAdbot, "description": "It is committed; reads will include it soon."}
    return problems(401, 404, 409, 413) | {202: soon}


class AllAdbotsQuery(AdbotsQuery, frozen=True):
    """The page of all adbots that is asked for."""

    limit: Annotated[int, Field(ge=1, le=LONGEST_PAGE, description="The maximum of items.")] = 100
    account: Annotated[UUID | None, Field(description="Only of this account.")] = None


@router.get("", summary="List all adbots", responses=problems(401), response_model=Page[AdminAdbot])
async def list_all_adbots(
    desk: DeskDep, request: Request, asked: Annotated[AllAdbotsQuery, Query()]
) -> Response:
    """Return the adbots of all accounts, the oldest first."""
    return await answer_page(request, desk, ALL_ADBOTS, asked)


@router.get("/{adbot_id}", summary="Show any adbot", responses=problems(401, 404), response_model=AdminAdbot)
async def get_any_adbot(adbot_id: UUID, desk: DeskDep, request: Request) -> Response:
    """Return an adbot with its account and the reason of a suspension."""
    return tagged_model(request, await adbot_or_denied(desk, AdbotId(adbot_id)))


@router.post("/{adbot_id}/extend", summary="Extend an adbot", responses=writing())
async def extend_adbot(
    adbot_id: UUID, body: ExtensionBody, request: Request, response: Response, desk: DeskDep
) -> AdminAdbot:
    """Extend an adbot's validity; each call adds the days again."""
    command = ExtendAdbot(adbot=AdbotId(adbot_id), days=body.days, reason=body.reason)
    return await act(command.adbot, command, request, response, desk)


@router.post("/{adbot_id}/suspend", summary="Suspend an adbot", responses=writing())
async def suspend_adbot(
    adbot_id: UUID, body: SuspensionBody, request: Request, response: Response, desk: DeskDep
) -> AdminAdbot:
    """Suspend an adbot: it stops and can't be started. Its plan goes on meanwhile.

    To end it for good, release its sessions; this is possible for a suspended adbot too.
    """
    command = SuspendAdbot(
        adbot=AdbotId(adbot_id), reason=body.reason, release_sessions=body.release_sessions
    )
    return await act(command.adbot, command, request, response, desk)


@router.post("/{adbot_id}/restore", summary="Restore a suspended adbot", responses=writing())
async def restore_adbot(adbot_id: UUID, request: Request, response: Response, desk: DeskDep) -> AdminAdbot:
    """End an adbot's suspension; this does not start the adbot."""
    command = RestoreAdbot(adbot=AdbotId(adbot_id))
    return await act(command.adbot, command, request, response, desk)


@router.post("/{adbot_id}/seats/{session_id}/replace", summary="Replace a seat", responses=writing())
async def replace_seat(
    adbot_id: UUID, session_id: UUID, body: ReasonBody, request: Request, response: Response, desk: DeskDep
) -> AdminAdbot:
    """Retire the session on a seat, and put another one of the stock on it; without stock the seat waits.

    A running cycle in which the session takes part ends; the next one uses the new session.
    """
    command = ReplaceSeat(adbot=AdbotId(adbot_id), session=SessionId(session_id), reason=body.reason)
    await describe_act(request, desk, f"session {session_id}", body.reason)
    return await act(command.adbot, command, request, response, desk)


async def act(
    adbot: AdbotId, command: Command, request: Request, response: Response, desk: Desk
) -> AdminAdbot:
    """Send a command about an adbot of any account, and return the adbot after it."""

    async def shown() -> AdminAdbot:
        return await adbot_or_denied(desk, adbot)

    await shown()
    causes = causes_of(request)
    async with marking(command, desk):
        accepted = await send_once_known(desk.commands.send, command, causes, desk.timeout_seconds, shown)
    if not await desk.settled(accepted.written):
        response.status_code = HTTPStatus.ACCEPTED
    return await shown()


async def adbot_or_denied(desk: Desk, adbot: AdbotId) -> AdminAdbot:
    """Return an adbot of any account; raise `Denied` if there is none."""
    found = await desk.ask(lambda sql: any_adbot(sql, adbot))
    if found is None:
        raise Denied(HTTPStatus.NOT_FOUND, "unknown_adbot", "there is no such adbot")
    return found
