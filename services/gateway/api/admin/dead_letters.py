"""The operator's routes of dead letters: events that a reader could not handle."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request
from pydantic import Field, JsonValue, StringConstraints

from libs.events.operations.dead_letters import (
    BlockedStream,
    DropLetters,
    Letter,
    ListBlockedStreams,
    RetryAll,
    RetryStream,
    ShowLetters,
)
from services.gateway.api.admin.questions import ServiceName, ask, ask_all
from services.gateway.api.callers import FOR_OPERATORS, describe_act
from services.gateway.api.desk import DeskDep
from services.gateway.api.openapi import problems
from services.gateway.api.requests.shapes import ReasonBody, WithoutNul
from services.gateway.tables.values import View

router = APIRouter(prefix="/admin/dead-letters", tags=["admin"], dependencies=[FOR_OPERATORS])

_Name = Annotated[str, StringConstraints(min_length=1, max_length=100), WithoutNul]
ReaderName = Annotated[_Name, Field(description="A reader of the service.", examples=["reactions"])]
SourceName = Annotated[_Name, Field(description="The service whose event it is.", examples=["billing"])]
StreamName = Annotated[
    str,
    StringConstraints(min_length=1, max_length=300),
    WithoutNul,
    Field(description="The stream of the event.", examples=["order-HQADZ-MWPM0SFH-9J8ZHS6IAHLL"]),
]


class DeadLetterView(View):
    """An event that a reader could not handle, or that follows one."""

    id: UUID
    type: Annotated[str, Field(examples=["OrderPlaced"])]
    version: int
    """In its stream."""
    at: datetime
    """When it happened."""
    failed_at: datetime
    error: Annotated[str, Field(examples=["LookupError('no such plan')"])]
    actor: str
    correlation_id: UUID
    data: Annotated[JsonValue, Field(examples=[{"order": "HQADZ-MWPM0SFH-9J8ZHS6IAHLL"}])]
    """The event's content: without secrets, with addresses and phone numbers masked, and shortened."""


class BlockedStreamView(View):
    """A stream that a reader does not handle beyond its first dead letter."""

    service: Annotated[str, Field(examples=["provisioning"])]
    reader: Annotated[str, Field(examples=["reactions"])]
    source: Annotated[str, Field(examples=["billing"])]
    """The service whose events they are."""
    stream: Annotated[str, Field(examples=["order-HQADZ-MWPM0SFH-9J8ZHS6IAHLL"])]
    letters: int
    """The event that failed, and those that follow it."""
    retry_requested: bool
    """The reader has not done it yet; it does as soon as it runs."""
    first: DeadLetterView


class DeadLettersView(View):
    """The blocked streams of all services, those blocked for longest first."""

    streams: list[BlockedStreamView]
    more_in: Annotated[list[str], Field(examples=[[]])]
    """The services that have more blocked streams than are shown."""
    unanswered: Annotated[list[str], Field(examples=[[]])]
    """The services that do not answer just now, whose dead letters are not shown."""


class LettersView(View):
    """The dead letters of a stream, in order."""

    letters: list[DeadLetterView]
    more: bool
    """There are others behind them."""


class StreamQuery(View):
    """The blocked stream that is asked for."""

    service: Annotated[
        ServiceName, Field(description="The service of the reader.", examples=["provisioning"])
    ]
    reader: ReaderName
    source: SourceName
    stream: StreamName


class StreamBody(ReasonBody):
    """A blocked stream, and why."""

    service: Annotated[ServiceName, Field(examples=["provisioning"])]
    reader: ReaderName
    source: SourceName
    stream: StreamName


class DropBody(StreamBody):
    """A dead letter, and why its reader is never to handle it."""

    event: UUID
    rest: Annotated[bool, Field(description="All dead letters behind it as well.")] = False


class Retried(View):
    """A retry was requested: the readers that run do it within a second."""

    streams: int
    """Of so many streams."""
    unanswered: Annotated[list[str], Field(examples=[[]])]
    """The services that do not answer just now, of whose streams no retry was requested."""


class Dropped(View):
    """Dead letters were dropped, and a retry of what follows them was requested."""

    letters: int


@router.get("", summary="List dead letters", responses=problems(401))
async def get_dead_letters(desk: DeskDep) -> DeadLettersView:
    """Return the streams that are blocked for a reader, each with the event that failed.

    At most a hundred a service.
    """
    answers, unanswered = await ask_all(desk, ListBlockedStreams())
    streams = [_stream(service, one) for service, answer in answers.items() for one in answer.streams]
    return DeadLettersView(
        streams=sorted(streams, key=lambda one: one.first.failed_at),
        more_in=[service for service, answer in answers.items() if answer.more],
        unanswered=unanswered,
    )


@router.get("/stream", summary="Show a blocked stream", responses=problems(401, 404))
async def get_dead_letters_of_stream(desk: DeskDep, asked: Annotated[StreamQuery, Query()]) -> LettersView:
    """Return the dead letters that a reader has of a stream: the one that failed, and what follows it."""
    question = ShowLetters(reader=asked.reader, source=asked.source, stream=asked.stream)
    answer = await ask(desk, asked.service, question)
    return LettersView(letters=[_letter(one) for one in answer.letters], more=answer.more)


@router.post("/retry", summary="Retry a blocked stream", responses=problems(401, 404))
async def retry_dead_letters(body: StreamBody, request: Request, desk: DeskDep) -> Retried:
    """Request that the reader handles the stream from its first dead letter on, in order.

    The next failure blocks the stream again from there.
    """
    await describe_act(request, desk, _named(body), body.reason)
    question = RetryStream(reader=body.reader, source=body.source, stream=body.stream)
    return Retried(streams=(await ask(desk, body.service, question)).streams, unanswered=[])


@router.post("/retry-all", summary="Retry all blocked streams", responses=problems(401))
async def retry_all_dead_letters(body: ReasonBody, request: Request, desk: DeskDep) -> Retried:
    """Request that all readers handle their blocked streams from the first dead letter on."""
    await describe_act(request, desk, "all dead letters", body.reason)
    answers, unanswered = await ask_all(desk, RetryAll())
    return Retried(streams=sum(one.streams for one in answers.values()), unanswered=unanswered)


@router.post("/drop", summary="Drop a dead letter", responses=problems(401, 404))
async def drop_dead_letters(body: DropBody, request: Request, desk: DeskDep) -> Dropped:
    """Drop a dead letter: its reader will never handle the event, and goes on with the next one.

    The event stays in its store, and other readers handle it. What follows is retried.
    """
    rest = " and all behind it" if body.rest else ""
    await describe_act(request, desk, f"event {body.event}{rest} of {_named(body)}", body.reason)
    question = DropLetters(
        reader=body.reader, source=body.source, stream=body.stream, event=body.event, rest=body.rest
    )
    return Dropped(letters=(await ask(desk, body.service, question)).letters)


def _named(body: StreamBody) -> str:
    return f"{body.stream} of {body.source} for reader {body.reader} of {body.service}"


def _stream(service: str, blocked: BlockedStream) -> BlockedStreamView:
    return BlockedStreamView(
        service=service,
        **blocked.model_dump(exclude={"first"}),
        first=_letter(blocked.first),
    )


def _letter(letter: Letter) -> DeadLetterView:
    return DeadLetterView(**letter.model_dump())
