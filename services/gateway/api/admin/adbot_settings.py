"""The operator's routes by which any adbot is set, started and stopped, as its owner may do it."""

from uuid import UUID

from fastapi import APIRouter, Request, Response

from libs.events.commands.scheduler import ConfirmGroup, SetGroupOption, StartAdbot, StopAdbot
from libs.events.values import AdbotId
from services.gateway.api.adbots.advertisement import AdvertisementBody
from services.gateway.api.adbots.groups import GroupBody
from services.gateway.api.adbots.options import GroupOptionBody
from services.gateway.api.adbots.pacing import pacing_command
from services.gateway.api.admin.adbots import act, writing
from services.gateway.api.callers import FOR_OPERATORS
from services.gateway.api.desk import DeskDep
from services.gateway.tables.adbot_states import AdminAdbot
from services.gateway.tables.pacing import AdbotPacing

router = APIRouter(prefix="/admin/adbots/{adbot_id}", tags=["admin"], dependencies=[FOR_OPERATORS])


@router.put("/advertisement", summary="Set any adbot's posts and groups", responses=writing())
async def set_any_advertisement(
    adbot_id: UUID, body: AdvertisementBody, request: Request, response: Response, desk: DeskDep
) -> AdminAdbot:
    """Set an adbot's posts and groups; the rules of its account hold. A running cycle keeps its own."""
    adbot = AdbotId(adbot_id)
    return await act(adbot, body.command(adbot, None), request, response, desk)


@router.put("/pacing", summary="Set any adbot's pacing", responses=writing())
async def set_any_pacing(
    adbot_id: UUID, body: AdbotPacing, request: Request, response: Response, desk: DeskDep
) -> AdminAdbot:
    """Set when an adbot's cycles are due, and how fast its sessions send; what is left out is not set."""
    adbot = AdbotId(adbot_id)
    return await act(adbot, pacing_command(adbot, None, body), request, response, desk)


@router.post("/start", summary="Start any adbot", responses=writing())
async def start_any_adbot(adbot_id: UUID, request: Request, response: Response, desk: DeskDep) -> AdminAdbot:
    """Start an adbot. Starting a running one changes nothing."""
    adbot = AdbotId(adbot_id)
    return await act(adbot, StartAdbot(adbot=adbot, account=None), request, response, desk)


@router.post("/stop", summary="Stop any adbot", responses=writing())
async def stop_any_adbot(adbot_id: UUID, request: Request, response: Response, desk: DeskDep) -> AdminAdbot:
    """Stop an adbot: nothing more is sent, not even of a running cycle. Its owner may start it again."""
    adbot = AdbotId(adbot_id)
    return await act(adbot, StopAdbot(adbot=adbot, account=None), request, response, desk)


@router.post("/groups/confirm", summary="Say that a group of any adbot is alive", responses=writing())
async def confirm_any_group(
    adbot_id: UUID, body: GroupBody, request: Request, response: Response, desk: DeskDep
) -> AdminAdbot:
    """Ask a group again in the next cycle that was skipped because it had refused its seats, or was gone."""
    adbot = AdbotId(adbot_id)
    command = ConfirmGroup(adbot=adbot, account=None, group=body.group)
    return await act(adbot, command, request, response, desk)


@router.put("/groups/options", summary="Set what differs for one group of any adbot", responses=writing())
async def set_any_group_option(
    adbot_id: UUID, body: GroupOptionBody, request: Request, response: Response, desk: DeskDep
) -> AdminAdbot:
    """Pause one group of an adbot, let it take part less often, or let each cycle send to it again."""
    adbot = AdbotId(adbot_id)
    command = SetGroupOption(adbot=adbot, account=None, option=body.written)
    return await act(adbot, command, request, response, desk)
