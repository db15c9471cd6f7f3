"""The operator's route of forwarding: the work that waits, the workers, and adbots whose cycles overrun."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter
from pydantic import Field

from libs.events.forwarding import ForwardingFigures, ShowForwarding
from services.gateway.api.admin.questions import ask
from services.gateway.api.callers import FOR_OPERATORS
from services.gateway.api.desk import DeskDep
from services.gateway.api.openapi import problems
from services.gateway.tables.overruns import Overrunning, overrunning
from services.gateway.tables.values import View

router = APIRouter(prefix="/admin/forwarding", tags=["admin"], dependencies=[FOR_OPERATORS])


class Worker(View):
    """A worker that is alive."""

    worker: str
    sessions: int
    sends_a_minute: float


class Forwarding(View):
    """The forwarder's figures of now, at most a second old."""

    at: datetime
    pending_sends: int
    running_cycles: int
    oldest_cycle: datetime | None
    """When the oldest running cycle was started."""
    sessions_with_work: int
    sessions_without_worker: int
    sessions_resting: int
    sends_a_minute: float
    seconds_to_empty: Annotated[
        float | None,
        Field(
            description="How long the pending sends take, at the pace of the adbots or of the workers, "
            "whichever is slower; null if no worker is alive."
        ),
    ]
    workers: list[Worker]
    overrunning: Annotated[
        list[Overrunning],
        Field(
            description="Running adbots whose cycles often take longer than the interval: of the last ten "
            "due times three or more were skipped."
        ),
    ]


@router.get("", summary="Show forwarding", responses=problems(401))
async def get_forwarding(desk: DeskDep) -> Forwarding:
    """Return the sends that wait, the workers with their sessions, and the adbots whose cycles overrun.

    503 if the forwarder does not answer.
    """
    figures = await ask(desk, "forwarder", ShowForwarding())
    return _forwarding(figures, await desk.ask(overrunning))


def _forwarding(figures: ForwardingFigures, adbots: list[Overrunning]) -> Forwarding:
    return Forwarding(
        **figures.model_dump(exclude={"workers", "paced_seconds"}),
        sends_a_minute=figures.sends_a_minute,
        seconds_to_empty=figures.seconds_to_empty,
        workers=[Worker(**worker.model_dump()) for worker in figures.workers],
        overrunning=adbots,
    )
