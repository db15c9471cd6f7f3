"""The FastAPI application of all routes."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from fastapi import APIRouter, FastAPI

from services.gateway.api import catalogue, documentation, openapi
from services.gateway.api.account import api_keys, devices, notifications, second_factor, sign_in, webhooks
from services.gateway.api.account import orders as account_orders
from services.gateway.api.adbots import (
    figures,
    group_lists,
    groups,
    live,
    pacing,
    post_checks,
    posts,
    renewals,
)
from services.gateway.api.adbots import routes as adbots
from services.gateway.api.admin import account_access as admin_account_access
from services.gateway.api.admin import accounts as admin_accounts
from services.gateway.api.admin import activity as admin_activity
from services.gateway.api.admin import adbot_settings as admin_adbot_settings
from services.gateway.api.admin import adbots as admin_adbots
from services.gateway.api.admin import dead_letters as admin_dead_letters
from services.gateway.api.admin import event_tail as admin_event_tail
from services.gateway.api.admin import events as admin_events
from services.gateway.api.admin import figures as admin_figures
from services.gateway.api.admin import forwarding as admin_forwarding
from services.gateway.api.admin import group_lists as admin_group_lists
from services.gateway.api.admin import health as admin_health
from services.gateway.api.admin import notices as admin_notices
from services.gateway.api.admin import operations as admin_operations
from services.gateway.api.admin import orders as admin_orders
from services.gateway.api.admin import plans as admin_plans
from services.gateway.api.admin import post_checks as admin_post_checks
from services.gateway.api.admin import private_ids as admin_private_ids
from services.gateway.api.admin import stock as admin_stock
from services.gateway.api.admin import tables as admin_tables
from services.gateway.api.checkout import routes as checkout
from services.gateway.api.compat import PARTS as COMPATIBLE
from services.gateway.api.compat.payment import WEBHOOK
from services.gateway.api.live import changes, sockets
from services.gateway.api.openapi import DESCRIPTION, SERVERS, TAGS, DescribedApp, operation_id
from services.gateway.api.requests import problems
from services.gateway.api.requests.edge import DirectRoute, Edge
from services.gateway.api.requests.idempotency import IdempotentWrites
from services.gateway.api.requests.route_scopes import RouteScopes
from services.gateway.api.web_files import WebFiles, is_built
from services.gateway.api.webhook import notification

PREFIX = "/api/v1"
COMPATIBLE_PREFIX = "/api"
"""The prefix of the routes that existing front ends call."""
_PARTS = (
    catalogue,
    checkout,
    notification,
    sign_in,
    devices,
    second_factor,
    api_keys,
    account_orders,
    notifications,
    webhooks,
    changes,
    sockets,
    adbots,
    figures,
    live,
    groups,
    group_lists,
    pacing,
    post_checks,
    posts,
    renewals,
    admin_stock,
    admin_plans,
    admin_orders,
    admin_adbots,
    admin_adbot_settings,
    admin_post_checks,
    admin_figures,
    admin_forwarding,
    admin_accounts,
    admin_account_access,
    admin_group_lists,
    admin_activity,
    admin_private_ids,
    admin_operations,
    admin_notices,
    admin_health,
    admin_dead_letters,
    admin_tables,
    admin_event_tail,
    admin_events,
)


def scopes_of_routes() -> RouteScopes:
    """Return the scopes that the routes need."""
    return RouteScopes(_routers())


def _routers() -> list[tuple[str, APIRouter]]:
    """Return the routers, each with its prefix."""
    return [(PREFIX, part.router) for part in _PARTS] + [(COMPATIBLE_PREFIX, one) for one in COMPATIBLE]


def _polled() -> Iterator[DirectRoute]:
    """Yield the routes that pages ask for again and again, as direct ones."""
    for part in (adbots, figures, account_orders):
        for route in part.DIRECT:
            yield replace(route, path=PREFIX + route.path)


def make_app(web: Path | None = None) -> FastAPI:
    """Return the app; set `app.state.desk`, `.live` and `.webhook` before the first request.

    `web` is the folder of the web application, which is served if it was built.
    """
    app = DescribedApp(
        title="Adrelay",
        version="1",
        summary="Scheduled message forwarding, sold by the plan.",
        description=DESCRIPTION,
        openapi_tags=TAGS,
        servers=SERVERS,
        docs_url=None,  # `documentation` has the page
        redoc_url=None,
        swagger_ui_oauth2_redirect_url=None,
        generate_unique_id_function=operation_id,
        telemetry={"tracing": False, "metrics": False, "logs": False},  # else looked up in every request
    )
    app.add_middleware(IdempotentWrites, scopes=scopes_of_routes())  # within the edge, which is added last
    app.add_middleware(Edge, direct=(notification.ROUTE, WEBHOOK, openapi.ROUTE, *_polled()))
    problems.install(app)
    for prefix, router in _routers():
        # without a parent router: each level would match the request again
        app.include_router(router, prefix=prefix)
    app.include_router(documentation.router)
    if web is not None and is_built(web):
        app.router.default = WebFiles(web, otherwise=app.router.default)
    return app
