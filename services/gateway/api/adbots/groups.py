"""The route by which a client says that a group is alive."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Request, Response
from pydantic import Field, StringConstraints

from libs.events.scheduler import ConfirmGroup
from libs.events.values import AdbotId
from services.gateway.api.adbots.routes import write, writing
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
