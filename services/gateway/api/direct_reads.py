"""Reading routes that the edge calls itself: FastAPI's part of a short read costs more than the rest.

That is the search for the route, and for the values of its parameters.
"""

import inspect
from collections.abc import Awaitable, Callable
from urllib.parse import parse_qsl
from uuid import UUID

from fastapi import APIRouter, Request
from fastapi.routing import APIRoute
from pydantic import BaseModel, ValidationError
from starlette.responses import Response
from starlette.types import Scope

from services.gateway.api.callers import bearer_in, reader_with
from services.gateway.api.desk import desk_of_app
from services.gateway.api.requests.edge import DirectRoute

_GIVEN = ("caller", "desk", "request")


def direct_read(
    router: APIRouter,
    endpoint: Callable[..., Awaitable[Response]],
    query: type[BaseModel] | None = None,
) -> DirectRoute:
    """Return the route by which the edge calls an endpoint of a router.

    The endpoint takes a `caller`, a `desk` and a `request`, the ids in its path, and with `query` also
    `asked`. FastAPI describes it, and answers requests without a bearer credential or with parameters that
    are not valid: so each refusal is worded once.
    """
    route = next(one for one in router.routes if isinstance(one, APIRoute) and one.endpoint is endpoint)
    given = {*_GIVEN, *route.param_convertors, *(["asked"] if query is not None else [])}
    if given != {*inspect.signature(endpoint).parameters} or route.dependencies:
        raise ValueError(f"{route.name} depends on something else than the edge calls it with")
    usual = None if query is None else query()

    async def answer(scope: Scope, _body: bytes) -> Response | None:
        credential, given = bearer_in(scope), _ids_in(scope)
        if credential is None or given is None:
            return None
        request, desk = Request(scope), desk_of_app(scope["app"])
        caller = await reader_with(request, desk, credential)
        if query is not None:
            asked = _asked(scope, query) if scope["query_string"] else usual
            if asked is None:
                return None
            given["asked"] = asked
        return await endpoint(caller=caller, desk=desk, request=request, **given)

    return DirectRoute("GET", route.path, route.name, answer)


def _ids_in(scope: Scope) -> dict[str, object] | None:
    """Return the ids in a request's path, None if one is malformed or written in an unusual way."""
    ids: dict[str, object] = {}
    for name, text in scope["path_params"].items():
        try:
            ids[name] = found = UUID(text)
        except ValueError:
            return None
        if str(found) != text:
            return None
    return ids


def _asked(scope: Scope, query: type[BaseModel]) -> BaseModel | None:
    """Return the parameters of a request, None if they are not valid."""
    given = dict(parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True))
    try:
        return query.model_validate(given)
    except ValidationError:
        return None
