"""What the payment provider calls."""

import asyncio
from typing import Annotated, Literal, cast
from uuid import UUID

from fastapi import APIRouter, Header, Request
from prometheus_client import Counter
from pydantic import BaseModel
from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.types import Scope

from libs.chassis.command_client import CommandFailed
from libs.events.billing import RecordNotification
from libs.eventsourcing import Causes, Refused
from services.gateway.api.desk import Desk
from services.gateway.api.openapi import problems
from services.gateway.api.requests.edge import Shortcut
from services.gateway.api.requests.limits import NoPlace, address_in
from services.gateway.api.requests.problems import Denied, unavailable

router = APIRouter(prefix="/webhooks", tags=["provider"])

ANSWER_SECONDS = 2.5
"""The provider waits for 3 seconds: rather than none it hears that it must come again."""
MOST_UNDER_WAY = 400
"""So many notifications wait to be stored at once: what a slow machine stores within `ANSWER_SECONDS`.

More would hear only when it is too late; they are told at once to come again. Turning them away takes time as
well, and they do come again, so it should be few.
"""
_NOTIFICATIONS = Counter(
    "adrelay_gateway_notifications_total", "The provider's notifications, by what came of them.", ["outcome"]
)


class Recorded(BaseModel):
    """The notification is stored."""

    status: Literal["recorded"] = "recorded"


_SAID = Recorded().model_dump_json().encode()
_RECORDED = _NOTIFICATIONS.labels("recorded")


@router.post(
    "/nowpayments",
    response_model=Recorded,
    summary="Tell that a payment moved",
    responses=problems(400, 401, 404, 413, 429),
    openapi_extra={
        "requestBody": {"required": True, "content": {"application/json": {"schema": {"type": "object"}}}}
    },
)
async def nowpayments(
    request: Request,
    x_nowpayments_sig: Annotated[str, Header(description="HMAC-SHA512 of the body with sorted keys.")] = "",
) -> Response:
    """Store a notification, and say so only then. Repeats are welcome and change nothing."""
    del x_nowpayments_sig  # only described here
    return await answer(request.scope, await request.body())


async def answer(scope: Scope, body: bytes) -> Response:
    """Return the answer to a notification; raise what is to be answered with a problem."""
    desk = cast("Desk", scope["app"].state.desk)
    correlation_id = cast("UUID", scope["state"]["correlation_id"])
    causes = Causes(correlation_id, correlation_id, "provider:nowpayments")
    signature = Headers(scope=scope).get("x-nowpayments-sig", "")
    try:
        desk.prover.check(body, signature, address_in(scope))
        notification = RecordNotification(body=body, signature=signature)
        with desk.notifications.place():  # only now: forged calls must not take those of genuine ones
            async with asyncio.timeout(ANSWER_SECONDS):
                await desk.commands.send(notification, causes)
    except NoPlace as error:
        _NOTIFICATIONS.labels("crowded").inc()
        detail = "too many notifications come at once; send it again"
        raise unavailable("service_unavailable", detail) from error
    except (Refused, Denied) as refusal:
        _NOTIFICATIONS.labels(refusal.code).inc()
        raise
    except CommandFailed:
        _NOTIFICATIONS.labels("failed").inc()
        raise
    except TimeoutError as error:
        _NOTIFICATIONS.labels("late").inc()
        detail = "the notification could not be stored in time; send it again"
        raise unavailable("service_unavailable", detail) from error
    _RECORDED.inc()
    return Response(_SAID, media_type="application/json")


SHORTCUTS = {("POST", "/api/v1/webhooks/nowpayments"): Shortcut(nowpayments.__name__, answer)}
"""Most requests by far: five a payment, where a client looks once or twice."""
