"""The OpenAPI document."""

import json
import re
from typing import Any

import httpx
import pytest
from fastapi.openapi.models import OpenAPI
from jsonschema_rs import Draft202012Validator

from libs.events.commands.scheduler import StartAdbot
from services.gateway.api.app import make_app
from services.gateway.api.describing.refusals import COMMANDS, refusals_of
from services.gateway.api.openapi import DescribedApp

PROBLEM = "application/problem+json"
WITHOUT_KEY = {
    *("sign_in", "refresh_tokens", "record_notification"),
    *("verify_access_code", "refresh_token_of_user", "record_payment_notification"),
}
"""Writes of callers without a token; the refresh token and the provider's payment are keys of their own."""
VERB_AND_NOUN = (
    "(acknowledge|add|allow|block|cancel|change|check|confirm|create|delete|drop|erase|export|extend|forbid|get|import|issue|list|"
    "listen|make|mark|offer|open|pause|place|rebuild|record|refresh|refund|register|remove|renew|replace|reprice|reset|restore|resume|retry|"
    "rotate|switch|test|retire|review|revoke|search|set|sign|start|stop|suspend|unblock|upload|validate|verify)(_[a-z]+)+"
)


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


def test_every_parameter_is_described(document: dict[str, Any]) -> None:
    missing = [
        f"{operation['operationId']}: {parameter['name']}"
        for operation in operations(document)
        for parameter in operation.get("parameters", ())
        if not parameter.get("description")
    ]

    assert missing == []


def test_operations_are_named_by_a_verb_and_a_noun(document: dict[str, Any]) -> None:
    names = [operation["operationId"] for operation in operations(document)]
    assert len(set(names)) == len(names)
    assert {name for name in names if not re.fullmatch(VERB_AND_NOUN, name)} == set()


def test_every_request_and_answer_has_an_example_that_is_valid(document: dict[str, Any]) -> None:
    """For a field without an example: add one to the field, or to the names in `describing/examples.py`."""
    app = make_app()
    app.openapi()
    assert isinstance(app, DescribedApp)
    assert set(app.without_example) == set()
    validators: dict[str, Draft202012Validator] = {}  # most answers are of a few schemas, and each takes long
    for operation in operations(document):
        for media in bodies_of(operation):
            key = json.dumps(media.get("schema", {}))
            if key not in validators:
                schema = {**media.get("schema", {}), "components": document["components"]}
                validators[key] = Draft202012Validator(schema)
            shown = [media["example"]] if "example" in media else []
            shown += [resolved(document, one)["value"] for one in media.get("examples", {}).values()]
            assert shown, operation["operationId"]
            for example in shown:
                problems = [str(error) for error in validators[key].iter_errors(example)]
                assert problems == [], operation["operationId"]
        for parameter in operation.get("parameters", ()):
            assert "example" in parameter or "examples" in parameter, operation["operationId"]


def bodies_of(operation: dict[str, Any]) -> list[dict[str, Any]]:
    found = [operation.get("requestBody", {}), *operation["responses"].values()]
    return [media for one in found for media in one.get("content", {}).values()]


def resolved(document: dict[str, Any], reference: dict[str, str]) -> Any:  # noqa: ANN401 - JSON
    found: Any = document
    for part in reference["$ref"].removeprefix("#/").split("/"):
        found = found[part]
    return found


def test_every_write_of_a_caller_takes_an_idempotency_key(document: dict[str, Any]) -> None:
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            named = {parameter["name"] for parameter in operation.get("parameters", ())}
            keyed = method != "get" and operation["operationId"] not in WITHOUT_KEY
            assert ("Idempotency-Key" in named) == keyed, path
            statuses = {"400", "409", "422", "503"} if keyed else {"422", "503"}
            assert statuses <= set(operation["responses"]), path


def test_each_operation_names_the_codes_of_its_problems(document: dict[str, Any]) -> None:
    names = {operation["operationId"]: operation for operation in operations(document)}
    assert set(COMMANDS) <= set(names)
    for name, command in COMMANDS.items():
        listed = {code for media in bodies_of(names[name]) for code in media.get("examples", ())}
        assert set(refusals_of(command)) <= listed, name
    assert "no_seats" in refusals_of(StartAdbot)
    assert "`no_seats`: " in names["start_adbot"]["responses"]["409"]["description"]
    assert set(names["get_adbot"]["responses"]["404"]["content"][PROBLEM]["examples"]) == {"unknown_adbot"}


def test_docstrings_of_fields_reach_the_document(document: dict[str, Any]) -> None:
    schemas = document["components"]["schemas"]
    assert schemas["OrderLine"]["properties"]["renews"]["description"] == "The adbot that the order renews."
    assert "No cycle sends to it." in schemas["GroupOption"]["properties"]["paused"]["description"]


def test_the_document_speaks_json_and_no_python(document: dict[str, Any]) -> None:
    assert re.findall(r"[^\"]*\b(?:None|True|False)\b[:;, ][^\"]*", json.dumps(document)) == []


def test_telegram_applications_are_described_under_their_new_path_alone(document: dict[str, Any]) -> None:
    admin = {path.rpartition("/admin/")[2] for path in document["paths"] if "/admin/" in path}
    assert "telegram-applications" in admin
    assert "api-pairs" not in admin


def test_every_error_is_described_as_a_problem(document: dict[str, Any]) -> None:
    for operation in operations(document):
        errors = {status: answer for status, answer in operation["responses"].items() if status >= "400"}
        assert errors
        assert {kind for answer in errors.values() for kind in answer["content"]} == {PROBLEM}


COMPATIBLE = "/api"
"""The prefix of the routes that existing front ends call."""
OPEN = {
    ("post", "/api/auth/verify-access-code"),
    ("post", "/api/auth/refresh"),
    ("post", "/api/payment/create"),
    ("get", "/api/payment/status"),
    ("post", "/api/payment/webhook"),
    ("get", "/api/health"),
    ("get", "/catalogue"),
    ("get", "/coins"),
    ("post", "/checkout"),
    ("get", "/payments/{order_number}"),
    ("post", "/webhooks/nowpayments"),
    ("post", "/auth/sign-in"),
    ("post", "/auth/refresh"),
}
"""What anybody may call."""
BUYING = {("post", "/orders/{order_number}/cancel"), ("post", "/adbots/{adbot_id}/renewal")}
CHANGING_NOTHING = {("post", "/auth/sign-out"), ("post", "/live/tickets"), ("post", "/posts/validate")}
"""What ends the caller's own token, or stands for it, whatever it is good for; and what only looks."""


def test_every_route_declares_the_scope_that_it_takes(document: dict[str, Any]) -> None:
    found: dict[tuple[str, str], set[str]] = {}
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            schemes = operation.get("security", [{}])
            named = [scheme["bearer"] for scheme in schemes if "bearer" in scheme and {} not in schemes]
            assert all(named), f"{method} {path} asks for a token and declares no scope"
            found[method, path.removeprefix("/api/v1")] = {scope for scopes in named for scope in scopes}
    for route, scopes in found.items():
        method, path = route
        if route in OPEN:
            assert not scopes, route
        elif path.removeprefix(COMPATIBLE).startswith("/admin/"):
            assert scopes == {"admin"}, route
        elif method == "get" or route in CHANGING_NOTHING:
            assert scopes == {"read"}, route
        else:
            needed = "billing" if route in BUYING else "control"
            assert needed in scopes, route
            assert scopes <= {"read", needed}, route


OF_ACCOUNT = "/admin/accounts/{account}"
OF_OTHER_FORMS = {
    *("/coins", "/notifications", "/auth/devices", "/api-keys", "/webhooks", "/webhook-events"),
    *(f"{OF_ACCOUNT}/devices", f"{OF_ACCOUNT}/api-keys", f"{OF_ACCOUNT}/webhooks"),
    "/api/user/notifications",
}
"""A page with a count besides; and lists that are short for ever."""


def test_every_list_is_read_in_pages_in_the_same_way(document: dict[str, Any]) -> None:
    schemas, lists = document["components"]["schemas"], set[str]()
    for path, methods in document["paths"].items():
        answer = methods.get("get", {}).get("responses", {}).get("200", {}).get("content", {})
        ref = answer.get("application/json", {}).get("schema", {}).get("$ref", "")
        fields = schemas.get(ref.rpartition("/")[2], {}).get("properties", {})
        if "items" in fields and path.removeprefix("/api/v1") not in OF_OTHER_FORMS:
            assert set(fields) - {"kept_since"} == {"items", "next"}, path
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
