"""The route of an adbot's pacing."""

from uuid import UUID

from fastapi import APIRouter, Request, Response

from libs.events.commands.scheduler import SetPacing
from libs.events.values import AccountId, AdbotId
from services.gateway.api.adbots.routes import write, writing
from services.gateway.api.callers import WriterDep
from services.gateway.api.desk import DeskDep
from services.gateway.tables.adbot_states import AdbotState
from services.gateway.tables.pacing import AdbotPacing

router = APIRouter(prefix="/adbots", tags=["adbots"])


@router.put("/{adbot_id}/pacing", summary="Set the pacing", responses=writing(413))
async def set_pacing(
    adbot_id: UUID,
    body: AdbotPacing,
    caller: WriterDep,
    request: Request,
    response: Response,
    desk: DeskDep,
) -> AdbotState:
    """Set when an adbot's cycles are due, and how fast its sessions send; what is left out is not set.

    Times of day are those of the time zone. One that does not exist on a day, as clocks are set forward, is
    the next that does; one that comes twice is used once, the first time. An interval goes on through both.
    A cycle that would begin in quiet hours begins at their end, and the interval counts from there; one that
    has begun goes on. A running cycle keeps its pacing.
    """
    command = pacing_command(AdbotId(adbot_id), caller.account, body)
    return await write(command, caller, request, response, desk)


def pacing_command(adbot: AdbotId, account: AccountId | None, pacing: AdbotPacing) -> SetPacing:
    """Return the command that sets the pacing of an adbot of an account, or of any."""
    return SetPacing(
        adbot=adbot,
        account=account,
        delay_seconds=pacing.delay_seconds,
        jitter_seconds=pacing.jitter_seconds,
        cadence=pacing.cadence,
    )
