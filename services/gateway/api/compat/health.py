"""The route of the gateway's health."""

from collections.abc import Awaitable, Callable
from enum import StrEnum
from typing import Annotated, cast

from fastapi import APIRouter, Request
from pydantic import Field

from services.gateway.api.compat.shapes import TAG
from services.gateway.api.openapi import problems
from services.gateway.tables.values import View

router = APIRouter(tags=[TAG], deprecated=True)


class HealthStatus(StrEnum):
    """Whether the gateway works."""

    OK = "ok"
    DEGRADED = "degraded"


class Health(View):
    """The gateway's health."""

    status: HealthStatus
    problems: Annotated[
        dict[str, str], Field(description="What is wrong, by the name of the check.", examples=[{}])
    ]


@router.get("/health", summary="Show the gateway's health", responses=problems())
async def get_health(request: Request) -> Health:
    """Return whether the gateway works, as `/health/ready` does; always with the status 200."""
    found = await cast("Callable[[], Awaitable[dict[str, str]]]", request.app.state.problems)()
    return Health(status=HealthStatus.DEGRADED if found else HealthStatus.OK, problems=found)
