"""The way of a payment notification: from the provider's request to its order, and back to the answer.

1. The edge reads the body, at most 16 KiB within 3 seconds, and calls `ROUTE` itself: a payment has five
notifications, where a client looks once or twice. 2. `Webhook.answer` proves the signature, counts it against
the concurrency limit, and sends `RecordNotification`. 3. `CommandClient` sends what waits meanwhile in one
message, which saves requests. 4. Billing's `record_notification` proves and reads each again: billing is the
authority. Its group commit appends what several decide in one transaction, which saves commits. It answers
once that is committed. 5. `Webhook.answer` says 200, or raises the problem that the edge answers with.
"""

import asyncio
from dataclasses import dataclass, field
from typing import Annotated, Literal, NoReturn, Protocol, cast
from uuid import UUID

from fastapi import APIRouter, Header
from prometheus_client import Counter
from pydantic import BaseModel
from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.types import Scope

from libs.chassis.command_client import CommandFailed
from libs.events.billing import RecordNotification
from libs.events.results import Accepted
from libs.eventsourcing import Causes, Command, Refused
from services.gateway.api.openapi import problems
from services.gateway.api.requests.addresses import address_in
from services.gateway.api.requests.edge import DirectRoute
from services.gateway.api.requests.limits import ConcurrencyLimit, LimitReached
from services.gateway.api.requests.problems import Denied, unavailable
from services.gateway.api.webhook.proving import Prover

ANSWER_SECONDS = 2.5
"""The provider waits for 3 seconds: rather than none it hears that it must come again."""
MOST_UNDER_WAY = 400
"""So many notifications wait to be stored at once: what a slow machine stores within `ANSWER_SECONDS`.

More would be answered too late; they are refused at once, to be sent again. Turning them away takes time as
well, and they do come again, so it should be few.
"""
_NOTIFICATIONS = Counter(
    "adrelay_gateway_notifications_total", "The provider's notifications, by what came of them.", ["outcome"]
)


class Recorded(BaseModel):
    """The notification is stored."""

    status: Literal["recorded"] = "recorded"


_RECORDED_ANSWER = Recorded().model_dump_json().encode()
_RECORDED = _NOTIFICATIONS.labels("recorded")


class _Commands(Protocol):
    async def send(self, command: Command, causes: Causes) -> Accepted:
        """See `CommandClient.send`."""
        ...


@dataclass(frozen=True)
class Webhook:
    """Takes the provider's notifications. One per process, in `app.state.webhook`."""

    prover: Prover
    billing: _Commands
    in_progress: ConcurrencyLimit = field(default_factory=lambda: ConcurrencyLimit(MOST_UNDER_WAY))

    async def answer(self, scope: Scope, body: bytes) -> Response:
        """Have billing store a notification, and return the answer; raise what is answered with a problem."""
        correlation_id = cast("UUID", scope["state"]["correlation_id"])
        signature = Headers(scope=scope).get("x-nowpayments-sig", "")
        try:
            self.prover.check(body, signature, address_in(scope))
            with self.in_progress.slot():  # only now: forged calls must not take those of genuine ones
                async with asyncio.timeout(ANSWER_SECONDS):
                    await self.billing.send(
                        RecordNotification(body=body, signature=signature),
                        Causes(correlation_id, correlation_id, "provider:nowpayments"),
                    )
        except (Refused, Denied, CommandFailed, LimitReached, TimeoutError) as error:
            _count_and_raise(error)
        _RECORDED.inc()
        return Response(_RECORDED_ANSWER, media_type="application/json")


def _count_and_raise(error: Refused | Denied | CommandFailed | LimitReached | TimeoutError) -> NoReturn:
    """Count why a notification was not stored, and raise what the provider hears."""
    match error:
        case Refused(code=code) | Denied(code=code):
            _NOTIFICATIONS.labels(code).inc()
            raise error
        case CommandFailed():
            _NOTIFICATIONS.labels("failed").inc()
            raise error
        case LimitReached():
            _NOTIFICATIONS.labels("crowded").inc()
            detail = "too many notifications come at once; send it again"
            raise unavailable("service_unavailable", detail) from error
        case TimeoutError():
            _NOTIFICATIONS.labels("late").inc()
            detail = "the notification could not be stored in time; send it again"
            raise unavailable("service_unavailable", detail) from error


async def _answer(scope: Scope, body: bytes) -> Response:
    return await cast("Webhook", scope["app"].state.webhook).answer(scope, body)


ROUTE = DirectRoute("POST", "/api/v1/webhooks/nowpayments", "nowpayments", _answer)

router = APIRouter(prefix="/webhooks", tags=["provider"])


@router.post(
    "/nowpayments",
    summary="Tell that a payment moved",
    responses=problems(400, 401, 404, 413, 429),
    openapi_extra={
        "requestBody": {"required": True, "content": {"application/json": {"schema": {"type": "object"}}}}
    },
)
async def nowpayments(
    x_nowpayments_sig: Annotated[str, Header(description="HMAC-SHA512 of the body with sorted keys.")] = "",
) -> Recorded:
    """Store a notification, and say so only then. Repeats are welcome and change nothing."""
    del x_nowpayments_sig  # only described here
    raise NotImplementedError(f"the edge answers {ROUTE.path}")
