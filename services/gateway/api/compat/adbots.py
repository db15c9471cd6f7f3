"""Routes of adbots that are named: for their owner, and under `/adbots/{adbot_id}` for operators too."""

from collections.abc import AsyncIterator
from datetime import datetime
from typing import Annotated, cast
from uuid import UUID

from fastapi import APIRouter, Depends, Request, Response, Security
from pydantic import Field

from libs.events.commands.scheduler import StartAdbot, StopAdbot
from libs.events.gateway import Scope
from libs.events.values import AdbotId
from services.gateway.api.adbots.figures import own_log
from services.gateway.api.adbots.routes import start_adbot, stop_adbot
from services.gateway.api.admin.adbots import act, adbot_or_denied
from services.gateway.api.callers import ReaderDep, WriterDep, counted, noted, principal_of, with_account
from services.gateway.api.compat.current import change_first
from services.gateway.api.compat.shapes import (
    TAG,
    StartBody,
    Started,
    Stopped,
    TheirBody,
    changing,
)
from services.gateway.api.desk import Desk, DeskDep
from services.gateway.api.identity.principal import Caller, Principal
from services.gateway.api.listings import LogQueryDep, asked_page
from services.gateway.api.openapi import problems
from services.gateway.api.requests.gate import Gate
from services.gateway.api.requests.tags import tagged
from services.gateway.tables.adbot_states import owners_of
from services.gateway.tables.delivery_log import LOG, LogLine
from services.gateway.tables.values import View

router = APIRouter(tags=[TAG], deprecated=True)


class NamedAdbotBody(TheirBody):
    """An adbot."""

    adbot_id: UUID


class NamedStartBody(StartBody, NamedAdbotBody):
    """The adbot to start, and what to set before."""


class Logs(View):
    """Lines of the log, the latest first."""

    logs: list[LogLine]
    next: Annotated[str | None, Field(description="Send it as `cursor` to get the lines before.")]
    kept_since: datetime | None
    """Lines before this time were deleted, as they are kept for some days."""


async def _another_adbot(adbot_id: UUID, principal: Principal, request: Request, desk: Desk) -> bool:
    """Return whether an operator names an adbot of somebody else; raise `Denied` outside of its networks."""
    if Scope.ADMIN not in principal.scopes:
        return False
    owners = await desk.ask(lambda sql: owners_of(sql, [AdbotId(adbot_id)]))
    if principal.account is not None and owners.get(AdbotId(adbot_id)) == principal.account:
        return False
    cast("Gate", request.app.state.gate).check_operator(request.scope)
    return True


async def writing_owner_or_operator(
    adbot_id: UUID,
    request: Request,
    desk: DeskDep,
    principal: Annotated[Principal, Security(principal_of, scopes=[Scope.CONTROL])],
) -> AsyncIterator[Caller | None]:
    """Yield the caller, whose adbot it is if it exists; None for an operator and another's adbot.

    What a caller writes is counted, what an operator does is noted.
    """
    if await _another_adbot(adbot_id, principal, request, desk):
        async with noted(request, desk, principal):
            yield None
    else:
        yield await counted(desk, with_account(principal))


async def reading_owner_or_operator(
    adbot_id: UUID,
    request: Request,
    desk: DeskDep,
    principal: Annotated[Principal, Security(principal_of, scopes=[Scope.READ])],
) -> Caller | None:
    """Return the caller, whose adbot it is if it exists; None for an operator and another's adbot."""
    other = await _another_adbot(adbot_id, principal, request, desk)
    return None if other else with_account(principal)


_OwnerOrOperator = Annotated[Caller | None, Depends(writing_owner_or_operator)]


@router.post("/adbot/start", summary="Start an adbot that is named in the body", responses=changing(Started))
async def start_named_adbot(
    body: NamedStartBody, caller: WriterDep, request: Request, response: Response, desk: DeskDep
) -> Started:
    """Set the post and the groups if they are given, then start the adbot, which must be the caller's."""
    await change_first(body.adbot_id, body, caller, request, response, desk)
    await start_adbot(body.adbot_id, caller, request, response, desk)
    return Started()


@router.post("/adbot/stop", summary="Stop an adbot that is named in the body", responses=changing(Stopped))
async def stop_named_adbot(
    body: NamedAdbotBody, caller: WriterDep, request: Request, response: Response, desk: DeskDep
) -> Stopped:
    """Stop the adbot, which must be the caller's."""
    await stop_adbot(body.adbot_id, caller, request, response, desk)
    return Stopped()


@router.get(
    "/adbot/logs/{adbot_id}",
    summary="List deliveries of an adbot",
    responses=problems(401, 404),
    response_model=Logs,
)
async def get_named_adbot_logs(
    adbot_id: UUID, caller: ReaderDep, desk: DeskDep, request: Request, asked: LogQueryDep
) -> Response:
    """Return the last deliveries of an adbot, which must be the caller's."""
    return tagged(request, (await own_log(adbot_id, caller, desk, asked)).json("logs"))


@router.post(
    "/adbots/{adbot_id}/start",
    summary="Start an adbot, as its owner or an operator",
    responses=changing(Started),
)
async def start_own_or_any_adbot(
    adbot_id: UUID, caller: _OwnerOrOperator, request: Request, response: Response, desk: DeskDep
) -> Started:
    """Start an adbot. An operator may start any, with the checks that hold for its owner."""
    if caller is None:
        adbot = AdbotId(adbot_id)
        await act(adbot, StartAdbot(adbot=adbot, account=None), request, response, desk)
    else:
        await start_adbot(adbot_id, caller, request, response, desk)
    return Started()


@router.post(
    "/adbots/{adbot_id}/stop",
    summary="Stop an adbot, as its owner or an operator",
    responses=changing(Stopped),
)
async def stop_own_or_any_adbot(
    adbot_id: UUID, caller: _OwnerOrOperator, request: Request, response: Response, desk: DeskDep
) -> Stopped:
    """Stop an adbot. An operator may stop any; its owner may start it again."""
    if caller is None:
        adbot = AdbotId(adbot_id)
        await act(adbot, StopAdbot(adbot=adbot, account=None), request, response, desk)
    else:
        await stop_adbot(adbot_id, caller, request, response, desk)
    return Stopped()


@router.get(
    "/adbots/{adbot_id}/logs",
    summary="List deliveries of an adbot, as its owner or an operator",
    responses=problems(401, 404),
    response_model=Logs,
)
async def get_any_adbot_logs(
    adbot_id: UUID,
    caller: Annotated[Caller | None, Depends(reading_owner_or_operator)],
    desk: DeskDep,
    request: Request,
    asked: LogQueryDep,
) -> Response:
    """Return the last deliveries of an adbot. An operator may see any log."""
    if caller is not None:
        return tagged(request, (await own_log(adbot_id, caller, desk, asked)).json("logs"))
    await adbot_or_denied(desk, AdbotId(adbot_id))
    return tagged(request, (await asked_page(desk, LOG, asked, adbot_id)).json("logs"))
