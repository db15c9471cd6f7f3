"""The scopes of routes agree with the OpenAPI document."""

import re

from services.gateway.api.app import make_app, scopes_of_routes


def test_every_operation_has_the_scopes_of_the_document() -> None:
    scopes = scopes_of_routes()
    for path, methods in make_app().openapi()["paths"].items():
        concrete = re.sub(r"\{[a-z_]+\}", "5eefaa91-bf04-5a36-aaf3-3ff734c9ab9c", path)
        for method, operation in methods.items():
            described = {
                scope
                for scheme in operation.get("security", ())
                for of_scheme in scheme.values()
                for scope in of_scheme
            }
            found = scopes.of({"type": "http", "method": method.upper(), "path": concrete})
            assert found == described, (method, path)


def test_an_unknown_path_has_no_scopes() -> None:
    scopes = scopes_of_routes()
    assert scopes.of({"type": "http", "method": "POST", "path": "/api/v1/adbots"}) == frozenset()
    assert scopes.of({"type": "http", "method": "GET", "path": "/docs"}) == frozenset()
