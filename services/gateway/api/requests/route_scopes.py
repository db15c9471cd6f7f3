"""The scopes that a request's route needs, told before the route is called."""

from collections.abc import Iterator, Mapping
from typing import Any, cast

from fastapi import FastAPI
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute
from starlette.routing import Match
from starlette.types import Scope


def needed_scopes(scope: Scope) -> frozenset[str]:
    """Return the scopes that the route of a request declares; none if it takes no credential.

    A route that may be called without one names the scopes of a credential in its `openapi_extra`.
    """
    for route in cast("FastAPI", scope["app"]).routes:
        if isinstance(route, APIRoute) and route.matches(scope)[0] is Match.FULL:
            return frozenset({*_declared(route.dependant), *_described(route.openapi_extra or {})})
    return frozenset()


def _declared(dependant: Dependant) -> Iterator[str]:
    yield from dependant.own_oauth_scopes or ()
    for needed in dependant.dependencies:
        yield from _declared(needed)


def _described(extra: Mapping[str, Any]) -> Iterator[str]:
    for scheme in extra.get("security", ()):
        for scopes in scheme.values():
            yield from scopes
