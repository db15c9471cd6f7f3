"""The health of the payment provider, for monitoring."""

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from services.billing.ports import PaymentProvider


def provider_health(provider: PaymentProvider) -> Starlette:
    """Return an app whose `/health/provider` answers 503 while requests to the provider are paused.

    It is not part of readiness: notifications are handled, and orders placed, while the provider is down.
    """

    async def health(_: Request) -> JSONResponse:
        pause = provider.pause_seconds
        if not pause:
            return JSONResponse({"status": "ok", "provider": provider.name})
        body = {"status": "left_alone", "provider": provider.name, "seconds": round(pause, 1)}
        return JSONResponse(body, status_code=503)

    return Starlette(routes=[Route("/health/provider", health)])
