"""The health of the payment provider, for monitoring."""

from fastapi import FastAPI
from starlette.responses import JSONResponse

from services.billing.ports import PaymentProvider


def provider_health(provider: PaymentProvider) -> FastAPI:
    """Return an app whose `/health/provider` answers 503 while requests to the provider are paused.

    It is not part of readiness: notifications are handled, and orders placed, while the provider is down.
    """
    app = FastAPI(openapi_url=None, docs_url=None, redoc_url=None)

    @app.get("/health/provider", include_in_schema=False)
    async def health() -> JSONResponse:
        pause = provider.pause_seconds
        if not pause:
            return JSONResponse({"status": "ok", "provider": provider.name})
        body = {"status": "left_alone", "provider": provider.name, "seconds": round(pause, 1)}
        return JSONResponse(body, status_code=503)

    del health
    return app
