"""The routes of single groups of an adbot: what differs for one, and that one is alive."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Request, Response
from pydantic import Field, StringConstraints

from libs.events.commands.scheduler import ConfirmGroup, SetGroupOption
from libs.events.values import AdbotId
from services.gateway.api.adbots.options import GroupOptionBody
from services.gateway.api.adbots.routes import write, write_to, writing
from services.gateway.api.callers import WriterDep
from services.gateway.api.desk import DeskDep
from services.gateway.api.requests.shapes import Body, WithoutNul
from services.gateway.tables.adbot_states import AdbotState

router = APIRouter(prefix="/adbots", tags=["adbots"])


class GroupBody(Body):
    """A group of the adbot."""

    group: Annotated[
        str,
        StringConstraints(min_length=1, max_length=300),
        WithoutNul,
        Field(description="As in the advertisement.", examples=["@group"]),
    ]


@router.post("/{adbot_id}/groups/confirm", summary="Say that a group is alive", responses=writing())
async def confirm_group(
    adbot_id: UUID, body: GroupBody, caller: WriterDep, request: Request, response: Response, desk: DeskDep
) -> AdbotState:
    """Ask a group again in the next cycle that was skipped because it had refused its seats, or was gone."""
    command = ConfirmGroup(adbot=AdbotId(adbot_id), account=caller.account, group=body.group)
    return await write(command, caller, request, response, desk)


@router.put("/{adbot_id}/groups/options", summary="Set what differs for one group", responses=writing())
async def set_group_option(
    adbot_id: UUID,
    body: GroupOptionBody,
    caller: WriterDep,
    request: Request,
    response: Response,
    desk: DeskDep,
) -> AdbotState:
    """Pause one group of an adbot, let it take part less often, or let each cycle send to it again.

    The group is one of the advertisement's or of its lists. What is set here counts before the option in a
    list, and until the advertisement is set anew.
    """
    adbot = AdbotId(adbot_id)
    command = SetGroupOption(adbot=adbot, account=caller.account, option=body.written)
    return await write_to(adbot, command, caller, request, response, desk)
