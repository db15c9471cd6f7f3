"""The operator's route of the live tail: events as they are published, as server-sent events."""

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Header, Query
from pydantic import BaseModel, Field

from libs.events.operations.explorer import EventTypeName, StreamPrefix
from services.gateway.api.admin.questions import ServiceName
from services.gateway.api.callers import OperatorDep
from services.gateway.api.desk import DeskDep, LiveDep
from services.gateway.api.openapi import Responses, problems
from services.gateway.api.requests.event_stream import EventStreamResponse
from services.gateway.api.requests.listening import RECONNECT, Listening, event_stream, too_many_listeners
from services.gateway.api.requests.problems import unavailable
from services.gateway.live.event_tail import BrokerUnreachable, EventFilter
from services.gateway.live.listeners import TooManyListeners
from services.gateway.live.wire import rendered

router = APIRouter(prefix="/admin/events", tags=["admin"])

_EVENT = (
    '{"id":"01a1fb49-e9e9-7537-8cc6-965c390803d2","service":"scheduler",'
    '"stream":"schedule-5eefaa91-bf04-5a36-aaf3-3ff734c9ab9c","version":7,"type":"AdbotStarted",'
    '"actor":"account:5eefaa91-bf04-5a36-aaf3-3ff734c9ab9c","at":"2026-05-01T12:00:00+00:00",'
    '"correlation_id":"01a1fb49-e9e9-7537-8cc6-965c390803d2",'
    '"causation_id":"01a1fb49-e9e9-7537-8cc6-965c390803d2","schema_version":1,"data":{}}'
)
_STREAM: Responses = {
    200: {
        "content": {
            "text/event-stream": {
                "example": (RECONNECT + rendered(_EVENT, event="event", key="7411")).decode()
            }
        },
        "description": "Events, until it ends.",
    }
}


class TailQuery(BaseModel, frozen=True):
    """Which events are wanted."""

    service: Annotated[
        list[ServiceName], Field(max_length=5, description="Only events of these services.")
    ] = []
    type: Annotated[
        list[EventTypeName],
        Field(max_length=20, description="Only events of these types.", examples=[["AdbotStarted"]]),
    ] = []
    stream: Annotated[
        StreamPrefix,
        Field(description="Only events of streams whose names begin so.", examples=["schedule-"]),
    ] = ""
    last: Annotated[
        int, Field(ge=0, le=200, description="With how many earlier events to begin at most.")
    ] = 0


@router.get(
    "/live",
    summary="Listen to events",
    status_code=HTTPStatus.OK,
    response_class=EventStreamResponse,
    responses=problems(401, 403, 429) | _STREAM,
)
async def listen_to_events(
    operator: OperatorDep,
    wanted: Annotated[TailQuery, Query()],
    desk: DeskDep,
    live: LiveDep,
    last_event_id: Annotated[
        int | None,
        Header(
            ge=0,
            lt=2**63,
            description="The `id` of the last event that the caller has got.",
            examples=[7411],
        ),
    ] = None,
) -> EventStreamResponse:
    """Send the events of all services as they are published, as server-sent events.

    Each `event` event has the event as `data`, masked and shortened, and an `id`: sent as `Last-Event-ID`,
    the events since then come first, at most 300. A `gap` event says with `lost` how many events are
    missing there, because there were too many. A comment is sent every 15 seconds. The stream ends with an
    `end` event whose `code` is `token_expired`, `signed_out` or `stopping`.
    """
    passing = EventFilter(frozenset(wanted.service), frozenset(wanted.type), wanted.stream)
    try:
        listener, missed = await live.events.join(
            operator.account, passing, after=last_event_id, last=wanted.last
        )
    except TooManyListeners:
        raise too_many_listeners("`adrelay events tail` shows the same") from None
    except BrokerUnreachable:
        raise unavailable("service_unavailable", "the broker does not answer") from None
    listening = Listening(listener, operator.expires_at, lambda: desk.door.still_valid(operator))
    chunks = event_stream(listening, missed, gap=None)
    return EventStreamResponse(chunks, ended=lambda: live.events.leave(listener))
