"""The scopes that the route of a request needs, known before the route is called."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute
from starlette.types import Scope


@dataclass(frozen=True, slots=True)
class _Needed:
    prefix: str
    methods: frozenset[str]
    path: re.Pattern[str]
    scopes: frozenset[str]


class RouteScopes:
    """The scopes of all routes of some routers, each of which is included under a prefix."""

    def __init__(self, routers: Sequence[tuple[str, APIRouter]]) -> None:
        self._routes = [
            _Needed(prefix, frozenset(route.methods or ()), route.path_regex, _scopes_of(route))
            for prefix, router in routers
            for route in router.routes
            if isinstance(route, APIRoute)
        ]

    def of(self, scope: Scope) -> frozenset[str]:
        """Return the scopes that a request's route declares; none if it takes no credential.

        A route that may be called without one names the scopes of a credential in its `openapi_extra`.
        """
        path: str = scope["path"]
        for route in self._routes:
            below = path.removeprefix(route.prefix) if path.startswith(route.prefix) else ""
            if below and scope["method"] in route.methods and route.path.match(below):
                return route.scopes
        return frozenset()


def _scopes_of(route: APIRoute) -> frozenset[str]:
    return frozenset({*_declared(route.dependant), *_described(route.openapi_extra or {})})


def _declared(dependant: Dependant) -> Iterator[str]:
    yield from dependant.own_oauth_scopes or ()
    for needed in dependant.dependencies:
        yield from _declared(needed)


def _described(extra: Mapping[str, Any]) -> Iterator[str]:
    for scheme in extra.get("security", ()):
        for scopes in scheme.values():
            yield from scopes
