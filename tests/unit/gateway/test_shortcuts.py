"""Requests that are answered without the way past all routes are answered as if they had gone it."""

import hmac
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from types import SimpleNamespace

import httpx
import pytest
from fastapi import FastAPI
from prometheus_client import REGISTRY
from pydantic import SecretStr
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.types import Scope

from libs.chassis.command_client import CommandFailed
from libs.events.billing import RecordNotification
from libs.events.results import Accepted
from libs.eventsourcing import Causes, Command, Refused
from services.gateway.api.app import make_app
from services.gateway.api.requests import problems
from services.gateway.api.requests.edge import STRANGERS, Edge, Shortcut
from services.gateway.api.requests.limits import Places
from services.gateway.api.webhook import route as webhook
from services.gateway.api.webhook.proving import Prover

URL = "/api/v1/webhooks/nowpayments"
SECRET = "the-1pn-of-the-shortcuts"
Answer = Callable[[Scope, bytes], Awaitable[Response]]


class Billing:
    """Does what a notification's body names."""

    def __init__(self) -> None:
        self.heard: list[tuple[RecordNotification, Causes]] = []

    async def send(self, command: Command, causes: Causes) -> Accepted:
        assert isinstance(command, RecordNotification)
        self.heard.append((command, causes))
        match command.body:
            case b"refuse":
                raise Refused("unknown_order", "there is no such order")
            case b"break":
                raise CommandFailed("a reference")
            case b"bug":
                raise KeyError("a bug")
            case _:
                return Accepted()


def long_way() -> FastAPI:
    """Return an app of the webhook's route alone, without any shortcut."""
    app = FastAPI()
    app.add_middleware(Edge)
    problems.install(app)
    app.include_router(webhook.router, prefix="/api/v1")
    return app


def caller(app: FastAPI, *, places: int = webhook.MOST_UNDER_WAY) -> httpx.AsyncClient:
    app.state.desk = SimpleNamespace(
        commands=Billing(), notifications=Places(places), prover=Prover(SecretStr(SECRET))
    )
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://gateway")


def same(answer: httpx.Response) -> tuple[int, bytes, dict[str, str]]:
    """Return an answer without what is of this request alone."""
    correlation_id = answer.headers.pop("x-correlation-id")
    content = answer.content.replace(correlation_id.encode(), b"")
    return answer.status_code, content, {**answer.headers, "content-length": ""}


def signed(body: bytes) -> dict[str, str]:
    return {"x-nowpayments-sig": hmac.digest(SECRET.encode(), body, "sha512").hex()}


@pytest.mark.parametrize("body", [b"{}", b"", b"\xff", b"refuse", b"break", b"bug"])
@pytest.mark.parametrize("given", [None, {}, {"x-nowpayments-sig": "a" * 300}, signed(b"else")])
async def test_the_webhook_answers_as_its_route_does(body: bytes, given: dict[str, str] | None) -> None:
    headers = signed(body) if given is None else given
    async with caller(make_app()) as short, caller(long_way()) as long:
        answers = [await http.post(URL, content=body, headers=headers) for http in (short, long)]
    assert same(answers[0]) == same(answers[1])


async def test_the_webhook_asks_no_route() -> None:
    app = make_app()
    app.router.routes.clear()
    async with caller(app) as http:
        answer = await http.post(URL, content=b"{}", headers=signed(b"{}"))
    assert (answer.status_code, answer.json()) == (200, {"status": "recorded"})


async def test_the_webhook_hands_on_what_it_got_under_the_answers_id() -> None:
    app = make_app()
    async with caller(app) as http:
        answer = await http.post(URL, content=b"\xff {}", headers=signed(b"\xff {}"))
    ((command, causes),) = app.state.desk.commands.heard
    assert (command.body, command.signature) == (b"\xff {}", signed(b"\xff {}")["x-nowpayments-sig"])
    assert str(causes.correlation_id) == answer.headers["x-correlation-id"]
    assert causes.actor == "provider:nowpayments"


@pytest.mark.parametrize(
    "headers", [{}, {"x-nowpayments-sig": "ab" * 64}, {"x-nowpayments-sig": "ab" * 63}, signed(b"{ }")]
)
async def test_a_forged_notification_is_refused_before_it_costs_a_message_or_a_place(
    headers: dict[str, str],
) -> None:
    app = make_app()
    async with caller(app, places=0) as http:
        forged = await http.post(URL, content=b"{}", headers=headers)
        genuine = await http.post(URL, content=b"{}", headers=signed(b"{}"))
    assert (forged.status_code, forged.json()["code"]) == (401, "bad_signature")
    assert (genuine.status_code, genuine.json()["code"]) == (503, "service_unavailable")
    assert app.state.desk.commands.heard == []


def test_every_shortcut_has_a_route_that_describes_it() -> None:
    described = make_app().openapi()["paths"]
    for (method, path), shortcut in webhook.SHORTCUTS.items():
        assert described[path][method.lower()]["operationId"] == shortcut.route


def edge(answer: Answer) -> httpx.AsyncClient:
    """Return a caller of an app with a shortcut."""
    app = FastAPI()
    app.add_middleware(Edge, shortcuts={("POST", "/short"): Shortcut("short", answer)})
    problems.install(app)

    @app.api_route("/short", methods=["GET", "POST"])
    async def long(request: Request) -> PlainTextResponse:
        return PlainTextResponse(f"the long way of {request.method}")

    del long
    return caller(app)


async def echo(_: Scope, body: bytes) -> Response:
    return PlainTextResponse(body)


async def test_no_route_is_asked_on_a_shortcut() -> None:
    async with edge(echo) as http:
        answer = await http.post("/short", content=b"hello")
    assert (answer.text, answer.headers["x-frame-options"]) == ("hello", "DENY")


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/short", HTTPStatus.OK),
        ("PUT", "/short", HTTPStatus.METHOD_NOT_ALLOWED),
        ("POST", "/shorter", HTTPStatus.NOT_FOUND),
    ],
)
async def test_any_other_method_or_path_goes_the_long_way(method: str, path: str, status: HTTPStatus) -> None:
    async with edge(echo) as http:
        answer = await http.request(method, path)
    assert answer.status_code == status
    assert answer.text == "the long way of GET" or answer.json()["status"] == status


async def test_a_body_is_limited_on_a_shortcut_too() -> None:
    async with edge(echo) as http:
        answer = await http.post("/short", content=b"x" * (STRANGERS.most_bytes + 1))
    assert (answer.status_code, answer.json()["code"]) == (413, "body_too_large")


async def test_a_shortcuts_answers_are_counted_under_its_routes_name() -> None:
    labels = {"method": "POST", "route": "short", "status": "200"}

    def counted() -> float:
        return REGISTRY.get_sample_value("adrelay_gateway_request_seconds_count", labels) or 0.0

    before = counted()
    async with edge(echo) as http:
        await http.post("/short")
    assert counted() == before + 1
