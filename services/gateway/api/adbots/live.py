"""The route of live lines: an adbot's deliveries as server-sent events, as they are folded."""

from datetime import UTC, datetime
from http import HTTPStatus
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Header

from libs.events.values import AdbotId, ResultClass
from services.gateway.api.adbots.routes import own_adbot
from services.gateway.api.callers import ReaderDep
from services.gateway.api.desk import DeskDep, LiveDep
from services.gateway.api.openapi import Responses, problems
from services.gateway.api.requests.event_stream import EventStreamResponse
from services.gateway.api.requests.listening import RECONNECT, Listening, event_stream, too_many_listeners
from services.gateway.api.requests.problems import Denied, FieldProblem
from services.gateway.live.listeners import TooManyListeners
from services.gateway.live.log_lines import mark_at
from services.gateway.live.wire import rendered
from services.gateway.tables.delivery_log import RESUMED, LinePosition, LogLine

router = APIRouter(prefix="/adbots", tags=["adbots"])

_LINE = LogLine(
    at=datetime(2026, 5, 1, 12, tzinfo=UTC),
    cycle=UUID("5eefaa91-bf04-5a36-aaf3-3ff734c9ab9c"),
    session="+49…17",
    group="@group",
    result=ResultClass.SENT,
    error="",
    messages=[1017],
)
_EXAMPLE = (RECONNECT + rendered(_LINE.model_dump_json(), event="line", key="742-17-0")).decode()
_STREAM: Responses = {
    200: {
        "content": {"text/event-stream": {"example": _EXAMPLE}},
        "description": "Lines, until it ends.",
    }
}
_HIGHEST = (2**63 - 1, 2**63 - 1, 2**15 - 1)


def last_line_of(
    last_event_id: Annotated[
        str | None,
        Header(
            max_length=60,
            json_schema_extra={"pattern": "^([0-9]{1,19}-[0-9]{1,19}-[0-9]{1,5})?$"},
            description="The `id` of the last line that the caller has got.",
        ),
    ] = None,
) -> LinePosition | None:
    """Return the position of the last line that the caller has; raise `Denied` if it is malformed."""
    if not last_event_id:
        return None
    parts = last_event_id.split("-")
    numbers = [int(part) for part in parts if part.isascii() and part.isdigit()]
    if (
        len(parts) != len(_HIGHEST)
        or len(numbers) != len(_HIGHEST)
        or any(number > highest for number, highest in zip(numbers, _HIGHEST, strict=True))
    ):
        problem = FieldProblem(field="header.last-event-id", message="is no id of a line")
        detail = f"{problem.field}: {problem.message}"
        raise Denied(HTTPStatus.UNPROCESSABLE_ENTITY, "invalid_request", detail, errors=[problem])
    return LinePosition(*numbers)


@router.get(
    "/{adbot_id}/log/live",
    summary="Listen to deliveries",
    status_code=HTTPStatus.OK,
    response_class=EventStreamResponse,
    responses=problems(401, 404, 429) | _STREAM,
)
async def listen_to_deliveries(
    adbot: Annotated[AdbotId, Depends(own_adbot)],
    caller: ReaderDep,
    desk: DeskDep,
    after: Annotated[LinePosition | None, Depends(last_line_of)],
    live: LiveDep,
) -> EventStreamResponse:
    """Send an adbot's deliveries as they are recorded, as server-sent events.

    Each `line` event has a line of the log as `data`, and an `id`: sent as `Last-Event-ID`, the lines since
    then come first, at most the last 1000 of the adbot (before these comes a `gap` event if there were more).
    A comment is sent every 15 seconds. The stream ends with an `end` event whose `code` is `too_slow`,
    `token_expired`, `signed_out`, `not_yours` or `stopping`; connect again with the last id.
    """
    try:
        listener, missed = await live.log.join(
            caller.account, adbot, None if after is None else mark_at(after)
        )
    except TooManyListeners:
        raise too_many_listeners("/logs has the same lines") from None
    principal = caller.principal
    listening = Listening(listener, principal.expires_at, lambda: desk.door.still_valid(principal))
    gap = RESUMED if len(missed) >= RESUMED else None
    chunks = event_stream(listening, missed, gap=gap)
    return EventStreamResponse(chunks, ended=lambda: live.log.leave(listener))
