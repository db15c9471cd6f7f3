"""How the interface describes itself."""

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
    400: "The request can't be read.",
    401: "No valid token, or no valid signature.",
    404: "There is no such thing, or it belongs to somebody else.",
    409: "Refused as things stand; `code` says why.",
    413: "The body is too large.",
    415: "The body is of another type than is taken here.",
    422: "A field is not as it should be; `code` or `errors` say which.",
    429: "Too many requests; `Retry-After` says how long to wait.",
    502: "The payment provider refuses to make this payment.",
    503: "Something that is needed does not answer just now; try again after `Retry-After` seconds.",
}
DESCRIPTION = """
Buy a plan with cryptocurrency, set a post and groups, press start.

* Errors are `application/problem+json` with a stable `code` and a `correlation_id`.
* After a write, reads show it. Where that takes too long the write is answered with 202: it is done, and
  reads will show it soon.
* Amounts are decimal numbers written as text. Times are in UTC.
"""
TAGS = [
    {"name": "catalogue", "description": "What is on sale."},
    {"name": "payments", "description": "Checking out and paying."},
    {"name": "account", "description": "Signing in, and what belongs to an account."},
    {"name": "adbots", "description": "What was bought: setting it, starting it, watching it."},
    {"name": "provider", "description": "What the payment provider calls."},
    {"name": "admin", "description": "The operator's side: catalogue, orders, adbots, stock."},
]

Responses = dict[int | str, dict[str, Any]]


def problems(*statuses: int) -> Responses:
    """Return the description of the problems that a route may answer with; 422 and 503 always may."""
    content = {MEDIA_TYPE: {"schema": {"$ref": _REF.format(model=Problem.__name__)}}}
    return {
        status: {"description": _MEANINGS[status], "content": content}
        for status in sorted({*statuses, 422, 503})
    }


class DescribedApp(FastAPI):
    """An app whose description holds the shape of its problems."""

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
        """Return the OpenAPI document as JSON, which takes 5 ms to write: it is written once."""
        if self._rendered is None:
            self._rendered = json.dumps(self.openapi(), ensure_ascii=False, separators=(",", ":")).encode()
        return self._rendered


async def _answer(scope: Scope, _: bytes) -> Response:
    return Response(cast("DescribedApp", scope["app"]).rendered(), media_type="application/json")


ROUTE = DirectRoute("GET", "/openapi.json", "openapi", _answer)
"""Anyone may ask for it, as often as they like."""


def operation_id(route: APIRoute) -> str:
    """Return the name of a route's function, which is what generated clients call it."""
    return route.name
