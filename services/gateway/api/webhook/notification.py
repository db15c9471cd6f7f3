"""The path of a payment notification: from the provider's request to its order, and back to the answer.

1. The edge reads the body, at most 16 KiB within 3 seconds, and calls `ROUTE` without routing: a payment has
   five notifications, more than its client's requests for its state.
2. `Webhook.answer` verifies the signature, counts against the concurrency limit, and sends
   `RecordNotification`.
3. `CommandClient` batches the commands that wait meanwhile into one message, which saves requests.
4. Billing's `record_notification` verifies and parses each again: billing is the authority. Its group commit
   appends the events of several commands in one transaction, which saves commits. It replies after that.
5. `Webhook.answer` returns 200, or raises the error that the edge answers as a problem.
"""

import asyncio
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal, NoReturn, Protocol, cast
from uuid import UUID

from fastapi import APIRouter, Header
from prometheus_client import Counter
from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.types import Scope

from libs.chassis.command_client import CommandFailed
from libs.events.commands.billing import RecordNotification
from libs.events.results import Accepted
from libs.eventsourcing import Causes, Command, Refused
from services.gateway.api.openapi import problems
from services.gateway.api.requests.addresses import address_in
from services.gateway.api.requests.edge import DirectRoute
from services.gateway.api.requests.limits import ConcurrencyLimit, LimitReached
from services.gateway.api.requests.problems import Denied, unavailable
from services.gateway.api.webhook.verifying import SignatureVerifier
from services.gateway.tables.values import View

ANSWER_SECONDS = 2.5
"""The provider's timeout is 3 seconds: it gets an answer before that, to send the notification again."""
MOST_UNDER_WAY = 400
"""The limit of notifications that are being stored: as many as a slow machine stores in `ANSWER_SECONDS`.

Above it, load is shed: the provider is asked at once to send the notification again, where an answer would be
too late anyway. Shedding costs time too, and the notifications do arrive again, so it should be rare.
"""
_NOTIFICATIONS = Counter(
    "adrelay_gateway_notifications_total", "The provider's notifications, by outcome.", ["outcome"]
)


class Recorded(View):
    """The answer to a notification that is stored."""

    status: Literal["recorded"] = "recorded"


_RECORDED_ANSWER = Recorded().model_dump_json().encode()
_RECORDED = _NOTIFICATIONS.labels("recorded")


class _Commands(Protocol):
    async def send(self, command: Command, causes: Causes) -> Accepted:
        """See `CommandClient.send`."""
        ...


@dataclass(frozen=True)
class Webhook:
    """Handles the provider's notifications. One per process, in `app.state.webhook`."""

    verifier: SignatureVerifier
    billing: _Commands
    in_progress: ConcurrencyLimit = field(default_factory=lambda: ConcurrencyLimit(MOST_UNDER_WAY))

    async def answer(self, scope: Scope, body: bytes) -> Response:
        """Send a notification to billing; return the answer once it is stored, else raise the problem."""
        correlation_id = cast("UUID", scope["state"]["correlation_id"])
        signature = Headers(scope=scope).get("x-nowpayments-sig", "")
        try:
            self.verifier.check(body, signature, address_in(scope))
            with self.in_progress.slot():  # after the proof: forged calls must not take slots
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
    """Count why a notification was not stored, and raise the error for the provider."""
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


ROUTE = DirectRoute("POST", "/api/v1/webhooks/nowpayments", "record_notification", _answer)

_EXAMPLE = {
    "payment_id": 5000000001,
    "payment_status": "finished",
    "order_id": "HQADZ-MWPM0SFH-9J8ZHS6IAHLL",
    "price_amount": 30,
    "price_currency": "usd",
    "pay_amount": 0.000456,
    "actually_paid": 0.000456,
    "pay_currency": "btc",
}
DESCRIPTION: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {"application/json": {"schema": {"type": "object"}, "example": _EXAMPLE}},
    }
}
"""A notification, for the OpenAPI document."""
router = APIRouter(prefix="/webhooks", tags=["provider"])


@router.post(
    "/nowpayments",
    summary="Notify of a payment's change",
    responses=problems(400, 401, 404, 413, 429),
    openapi_extra=DESCRIPTION,
)
async def record_notification(
    x_nowpayments_sig: Annotated[str, Header(description="HMAC-SHA512 of the body with sorted keys.")] = "",
) -> Recorded:
    """Store a notification; the answer is sent after the commit. A duplicate changes nothing."""
    del x_nowpayments_sig  # in the signature for the OpenAPI document only
    raise NotImplementedError(f"the edge answers {ROUTE.path}")
