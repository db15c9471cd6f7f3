"""The webhook, and routes that the edge answers without FastAPI."""

import hmac
from collections.abc import Awaitable, Callable
from http import HTTPStatus

import httpx
import pytest
from fastapi import FastAPI
from prometheus_client import REGISTRY
from pydantic import SecretStr
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.types import Scope

from libs.chassis.command_client import CommandFailed
from libs.events.commands.billing import RecordNotification
from libs.events.results import Accepted
from libs.eventsourcing import Causes, Command, Refused
from services.gateway.api import openapi
from services.gateway.api.app import make_app
from services.gateway.api.requests import problems
from services.gateway.api.requests.edge import STRANGERS, DirectRoute, Edge
from services.gateway.api.requests.limits import ConcurrencyLimit
from services.gateway.api.webhook import notification
from services.gateway.api.webhook.notification import MOST_UNDER_WAY, Webhook
from services.gateway.api.webhook.verifying import SignatureVerifier

URL = "/api/v1/webhooks/nowpayments"
SECRET = "the-1pn-of-this-file"
Answer = Callable[[Scope, bytes], Awaitable[Response]]


class Billing:
    """Records commands; a notification's body chooses the result."""

    def __init__(self) -> None:
        self.commands: list[tuple[RecordNotification, Causes]] = []

    async def send(self, command: Command, causes: Causes) -> Accepted:
        assert isinstance(command, RecordNotification)
        self.commands.append((command, causes))
        match command.body:
            case b"refuse":
                raise Refused("unknown_order", "there is no such order")
            case b"break":
                raise CommandFailed("a reference")
            case b"bug":
                raise KeyError("a bug")
            case _:
                return Accepted()


def caller(app: FastAPI, *, at_once: int = MOST_UNDER_WAY) -> tuple[httpx.AsyncClient, Billing]:
    billing = Billing()
    app.state.webhook = Webhook(SignatureVerifier([SecretStr(SECRET)]), billing, ConcurrencyLimit(at_once))
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://gateway"), billing


def signed(body: bytes) -> dict[str, str]:
    return {"x-nowpayments-sig": hmac.digest(SECRET.encode(), body, "sha512").hex()}


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b"{}", HTTPStatus.OK, None),
        (b"", HTTPStatus.OK, None),  # only billing validates bodies
        (b"\xff", HTTPStatus.OK, None),
        (b"refuse", HTTPStatus.NOT_FOUND, "unknown_order"),
        (b"break", HTTPStatus.SERVICE_UNAVAILABLE, "service_unavailable"),
        (b"bug", HTTPStatus.INTERNAL_SERVER_ERROR, "internal_error"),
    ],
)
async def test_billings_result_determines_the_answer(
    body: bytes, status: HTTPStatus, code: str | None
) -> None:
    http, _ = caller(make_app())
    async with http:
        answer = await http.post(URL, content=body, headers=signed(body))
    assert (answer.status_code, answer.json().get("code")) == (status, code)
    assert ("retry-after" in answer.headers) == (status is HTTPStatus.SERVICE_UNAVAILABLE)


@pytest.mark.parametrize("given", [{}, {"x-nowpayments-sig": "a" * 300}, signed(b"else")])
async def test_a_notification_without_its_signature_is_refused(given: dict[str, str]) -> None:
    http, _ = caller(make_app())
    async with http:
        answer = await http.post(URL, content=b"{}", headers=given)
    assert (answer.status_code, answer.json()["code"]) == (401, "bad_signature")


@pytest.mark.parametrize("method", ["GET", "PUT"])
async def test_the_webhook_accepts_no_other_method(method: str) -> None:
    http, _ = caller(make_app())
    async with http:
        answer = await http.request(method, URL)
    assert (answer.status_code, answer.headers["allow"]) == (405, "POST")


async def test_the_webhook_bypasses_fastapis_routing() -> None:
    app = make_app()
    app.router.routes.clear()
    http, _ = caller(app)
    async with http:
        answer = await http.post(URL, content=b"{}", headers=signed(b"{}"))
    assert (answer.status_code, answer.json()) == (200, {"status": "recorded"})


async def test_the_webhook_passes_the_body_on_under_the_answers_correlation_id() -> None:
    http, billing = caller(make_app())
    async with http:
        answer = await http.post(URL, content=b"\xff {}", headers=signed(b"\xff {}"))
    ((command, causes),) = billing.commands
    assert (command.body, command.signature) == (b"\xff {}", signed(b"\xff {}")["x-nowpayments-sig"])
    assert str(causes.correlation_id) == answer.headers["x-correlation-id"]
    assert causes.actor == "provider:nowpayments"


@pytest.mark.parametrize(
    "headers", [{}, {"x-nowpayments-sig": "ab" * 64}, {"x-nowpayments-sig": "ab" * 63}, signed(b"{ }")]
)
async def test_a_forged_notification_is_refused_before_a_message_is_sent(
    headers: dict[str, str],
) -> None:
    http, billing = caller(make_app(), at_once=0)
    async with http:
        forged = await http.post(URL, content=b"{}", headers=headers)
        genuine = await http.post(URL, content=b"{}", headers=signed(b"{}"))
    assert (forged.status_code, forged.json()["code"]) == (401, "bad_signature")
    assert (genuine.status_code, genuine.json()["code"]) == (503, "service_unavailable")
    assert billing.commands == []


@pytest.mark.parametrize("route", [notification.ROUTE])
def test_the_edges_answers_are_described_in_the_openapi_document(route: DirectRoute) -> None:
    described = make_app().openapi()["paths"]
    assert described[route.path][route.method.lower()]["operationId"] == route.name


async def test_the_openapi_document_is_answered_by_the_edge() -> None:
    app = make_app()
    app.router.routes.clear()
    http, _ = caller(app)
    async with http:
        answer = await http.get(openapi.ROUTE.path)
    assert (answer.status_code, answer.json()["info"]["title"]) == (200, "Adrelay")


def edge(answer: Answer) -> httpx.AsyncClient:
    """Return an HTTP client of an app with a direct route."""
    app = FastAPI()
    app.add_middleware(Edge, direct=[DirectRoute("POST", "/direct", "direct", answer)])
    problems.install(app)

    @app.api_route("/direct", methods=["GET", "POST"])
    async def described(request: Request) -> PlainTextResponse:
        return PlainTextResponse(f"FastAPI's {request.method}")

    del described
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://gateway")


async def echo(_: Scope, body: bytes) -> Response:
    return PlainTextResponse(body)


async def test_a_direct_route_bypasses_fastapi() -> None:
    async with edge(echo) as http:
        answer = await http.post("/direct", content=b"hello")
    assert (answer.text, answer.headers["x-frame-options"]) == ("hello", "DENY")


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/direct", HTTPStatus.OK),
        ("PUT", "/direct", HTTPStatus.METHOD_NOT_ALLOWED),
        ("POST", "/directly", HTTPStatus.NOT_FOUND),
    ],
)
async def test_any_other_method_or_path_is_handled_by_fastapi(
    method: str, path: str, status: HTTPStatus
) -> None:
    async with edge(echo) as http:
        answer = await http.request(method, path)
    assert answer.status_code == status
    assert answer.text == "FastAPI's GET" or answer.json()["status"] == status


async def test_a_body_is_limited_on_a_direct_route_too() -> None:
    async with edge(echo) as http:
        answer = await http.post("/direct", content=b"x" * (STRANGERS.most_bytes + 1))
    assert (answer.status_code, answer.json()["code"]) == (413, "body_too_large")


async def test_a_direct_routes_answers_are_counted_under_its_name() -> None:
    labels = {"method": "POST", "route": "direct", "status": "200"}

    def counted() -> float:
        return REGISTRY.get_sample_value("adrelay_gateway_request_seconds_count", labels) or 0.0

    before = counted()
    async with edge(echo) as http:
        await http.post("/direct")
    assert counted() == before + 1
