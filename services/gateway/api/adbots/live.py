"""The route of live lines: an adbot's deliveries as server-sent events, as they are folded."""

import time
from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Depends, Header

from libs.events.values import AdbotId
from libs.eventsourcing.values import utc_now
from services.gateway.api.adbots.routes import own_adbot
from services.gateway.api.callers import ClientDep, ExpiryDep
from services.gateway.api.desk import LiveDep
from services.gateway.api.openapi import Responses, problems
from services.gateway.api.requests.event_stream import HEARTBEAT, EventStreamResponse, rendered
from services.gateway.api.requests.problems import Denied, FieldProblem
from services.gateway.live.listener import EndReason, Listener
from services.gateway.live.live_log import TooManyListeners
from services.gateway.tables.delivery_log import RESUMED, LinePosition, LoggedLine

router = APIRouter(prefix="/adbots", tags=["adbots"])

HEARTBEAT_SECONDS = 15.0
_RECONNECT = b"retry: 3000\n\n"
_STREAM: Responses = {200: {"content": {"text/event-stream": {}}, "description": "Lines, until it ends."}}
_HIGHEST = (2**63 - 1, 2**63 - 1, 2**15 - 1)


def last_line_of(
    last_event_id: Annotated[
        str | None, Header(max_length=60, description="The `id` of the last line that the caller has got.")
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
async def listen(
    adbot: Annotated[AdbotId, Depends(own_adbot)],
    caller: ClientDep,
    expires_at: ExpiryDep,
    after: Annotated[LinePosition | None, Depends(last_line_of)],
    live: LiveDep,
) -> EventStreamResponse:
    """Send an adbot's deliveries as they are recorded, as server-sent events.

    Each `line` event has a line of the log as `data`, and an `id`: sent as `Last-Event-ID`, the lines since
    then come first, at most the last 1000 of the adbot (before these comes a `gap` event if there were more).
    A comment is sent every 15 seconds. The stream ends with an `end` event whose `code` is `too_slow`,
    `token_expired`, `not_yours` or `stopping`; connect again with the last id.
    """
    try:
        listener, missed = await live.join(caller.account, adbot, after)
    except TooManyListeners:
        detail = "close a connection, or try again later; /logs has the same lines"
        raise Denied(
            HTTPStatus.TOO_MANY_REQUESTS, "too_many_listeners", detail, headers={"Retry-After": "30"}
        ) from None
    chunks = stream_of(listener, missed, expires_at)
    return EventStreamResponse(chunks, ended=lambda: live.leave(listener))


async def stream_of(
    listener: Listener, missed: Sequence[LoggedLine], expires_at: datetime
) -> AsyncIterator[bytes]:
    """Yield the stream of a listener, from the lines that it missed to the end."""
    deadline = time.monotonic() + (expires_at - utc_now()).total_seconds()
    gap = rendered(f'{{"kept": {RESUMED}}}', event="gap") if len(missed) >= RESUMED else b""
    yield _RECONNECT + gap + _lines(missed)
    while listener.ended is None:
        left = deadline - time.monotonic()
        if left <= 0:
            listener.end(EndReason.TOKEN_EXPIRED)
            break
        lines = await listener.take(min(HEARTBEAT_SECONDS, left))
        if listener.ended is None:
            yield _lines(lines) or HEARTBEAT
    yield rendered(f'{{"code": "{listener.ended}"}}', event="end")


def _lines(lines: Sequence[LoggedLine]) -> bytes:
    return b"".join(rendered(one.item, event="line", key="-".join(map(str, one.position))) for one in lines)
