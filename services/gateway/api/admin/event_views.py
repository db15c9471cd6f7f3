"""What operators see of events, streams and correlated trees."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field, JsonValue

from services.gateway.tables.values import View

Service = Annotated[str, Field(description="The service that appended it.", examples=["billing"])]
Unanswered = Annotated[
    list[str], Field(description="Services that did not answer: their part is missing.", examples=[[]])
]
StreamName = Annotated[str, Field(examples=["order-HQADZ-MWPM0SFH-9J8ZHS6IAHLL"])]
Version = Annotated[int, Field(description="Its number in its stream, from 1.")]
EventType = Annotated[str, Field(examples=["OrderPlaced"])]


class EventLine(View):
    """An event without its data."""

    id: UUID
    service: Service
    stream: StreamName
    version: Version
    type: EventType
    actor: str
    """Who caused it: `account:…`, `admin:…`, or the service itself."""
    at: datetime
    correlation_id: UUID
    causation_id: UUID
    """The event or the command that led to it."""


class EventDetail(EventLine):
    """An event with its data."""

    schema_version: int
    data: Annotated[
        dict[str, JsonValue],
        Field(
            description="As it is stored, with secrets, e-mail addresses and phone numbers masked and long "
            "texts cut. Integers beyond 2^53 are texts.",
            examples=[{"order": "HQADZ-MWPM0SFH-9J8ZHS6IAHLL"}],
        ),
    ]


class StreamStep(EventDetail):
    """An event of a stream, with the state after it."""

    state_type: Annotated[
        str | None,
        Field(description="The kind of the state; null if there is none.", examples=["Order"]),
    ]
    state: Annotated[
        JsonValue,
        Field(
            description="The state folded up to here, masked as the data is.",
            examples=[{"number": "HQADZ-MWPM0SFH-9J8ZHS6IAHLL"}],
        ),
    ]
    problem: Annotated[str | None, Field(description="Why there is no state.", examples=[None])]


class FoundStream(View):
    """A stream that was found."""

    stream: StreamName
    service: Service
    versions: int
    """How many events it has."""


class FoundTree(View):
    """A correlated tree that was found."""

    correlation_id: UUID
    began_at: datetime
    """When its first event among those that were searched for was appended."""


class EventSearch(View):
    """What is known by an id."""

    text: Annotated[str, Field(description="What was searched for, without quotes and links around it.")]
    kind: Annotated[
        str, Field(description="What it looks like, such as `order number`.", examples=["order number"])
    ]
    streams: list[FoundStream]
    event: EventLine | None
    """The event whose id it is."""
    trees: Annotated[list[FoundTree], Field(description="The correlated trees it is in, the latest first.")]
    unanswered: Unanswered


class TreeEvent(EventLine):
    """An event of a correlated tree."""

    depth: int
    """How many causes are above it in this tree."""
    seconds: float
    """From the beginning of the tree."""
    seconds_since_cause: Annotated[
        float | None, Field(description="Null for an event whose cause is not in this tree.")
    ]


class EventTree(View):
    """The events with one correlation id: each cause is followed by its effects."""

    correlation_id: UUID
    began_at: datetime
    seconds: float
    """From its first to its last event."""
    nodes: list[TreeEvent]
    left_out: Annotated[int, Field(description="How many later events are not shown.", examples=[0])]
    unanswered: Unanswered


class EventStream(View):
    """Consecutive events of a stream, each with the state after it."""

    stream: StreamName
    service: Service
    versions: int
    """How many events the stream has."""
    steps: list[StreamStep]
    before: Annotated[
        int | None,
        Field(
            description="The version of the event before these, to be sent as `until`; null at the start.",
            examples=[None],
        ),
    ]
