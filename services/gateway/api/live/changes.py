"""Live changes of what the caller owns, as server-sent events."""

from datetime import UTC, datetime
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Depends, Header

from libs.events.values import AccountId
from services.gateway.api.callers import FOR_OPERATORS, OperatorDep, ReaderDep
from services.gateway.api.desk import Desk, DeskDep, LiveDep
from services.gateway.api.identity.principal import Principal
from services.gateway.api.openapi import Responses, problems
from services.gateway.api.requests.event_stream import EventStreamResponse
from services.gateway.api.requests.listening import RECONNECT, Listening, event_stream, too_many_listeners
from services.gateway.api.requests.problems import Denied, FieldProblem
from services.gateway.live.changes import EVERYTHING, RESUMED, Resumption, key_of, resumption_of
from services.gateway.live.feeds import Feeds
from services.gateway.live.listeners import TooManyListeners
from services.gateway.live.wire import rendered

router = APIRouter(tags=["live"])

_ADBOT = "5eefaa91-bf04-5a36-aaf3-3ff734c9ab9c"
_MARK = key_of({}, datetime(2026, 5, 1, 12, tzinfo=UTC))
_CHANGE = f'{{"kind":"adbot","id":"{_ADBOT}","event":"AdbotStarted","at":"2026-05-01T12:00:00Z"}}'
_EXAMPLE = (RECONNECT + rendered(_CHANGE, event="change", key=_MARK)).decode()
_STREAM: Responses = {
    200: {
        "content": {"text/event-stream": {"example": _EXAMPLE}},
        "description": "Changes, until it ends.",
    }
}


def resumption_after(
    last_event_id: Annotated[
        str | None,
        Header(
            max_length=400,
            description="The `id` of the last event that the caller has got.",
            examples=[_MARK],
        ),
    ] = None,
) -> Resumption | None:
    """Return what follows the last event that the caller has; raise `Denied` if its id is malformed."""
    if not last_event_id:
        return None
    try:
        return resumption_of(last_event_id)
    except (ValueError, RecursionError):
        problem = FieldProblem(field="header.last-event-id", message="is no id of an event")
        detail = f"{problem.field}: {problem.message}"
        raise Denied(HTTPStatus.UNPROCESSABLE_ENTITY, "invalid_request", detail, errors=[problem]) from None


ResumptionDep = Annotated[Resumption | None, Depends(resumption_after)]


@router.get(
    "/live",
    summary="Listen to changes",
    status_code=HTTPStatus.OK,
    response_class=EventStreamResponse,
    responses=problems(401, 403, 429) | _STREAM,
)
async def listen_to_changes(
    caller: ReaderDep, after: ResumptionDep, desk: DeskDep, live: LiveDep
) -> EventStreamResponse:
    """Send an event for each change of the caller's adbots, orders and notifications, as server-sent events.

    Each `change` event has `kind` (`adbot`, `order` or `notification`), `id`, `event` and `at` as `data`:
    look at the thing again. Its `id`, sent as `Last-Event-ID`, brings what was missed, at most the last 1000
    changes of two days. Before these comes a `gap` event if there were more, or if the id is older than two
    days: look at everything again. Every 15 seconds without a change a comment is sent, with the `id` to
    resume after. The stream ends with an `end` event whose `code` is `too_slow`, `token_expired`,
    `signed_out`, `service_unavailable` or `stopping`; connect again with the last id.
    """
    return await _stream(caller.principal, caller.account, after, desk, live)


@router.get(
    "/admin/live",
    summary="Listen to all changes",
    status_code=HTTPStatus.OK,
    response_class=EventStreamResponse,
    responses=problems(401, 403, 429) | _STREAM,
    dependencies=[FOR_OPERATORS],
)
async def listen_to_all_changes(
    operator: OperatorDep, after: ResumptionDep, desk: DeskDep, live: LiveDep
) -> EventStreamResponse:
    """Send an event for each change of any account's adbots, orders and notifications; see `GET /live`."""
    return await _stream(operator, None, after, desk, live)


async def _stream(
    principal: Principal, account: AccountId | None, after: Resumption | None, desk: Desk, live: Feeds
) -> EventStreamResponse:
    topic = EVERYTHING if account is None else account
    try:
        listener, missed = await live.changes.join(account, topic, None if after is None else after.mark)
    except TooManyListeners:
        raise too_many_listeners("the lists show the same") from None
    listening = Listening(listener, principal.expires_at, lambda: desk.door.still_valid(principal))
    gap = RESUMED if after is not None and after.misses_more_than(missed) else None
    chunks = event_stream(listening, missed, gap=gap)
    return EventStreamResponse(chunks, ended=lambda: live.changes.leave(listener))
