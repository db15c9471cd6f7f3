"""The operator's route of health: services, their readers and relays, the broker, what waits to be done."""

import asyncio
from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Literal

from fastapi import APIRouter
from pydantic import Field

from libs.chassis.questions import NotAnswered
from libs.events.categories import SERVICES
from libs.events.forwarding import ShowForwarding
from libs.events.health import ServiceHealth
from libs.events.operations.tables import Rebuild, RebuildState
from libs.eventsourcing import Refused
from libs.eventsourcing.values import utc_now
from services.gateway.api.callers import FOR_OPERATORS
from services.gateway.api.desk import Desk, DeskDep
from services.gateway.api.openapi import problems
from services.gateway.ports import HEALTH_ANSWER_SECONDS, BrokerFigures
from services.gateway.tables.queues import mails_and_webhooks
from services.gateway.tables.values import View

router = APIRouter(prefix="/admin/health", tags=["admin"], dependencies=[FOR_OPERATORS])


class ServiceProcess(View):
    """A process of a service."""

    process: Annotated[str, Field(examples=["host-1 4711"])]
    """Its machine's name and its process id."""
    version: Annotated[str, Field(examples=["0.1.0"])]
    """Of the program; empty if it is not known."""
    started_at: datetime | None
    questions_waiting: int
    """Operators' questions that wait for their turn."""


class ReaderLine(View):
    """A reader of a service."""

    name: Annotated[str, Field(examples=["reactions"])]
    active: bool
    """A process runs it."""
    waiting: int
    """Events that it has not handled."""
    oldest_seconds: float | None
    """The age of the first of them; null without any."""
    dead_letters: int


class RelayLine(View):
    """The relay of a service, which publishes its events."""

    active: bool
    """A process runs it."""
    stored: int
    """Events in the store; estimated, if they are many."""
    behind: int
    """Events that are not published yet."""
    oldest_seconds: float | None
    """The age of the first of them; null without any."""


class DatabaseLine(View):
    """The database of a service."""

    bytes: int
    connections: int
    open_seconds: float | None
    """For how long the oldest writing transaction is open anywhere in the cluster; null if none is."""
    holder: Annotated[str | None, Field(examples=[None])]
    """Whose transaction that is."""


class TimerLine(View):
    """A timer of a service."""

    name: Annotated[str, Field(examples=["cycles"])]
    late_seconds: float
    """For how long something has been due that is not done; 0 if nothing is."""


class RebuildLine(View):
    """A rebuild of a table, in a process that still runs."""

    table: Annotated[str, Field(examples=["orders"])]
    state: RebuildState
    began_at: datetime
    ended_at: datetime | None
    passed: int
    """Events that it has read."""
    events: int
    """Events that are to be read; more may come."""
    events_a_second: float
    error: str
    """Why it failed."""


class ServiceLine(View):
    """A service."""

    service: Annotated[str, Field(examples=["billing"])]
    state: Literal["WELL", "TROUBLED", "SILENT"]
    """`SILENT`: no process of it answered."""
    processes: list[ServiceProcess]
    relay: RelayLine | None
    readers: list[ReaderLine]
    database: DatabaseLine | None
    timers: list[TimerLine]
    rebuilds: list[RebuildLine]
    problems: Annotated[list[str], Field(examples=[["billing: no relay runs"]])]


class Broker(View):
    """The broker, and the stream of all events."""

    version: Annotated[str, Field(examples=["2.12.0"])]
    messages: int
    bytes: int
    consumers: int


class Queue(View):
    """What waits to be done."""

    queue: Literal["sends", "mails", "webhooks"]
    waiting: int | None
    """Null if it is not known, as the service that knows does not answer."""


class SystemHealth(View):
    """The health of the whole system."""

    at: datetime
    services: list[ServiceLine]
    broker: Broker | None
    """Null if it does not answer."""
    queues: list[Queue]


@router.get("", summary="Show the health of the system", responses=problems(401))
async def get_system_health(desk: DeskDep) -> SystemHealth:
    """Return how services, readers, relays, databases and the broker do, and what waits to be done."""
    answers, broker, sends, (mails, webhooks) = await asyncio.gather(
        desk.health(), desk.broker(), _pending_sends(desk), desk.view(mails_and_webhooks)
    )
    return SystemHealth(
        at=utc_now(),
        services=[_line(service, [one for one in answers if one.service == service]) for service in SERVICES],
        broker=None if broker is None else _broker(broker),
        queues=[
            Queue(queue="sends", waiting=sends),
            Queue(queue="mails", waiting=mails),
            Queue(queue="webhooks", waiting=webhooks),
        ],
    )


async def _pending_sends(desk: Desk) -> int | None:
    try:
        figures = await desk.questions.ask(
            "forwarder", ShowForwarding(), timeout_seconds=HEALTH_ANSWER_SECONDS
        )
    except (NotAnswered, Refused):
        return None
    return figures.pending_sends


def rebuild_line(rebuild: Rebuild) -> RebuildLine:
    """Return a rebuild as operators see it."""
    return RebuildLine(**rebuild.model_dump())


def rebuilds_of(service: str, answers: Sequence[ServiceHealth]) -> list[RebuildLine]:
    """Return the rebuilds of all processes of a service, the latest first."""
    found = [rebuild for one in answers if one.service == service for rebuild in one.rebuilds]
    return [rebuild_line(one) for one in sorted(found, key=lambda one: one.began_at, reverse=True)]


def _line(service: str, answers: Sequence[ServiceHealth]) -> ServiceLine:
    """Return a service by the answers of its processes, which all know the same of its database."""
    found = sorted(answers, key=lambda one: one.process)
    if not found:
        return _silent(service)
    told = found[0]
    wrong = list(told.problems) or [f"{service}: {one.relay_error}" for one in found if one.relay_error]
    return ServiceLine(
        service=service,
        state="TROUBLED" if wrong else "WELL",
        processes=[
            ServiceProcess(
                **one.model_dump(include={"process", "version", "started_at", "questions_waiting"})
            )
            for one in found
        ],
        relay=None if told.relay is None else RelayLine(**told.relay.model_dump()),
        readers=[ReaderLine(**reader.model_dump()) for reader in told.readers],
        database=None if told.database is None else DatabaseLine(**told.database.model_dump()),
        timers=[TimerLine(**timer.model_dump()) for timer in told.timers],
        rebuilds=rebuilds_of(service, found),
        problems=wrong,
    )


def _silent(service: str) -> ServiceLine:
    return ServiceLine(
        service=service,
        state="SILENT",
        processes=[],
        relay=None,
        readers=[],
        database=None,
        timers=[],
        rebuilds=[],
        problems=[f"{service} does not answer"],
    )


def _broker(figures: BrokerFigures) -> Broker:
    return Broker(
        version=figures.version,
        messages=figures.messages,
        bytes=figures.bytes,
        consumers=figures.consumers,
    )
