"""Refusals as HTTP problem documents."""

import json
import re
from http import HTTPStatus
from uuid import UUID, uuid4

import pytest
from fastapi.exceptions import RequestValidationError
from starlette.types import Scope

from libs.chassis.words import wrong
from libs.eventsourcing import Refused
from services.gateway.api.app import make_app
from services.gateway.api.requests.codes import CODES
from services.gateway.api.requests.problems import (
    Denied,
    denied_of,
    respond,
    status_of,
    unauthorized,
    unavailable,
)


@pytest.mark.parametrize(
    ("code", "status"),
    [
        ("bad_signature", 401),
        ("malformed_notification", 400),
        ("unknown_order", 404),
        ("unknown_adbot", 404),
        ("unknown_plan", 404),
        ("wrong_payment", 422),
        ("wrong_amount", 422),
        ("unsupported_coin", 422),
        ("malformed_post", 422),
        ("malformed_groups", 422),
        ("unreadable_session", 422),
        ("no_seats", 409),
        ("no_post", 409),
        ("no_groups", 409),
        ("adbot_expired", 409),
        ("session_exists", 409),
        ("account_exists", 409),
        ("something_new", 409),
        ("insufficient_stock", 409),
        ("below_minimum", 409),
        ("order_paid", 409),
        ("already_listed", 409),
        ("interval_too_long", 422),
        ("adbot_suspended", 409),
        ("payment_declined", 502),
        ("provider_unavailable", 503),
        ("telegram_unreachable", 503),
    ],
)
def test_every_code_has_its_status(code: str, status: int) -> None:
    assert status_of(code) == status


@pytest.mark.parametrize(
    "code", [code for code, meaning in CODES.items() if meaning.status in {429, 503}] + ["too_many_of_a_kind"]
)
def test_whoever_is_to_come_back_is_told_when(code: str) -> None:
    refused = denied_of(Refused(code, "wait"))
    refused.status = HTTPStatus.TOO_MANY_REQUESTS if code == "too_many_of_a_kind" else refused.status
    assert int(respond(refused, request()).headers["retry-after"]) > 0


def request(correlation_id: UUID | None = None) -> Scope:
    return {"type": "http", "state": {"correlation_id": correlation_id or uuid4()}}


def test_a_problem_has_the_standards_members() -> None:
    correlation_id = uuid4()
    response = respond(
        Denied(status_of("no_seats"), "no_seats", "no seat is filled"), request(correlation_id)
    )
    assert response.headers["content-type"] == "application/problem+json"
    assert response.status_code == 409
    assert json.loads(bytes(response.body)) == {
        "type": "urn:adrelay:problem:no_seats",
        "title": "No seats",
        "status": 409,
        "code": "no_seats",
        "detail": "no seat is filled",
        "correlation_id": str(correlation_id),
    }


def test_a_retryable_problem_has_a_retry_after_header() -> None:
    assert int(respond(unavailable("service_unavailable", ""), request()).headers["Retry-After"]) > 0


def test_a_missing_token_is_answered_with_the_authentication_scheme() -> None:
    assert (
        respond(unauthorized("token_missing", ""), request()).headers["WWW-Authenticate"].startswith("Bearer")
    )


def test_only_the_first_of_many_problems_of_a_request_are_returned() -> None:
    """A body may contain tens of thousands of bad items: the answer must not be larger than the request."""
    bad = [{"loc": ("body", "groups", number), "msg": "is no text"} for number in range(10_000)]
    denied = denied_of(RequestValidationError([{"loc": ("body", "x" * 400_000), "msg": "is unknown"}, *bad]))
    assert denied.detail.endswith("body.groups.18: is no text; and 9981 more")
    assert len(denied.detail) < 1000
    assert len(denied.errors or ()) == 20


def test_every_string_format_of_the_interface_has_an_error_text() -> None:
    document = json.dumps(make_app().openapi())
    forms = {json.loads(f'"{form}"') for form in re.findall(r'"pattern": "((?:[^"\\\\]|\\\\.)*)"', document)}
    assert len(forms) > 5
    silent = {
        form
        for form in forms
        if "has the form" in wrong({"type": "string_pattern_mismatch", "ctx": {"pattern": form}})
        or "form that is asked for" in wrong({"type": "string_pattern_mismatch", "ctx": {"pattern": form}})
    }
    assert silent == {
        r"^-?[0-9]+(\.[0-9]+)?$",  # amounts in answers; the one in a request is compared with the price
        "^[ -~]+$",  # an idempotency key has a code of its own
        # what follows is declared by patterns, and checked by rules with texts of their own
        r"^(?=.*[1-9])[0-9]{1,8}(\.[0-9]{1,2})?$",
        "^[0-9A-Fa-f]{32}$",
        "^[A-Za-z0-9_-]{22,128}$",
        "^([0-9]{1,19}-[0-9]{1,19}-[0-9]{1,5})?$",
        r"^[^\x00]*$",
        r"^[^\x00]*[^\s\x00][^\x00]*$",
    }
