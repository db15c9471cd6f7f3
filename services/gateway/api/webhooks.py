"""What the payment provider calls."""

import asyncio
from typing import Annotated, Literal

from fastapi import APIRouter, Header, Request
from prometheus_client import Counter
from pydantic import BaseModel

from libs.chassis.commands import CommandFailed
from libs.events.billing import RecordNotification
from libs.eventsourcing.decider import Refused
from services.gateway.api.desk import DeskDep, causes_of
from services.gateway.api.openapi import problems
from services.gateway.api.problems import unavailable

router = APIRouter(prefix="/webhooks", tags=["provider"])

ANSWER_SECONDS = 2.5
"""The provider waits for 3 seconds: rather than none it hears that it must come again."""
_LONGEST_SIGNATURE = 256
_NOTIFICATIONS = Counter(
    "adrelay_gateway_notifications_total", "The provider's notifications, by what came of them.", ["outcome"]
)


class Recorded(BaseModel):
    """The notification is stored."""

    status: Literal["recorded"] = "recorded"


@router.post(
    "/nowpayments",
    summary="Tell that a payment moved",
    responses=problems(400, 401, 404, 413),
    openapi_extra={
        "requestBody": {"required": True, "content": {"application/json": {"schema": {"type": "object"}}}}
    },
)
async def nowpayments(
    request: Request,
    desk: DeskDep,
    x_nowpayments_sig: Annotated[str, Header(description="HMAC-SHA512 of the body with sorted keys.")] = "",
) -> Recorded:
    """Store a notification, and say so only then. Repeats are welcome and change nothing."""
    try:
        notification = _notification(await request.body(), x_nowpayments_sig)
        async with asyncio.timeout(ANSWER_SECONDS):
            await desk.commands.send(notification, causes_of(request, "provider:nowpayments"))
    except Refused as refusal:
        _NOTIFICATIONS.labels(refusal.code).inc()
        raise
    except CommandFailed:
        _NOTIFICATIONS.labels("failed").inc()
        raise
    except TimeoutError as error:
        _NOTIFICATIONS.labels("late").inc()
        detail = "the notification could not be stored in time; send it again"
        raise unavailable("service_unavailable", detail) from error
    _NOTIFICATIONS.labels("recorded").inc()
    return Recorded()


def _notification(body: bytes, signature: str) -> RecordNotification:
    if not signature or len(signature) > _LONGEST_SIGNATURE:
        raise Refused("bad_signature", "x-nowpayments-sig holds no signature")
    return RecordNotification(body=body, signature=signature)
