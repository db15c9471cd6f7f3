"""The app that all routes hang on."""

from fastapi import FastAPI

from services.gateway.api import (
    account,
    adbots,
    admin,
    admin_accounts,
    admin_adbots,
    admin_orders,
    admin_plans,
    admin_private_ids,
    auth,
    catalogue,
    checkout,
    notifications,
    problems,
    renewals,
    webhooks,
)
from services.gateway.api.edge import Edge
from services.gateway.api.openapi import DESCRIPTION, TAGS, DescribedApp, operation_id

_PARTS = (
    catalogue,
    checkout,
    webhooks,
    auth,
    account,
    notifications,
    adbots,
    renewals,
    admin,
    admin_plans,
    admin_orders,
    admin_adbots,
    admin_accounts,
    admin_private_ids,
)


def make_app() -> FastAPI:
    """Return the app; its routes need a `Desk` in `app.state.desk` before the first request."""
    app = DescribedApp(
        title="Adrelay",
        version="1",
        summary="Scheduled message forwarding, sold by the plan.",
        description=DESCRIPTION,
        openapi_tags=TAGS,
        redoc_url=None,
        swagger_ui_oauth2_redirect_url=None,
        generate_unique_id_function=operation_id,
        telemetry={"tracing": False, "metrics": False, "logs": False},  # looked up for every request
    )
    app.add_middleware(Edge, shortcuts=webhooks.SHORTCUTS)
    problems.install(app)
    for part in _PARTS:
        # not by way of a router of its own: a request is matched anew at each level
        app.include_router(part.router, prefix="/api/v1")
    return app
