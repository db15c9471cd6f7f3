"""The OpenAPI document."""

import json
from typing import Any, cast

from fastapi import FastAPI
from fastapi.routing import APIRoute
from starlette.responses import Response
from starlette.types import Scope

from services.gateway.api.requests.edge import DirectRoute
from services.gateway.api.requests.problems import MEDIA_TYPE, Problem

_REF = "#/components/schemas/{model}"
_MEANINGS = {
    400: "The request is malformed.",
    401: "No valid token, or no valid signature.",
    403: "The caller is known, but may not do this; `code` says why.",
    404: "It does not exist, or belongs to another account.",
    409: "Refused in the current state; `code` is the reason.",
    413: "The body is too large.",
    415: "The body's media type is not accepted.",
    422: "A field is invalid; see `code` or `errors`.",
    429: "Too many requests; retry after `Retry-After` seconds.",
    502: "The payment provider refuses to create this payment.",
    503: "A dependency does not answer; retry after `Retry-After` seconds.",
}
DESCRIPTION = """
Buy a plan with cryptocurrency, set a post and groups, press start.

* Errors are `application/problem+json` with a stable `code` and a `correlation_id`.
* After a write, reads include it. If that takes too long, the write is answered with 202: it is committed,
  and reads will include it soon.
* Amounts are decimal numbers written as text. Times are in UTC.
* Lists are read in pages: send `next` as `cursor`, with the same filters and `sort`, until it is null.
* Answers with an `ETag` may be polled: send it as `If-None-Match`, and 304 says that nothing has changed.
"""
TAGS = [
    {"name": "catalogue", "description": "The plans on sale."},
    {"name": "payments", "description": "Checkouts and payments."},
    {"name": "account", "description": "Signing in, orders and notifications."},
    {"name": "webhooks", "description": "Messages to the account's own receivers."},
    {"name": "adbots", "description": "The adbots: advertisement, start and stop, deliveries."},
    {"name": "live", "description": "Changes as they happen."},
    {"name": "group lists", "description": "Lists of groups that several adbots share."},
    {"name": "provider", "description": "The payment provider's webhook."},
    {"name": "admin", "description": "The operator's routes: catalogue, orders, adbots, stock."},
]

Responses = dict[int | str, dict[str, Any]]


def problems(*statuses: int) -> Responses:
    """Return the descriptions of a route's problem responses; 422 and 503 are always included."""
    content = {MEDIA_TYPE: {"schema": {"$ref": _REF.format(model=Problem.__name__)}}}
    return {
        status: {"description": _MEANINGS[status], "content": content}
        for status in sorted({*statuses, 422, 503})
    }


class DescribedApp(FastAPI):
    """A FastAPI app whose OpenAPI document contains the schema of problems."""

    _rendered: bytes | None = None

    def openapi(self) -> dict[str, Any]:
        """Return the OpenAPI document."""
        if self.openapi_schema is None:
            document = super().openapi()
            shape = Problem.model_json_schema(ref_template=_REF)
            parts = shape.pop("$defs", {})
            document.setdefault("components", {}).setdefault("schemas", {}).update(
                {Problem.__name__: shape, **parts}
            )
            self.openapi_schema = document
        return self.openapi_schema

    def rendered(self) -> bytes:
        """Return the OpenAPI document as JSON; cached, for rendering takes 5 ms."""
        if self._rendered is None:
            self._rendered = json.dumps(self.openapi(), ensure_ascii=False, separators=(",", ":")).encode()
        return self._rendered


async def _answer(scope: Scope, _: bytes) -> Response:
    return Response(cast("DescribedApp", scope["app"]).rendered(), media_type="application/json")


ROUTE = DirectRoute("GET", "/openapi.json", "openapi", _answer)
"""Public and without a rate limit."""


def operation_id(route: APIRoute) -> str:
    """Return the name of a route's function, the name of the method in generated clients."""
    return route.name
