"""The OpenAPI document."""

import json
from collections.abc import Collection
from typing import Any, cast

from fastapi import FastAPI
from fastapi.routing import APIRoute
from starlette.responses import Response
from starlette.types import Scope

from services.gateway.api.describing.document import MEANINGS, complete
from services.gateway.api.requests.cookies import REFRESH, cookie_name
from services.gateway.api.requests.edge import DirectRoute
from services.gateway.api.requests.problems import MEDIA_TYPE, Problem

_REF = "#/components/schemas/{model}"
DESCRIPTION = """
Buy a plan with cryptocurrency, set a post and groups, press start.

**From the first request to the log.** `GET /catalogue` and `GET /coins` list what there is. `POST /checkout`
places an order and says how to pay it; `GET /payments/{order_number}` may be polled. Once it is paid, the
access code comes by mail or from the operator. `POST /auth/sign-in` exchanges it for a token, which all other
requests send as `Authorization: Bearer <token>`. `GET /adbots` lists what was bought;
`PUT /adbots/{adbot_id}/advertisement` sets posts and groups, `POST /adbots/{adbot_id}/start` starts.
`GET /adbots/{adbot_id}/logs` shows each delivery.

* **Errors** are `application/problem+json` (RFC 9457) with a stable `code`; each operation lists its codes.
  On another method of a path the answer is 405 with `Allow`, on an unknown path 404. Bodies are JSON where
  nothing else is said, else the answer is 415. Answers are JSON whatever `Accept` says; there is no 406.
* **Repeating a write.** Send an `Idempotency-Key` with each write, and repeat the write under the same key
  if no answer came: it is carried out once, and the stored answer is returned. Keys end after 24 hours, or
  when 1000 later ones, or 16 MiB of later answers, are stored for the account. Refused requests leave their
  key free. Without a token, the key of a checkout is its `checkout_token`.
* **Reading your writes.** After a write, reads include it. If that takes too long, the write is answered
  with 202: it is committed, and reads will include it soon.
* **Lists** are read in pages: send `next` as `cursor`, with the same filters and `sort`, until it is null.
* **Polling.** Answers with an `ETag` may be polled: send it as `If-None-Match`, and 304 says that nothing has
  changed.
* **Values.** Amounts are decimal numbers written as text. Times are in UTC. Ids are UUIDs. Statuses and
  results are in capitals (`RUNNING`, `SENT`), kinds, reasons and codes in small letters (`overrun`), and so
  are the states of groups and mails. New values and fields may be added: ignore what you do not know.
"""
SERVERS = [{"url": "/", "description": "The server that this document comes from."}]
TAGS = [
    {"name": "catalogue", "description": "The plans on sale, and the coins to pay with."},
    {"name": "payments", "description": "Checkouts and payments."},
    {"name": "account", "description": "Signing in, orders and notifications."},
    {"name": "webhooks", "description": "Messages to the account's own receivers."},
    {"name": "adbots", "description": "The adbots: advertisement, start and stop, deliveries."},
    {"name": "live", "description": "Changes as they happen."},
    {"name": "group lists", "description": "Lists of groups that several adbots share."},
    {"name": "provider", "description": "The payment provider's webhook."},
    {"name": "admin", "description": "The operator's routes: catalogue, orders, adbots, stock."},
]

_COOKIE = {
    "type": "apiKey",
    "in": "cookie",
    "name": cookie_name(REFRESH, secure=True),
    "description": "The refresh token of a page that signed in with `cookie`, for its own origin alone. Send "
    "the `csrf_token` with it.",
}
_NAMES = {"me": "get_account"}
"""Operations whose functions have other names."""
Responses = dict[int | str, dict[str, Any]]


def problems(*statuses: int) -> Responses:
    """Return the descriptions of a route's problem responses; 422 and 503 are always included."""
    content = {MEDIA_TYPE: {"schema": {"$ref": _REF.format(model=Problem.__name__)}}}
    return {
        status: {"description": MEANINGS[status], "content": content}
        for status in sorted({*statuses, 422, 503})
    }


class DescribedApp(FastAPI):
    """A FastAPI app whose OpenAPI document contains the schema of problems."""

    _rendered: bytes | None = None
    without_example: Collection[str] = ()
    """The names of fields for which the document has no example."""

    def openapi(self) -> dict[str, Any]:
        """Return the OpenAPI document."""
        if self.openapi_schema is None:
            document = super().openapi()
            shape = Problem.model_json_schema(ref_template=_REF)
            parts = shape.pop("$defs", {})
            document.setdefault("components", {}).setdefault("schemas", {}).update(
                {Problem.__name__: shape, **parts}
            )
            document["components"].setdefault("securitySchemes", {})["cookie"] = _COOKIE
            self.without_example = complete(document)
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
    return _NAMES.get(route.name, route.name)
