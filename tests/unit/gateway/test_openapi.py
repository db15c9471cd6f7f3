"""The OpenAPI document."""

import json
import re
from typing import Any

import httpx
import pytest
from fastapi.openapi.models import OpenAPI

from services.gateway.api.app import make_app


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    return make_app().openapi()


def operations(document: dict[str, Any]) -> list[dict[str, Any]]:
    return [operation for path in document["paths"].values() for operation in path.values()]


def test_the_document_is_valid(document: dict[str, Any]) -> None:
    OpenAPI.model_validate(document)


def test_every_reference_resolves(document: dict[str, Any]) -> None:
    named = set(re.findall(r'"#/components/schemas/([^"]+)"', json.dumps(document)))
    assert named <= set(document["components"]["schemas"])
    assert "Problem" in named


def test_every_route_has_a_summary_a_description_and_a_name_of_its_own(document: dict[str, Any]) -> None:
    found = operations(document)
    assert all(operation["summary"] and operation["description"] for operation in found)
    assert len({operation["operationId"] for operation in found}) == len(found)


def test_telegram_applications_are_described_under_their_new_path_alone(document: dict[str, Any]) -> None:
    admin = {path.rpartition("/admin/")[2] for path in document["paths"] if "/admin/" in path}
    assert "telegram-applications" in admin
    assert "api-pairs" not in admin


def test_every_error_is_described_as_a_problem(document: dict[str, Any]) -> None:
    for operation in operations(document):
        errors = {status: answer for status, answer in operation["responses"].items() if status >= "400"}
        assert errors
        assert {kind for answer in errors.values() for kind in answer["content"]} == {
            "application/problem+json"
        }


OPEN = {
    ("get", "/catalogue"),
    ("post", "/checkout"),
    ("get", "/payments/{order_number}"),
    ("post", "/webhooks/nowpayments"),
    ("post", "/auth/sign-in"),
    ("post", "/auth/refresh"),
}
"""What anybody may call."""
BUYING = {("post", "/orders/{order_number}/cancel"), ("post", "/adbots/{adbot_id}/renewal")}
CHANGING_NOTHING = {("post", "/auth/sign-out"), ("post", "/live/tickets")}
"""What ends the caller's own token, or stands for it, whatever it is good for."""


def test_every_route_declares_the_scope_that_it_takes(document: dict[str, Any]) -> None:
    found: dict[tuple[str, str], set[str]] = {}
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            schemes = operation.get("security", [{}])
            named = [scheme["bearer"] for scheme in schemes if {} not in schemes]
            assert all(named), f"{method} {path} asks for a token and declares no scope"
            found[method, path.removeprefix("/api/v1")] = {scope for scopes in named for scope in scopes}
    for route, scopes in found.items():
        method, path = route
        if route in OPEN:
            assert not scopes, route
        elif path.startswith("/admin/"):
            assert scopes == {"admin"}, route
        elif method == "get" or route in CHANGING_NOTHING:
            assert scopes == {"read"}, route
        else:
            needed = "billing" if route in BUYING else "control"
            assert needed in scopes, route
            assert scopes <= {"read", needed}, route


OF_OTHER_FORMS = {"/notifications", "/auth/devices", "/api-keys", "/webhooks", "/webhook-events"}
"""A page with a count besides; and lists that are short for ever."""


def test_every_list_is_read_in_pages_in_the_same_way(document: dict[str, Any]) -> None:
    schemas, lists = document["components"]["schemas"], set[str]()
    for path, methods in document["paths"].items():
        answer = methods.get("get", {}).get("responses", {}).get("200", {}).get("content", {})
        ref = answer.get("application/json", {}).get("schema", {}).get("$ref", "")
        fields = schemas.get(ref.rpartition("/")[2], {}).get("properties", {})
        if "items" in fields and path.removeprefix("/api/v1") not in OF_OTHER_FORMS:
            assert set(fields) == {"items", "next"}, path
            assert {one["name"] for one in methods["get"]["parameters"]} >= {"limit", "cursor", "sort"}, path
            lists.add(path)
    assert len(lists) >= 17


def test_amounts_are_described_as_strings(document: dict[str, Any]) -> None:
    schemas = document["components"]["schemas"]
    assert schemas["PlanOnSale"]["properties"]["price_usd"]["type"] == "string"


def test_secrets_are_marked_as_such(document: dict[str, Any]) -> None:
    schemas = document["components"]["schemas"]
    assert schemas["SignInBody"]["properties"]["access_code"]["format"] == "password"
    assert schemas["TelegramApplicationBody"]["properties"]["api_hash"]["format"] == "password"


async def test_the_document_is_written_once_however_often_it_is_asked_for() -> None:
    app = make_app()
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://gateway") as http:
        first = await http.get("/openapi.json")
        app.openapi_schema = None
        second = await http.get("/openapi.json")
    assert first.headers["content-type"] == "application/json"
    assert first.json() == make_app().openapi()
    assert second.content == first.content
    assert app.openapi_schema is None
