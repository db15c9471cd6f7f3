"""What a request must pass before its route."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import Any

import httpx
import pytest
from fastapi import FastAPI, Request
from pydantic import ValidationError
from starlette.responses import StreamingResponse

from libs.chassis.networks import networks_in
from services.gateway.api.requests.addresses import Proxies
from services.gateway.api.requests.counters import Count
from services.gateway.api.requests.edge import Edge
from services.gateway.api.requests.gate import Gate, Guessable, Reads, cors_of
from services.gateway.api.requests.limits import ConcurrencyLimit
from services.gateway.api.requests.penalties import FREE, Penalties
from services.gateway.api.requests.problems import install, unauthorized
from services.gateway.api.requests.shared_limits import SharedLimit
from services.gateway.settings import GatewaySettings

PAGE = "https://ads.example.org"
ADMIN_PATH, SIGN_IN_PATH, READ_PATH = "/api/v1/admin/orders", "/api/v1/auth/sign-in", "/api/v1/catalogue"


class Alone:
    async def add(self, keys: Sequence[str], calls: int, window_seconds: float) -> list[Count] | None:
        del keys, calls, window_seconds
        return None


class Site:
    """An app behind a gate."""

    def __init__(self, **rules: Any) -> None:  # noqa: ANN401 - of `Gate`
        self.go, self.begun = asyncio.Event(), asyncio.Event()
        self.app = FastAPI()
        self.app.add_middleware(Edge)
        install(self.app)
        self.app.state.gate = Gate(**rules)
        self._add_routes(self.app)

    def _add_routes(self, app: FastAPI) -> None:
        @app.api_route(ADMIN_PATH, methods=["GET", "POST"])
        async def orders(request: Request) -> str:
            if request.headers.get("authorization") != "Bearer right":
                raise unauthorized("invalid_token", "wrong")
            return "orders"

        @app.post(SIGN_IN_PATH)
        async def sign_in() -> None:
            raise unauthorized("wrong_access_code", "wrong")

        @app.get(READ_PATH)
        async def catalogue(request: Request) -> list[str]:
            assert request.client is not None
            return [request.client.host, request.url.scheme]

        @app.post("/api/v1/echo")
        async def echo(request: Request) -> int:
            return len(await request.body())

        @app.get("/slow")
        @app.post("/api/v1/webhooks/nowpayments")
        async def slow() -> str:
            self.begun.set()
            await self.go.wait()
            return "done"

        @app.get("/health/live")
        async def live() -> str:
            return "ok"

        @app.get("/stream")
        async def stream() -> StreamingResponse:
            async def lines() -> AsyncIterator[bytes]:
                yield b"data: 1\n\n"
                self.begun.set()
                await self.go.wait()

            return StreamingResponse(lines(), media_type="text/event-stream")

        del orders, sign_in, catalogue, echo, slow, live, stream

    def http(self, address: str = "192.0.2.1") -> httpx.AsyncClient:
        transport = httpx.ASGITransport(self.app, client=(address, 4711))
        return httpx.AsyncClient(transport=transport, base_url="http://gateway")


def code_of(answer: httpx.Response) -> tuple[int, str]:
    assert answer.headers["content-type"] == "application/problem+json"
    return answer.status_code, answer.json()["code"]


# -- networks


async def test_only_the_admins_networks_reach_the_operators_routes() -> None:
    site = Site(admin_networks=networks_in("198.51.100.0/24"))
    right = {"Authorization": "Bearer right"}
    assert code_of(await site.http().get(ADMIN_PATH, headers=right)) == (403, "network_not_allowed")
    assert code_of(await site.http().get(ADMIN_PATH)) == (403, "network_not_allowed")
    assert (await site.http("198.51.100.9").get(ADMIN_PATH, headers=right)).status_code == 200
    assert (await site.http().get(READ_PATH)).status_code == 200


async def test_a_client_behind_a_trusted_proxy_is_seen_as_itself() -> None:
    site = Site(proxies=Proxies(networks_in("10.0.0.0/8")), admin_networks=networks_in("10.0.0.0/8"))
    headers = {"X-Forwarded-For": "10.1.1.1, 192.0.2.7", "X-Forwarded-Proto": "https"}
    answer = await site.http("10.0.0.2").get(READ_PATH, headers=headers)
    assert answer.json() == ["192.0.2.7", "https"]
    assert "strict-transport-security" in answer.headers
    assert (await site.http("10.0.0.2").get(ADMIN_PATH, headers=headers)).status_code == 403
    spoofed = await site.http("192.0.2.7").get(ADMIN_PATH, headers={"X-Forwarded-For": "10.1.1.1"})
    assert spoofed.status_code == 403


# -- guesses


@pytest.mark.parametrize(("kind", "path"), [("admin_tokens", ADMIN_PATH), ("sign_ins", SIGN_IN_PATH)])
async def test_wrong_secrets_are_followed_by_a_delay_in_which_none_is_looked_at(kind: str, path: str) -> None:
    guess = Guessable(frozenset({"invalid_token", "wrong_access_code"}), Penalties("p", Alone()))
    site = Site(**{kind: guess})
    async with site.http() as http:
        for _ in range(FREE + 1):
            assert (await http.post(path)).status_code == 401
        answer = await http.post(path, headers={"Authorization": "Bearer right"})
        assert code_of(answer) == (429, "too_many_requests")
        assert answer.headers["Retry-After"] == "1"
        assert (await http.get(READ_PATH)).status_code == 200
    assert (await site.http("192.0.2.2").post(path)).status_code == 401


async def test_other_problems_are_no_guesses() -> None:
    site = Site(sign_ins=Guessable(frozenset({"wrong_access_code"}), Penalties("p", Alone())))
    async with site.http() as http:
        for _ in range(FREE + 2):
            assert (await http.get(SIGN_IN_PATH)).status_code == 405


# -- reads


async def test_reading_requests_are_limited_by_token_and_by_address() -> None:
    site = Site(reads=Reads(of_token=SharedLimit("t", 2, Alone()), of_address=SharedLimit("a", 5, Alone())))
    async with site.http() as http:
        anna = {"Authorization": "Bearer a"}
        assert [(await http.get(READ_PATH, headers=anna)).status_code for _ in range(3)] == [200, 200, 429]
        bert = {"Authorization": "Bearer b"}
        assert [(await http.get(READ_PATH, headers=bert)).status_code for _ in range(3)] == [200, 200, 429]
        assert (await http.get("/health/live")).status_code == 200
        assert (await http.post("/api/v1/echo")).status_code == 200
    assert (await site.http("192.0.2.2").get(READ_PATH)).status_code == 200


# -- load


async def test_requests_above_the_limit_are_shed_at_once_except_for_health_and_webhook() -> None:
    site = Site(in_progress=ConcurrencyLimit(1))
    async with site.http() as http:
        slow = asyncio.create_task(http.get("/slow"))
        await site.begun.wait()
        answer = await http.get(READ_PATH)
        assert code_of(answer) == (503, "overloaded")
        assert int(answer.headers["Retry-After"]) > 0
        assert (await http.get("/health/live")).status_code == 200
        site.begun.clear()
        webhook = asyncio.create_task(http.post("/api/v1/webhooks/nowpayments"))
        await site.begun.wait()
        site.go.set()
        assert ((await slow).status_code, (await webhook).status_code) == (200, 200)
        assert (await http.get(READ_PATH)).status_code == 200


async def test_an_event_stream_is_not_counted_as_in_progress() -> None:
    site = Site(in_progress=ConcurrencyLimit(1))
    async with site.http() as http:
        stream = asyncio.create_task(http.get("/stream"))
        await site.begun.wait()
        assert (await http.get(READ_PATH)).status_code == 200
        site.go.set()
        assert (await stream).text == "data: 1\n\n"


async def test_a_body_that_is_still_arriving_takes_no_place() -> None:
    site = Site(in_progress=ConcurrencyLimit(1))
    arriving, rest = asyncio.Event(), asyncio.Event()

    async def body() -> AsyncIterator[bytes]:
        yield b"x"
        arriving.set()
        await rest.wait()
        yield b"y"

    async with site.http() as http:
        upload = asyncio.create_task(http.post("/api/v1/echo", content=body()))
        await arriving.wait()
        assert (await http.get(READ_PATH)).status_code == 200
        rest.set()
        assert (await upload).json() == 2


# -- bodies


async def test_a_compressed_body_is_refused() -> None:
    async with Site().http() as http:
        answer = await http.post("/api/v1/echo", content=b"x", headers={"Content-Encoding": "gzip"})
        assert code_of(answer) == (415, "compressed_body")
        assert answer.headers["Accept-Encoding"] == "identity"
        plain = await http.post("/api/v1/echo", content=b"x", headers={"Content-Encoding": "identity"})
        assert plain.json() == 1


# -- other origins


def preflight(origin: str, method: str = "POST") -> dict[str, str]:
    return {
        "Origin": origin,
        "Access-Control-Request-Method": method,
        "Access-Control-Request-Headers": "authorization, content-type, idempotency-key",
    }


async def test_a_preflight_request_of_an_allowed_page_is_answered_before_every_limit() -> None:
    site = Site(
        cors=cors_of([PAGE]),
        in_progress=ConcurrencyLimit(0),
        admin_networks=networks_in("198.51.100.0/24"),
    )
    async with site.http() as http:
        answer = await http.options(ADMIN_PATH, headers=preflight(PAGE))
    assert answer.status_code == 200
    assert answer.headers["Access-Control-Allow-Origin"] == PAGE
    assert answer.headers["X-Correlation-Id"]
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize(
    "origin", ["https://evil.example", "null", PAGE + ".evil.example", "http://ads.example.org"]
)
async def test_other_pages_are_not_allowed(origin: str) -> None:
    async with Site(cors=cors_of([PAGE])).http() as http:
        answer = await http.options(READ_PATH, headers=preflight(origin))
        assert code_of(answer) == (403, "origin_not_allowed")
        assert "access-control-allow-origin" not in (answer.headers)
        assert "access-control-allow-origin" not in (
            (await http.get(READ_PATH, headers={"Origin": origin})).headers
        )


async def test_a_page_may_read_answers_problems_included() -> None:
    site = Site(cors=cors_of([PAGE]), in_progress=ConcurrencyLimit(0))
    async with site.http() as http:
        answer = await http.get(READ_PATH, headers={"Origin": PAGE})
    assert code_of(answer) == (503, "overloaded")
    assert answer.headers["Access-Control-Allow-Origin"] == PAGE
    assert "Origin" in answer.headers["Vary"]
    exposed = set(answer.headers["Access-Control-Expose-Headers"].split(", "))
    assert {"Retry-After", "ETag", "X-Correlation-Id", "Location", "Idempotency-Replayed"} <= exposed


async def test_by_default_no_page_of_another_origin_may_read() -> None:
    async with Site(cors=cors_of([])).http() as http:
        answer = await http.get(READ_PATH, headers={"Origin": PAGE})
        assert answer.status_code == 200
        assert not [name for name in answer.headers if name.startswith("access-control")]
        assert (await http.options(READ_PATH, headers=preflight(PAGE))).status_code == 405


async def test_an_unknown_method_is_answered_with_those_that_there_are() -> None:
    async with Site().http() as http:
        answer = await http.delete(SIGN_IN_PATH)
    assert code_of(answer) == (405, "method_not_allowed")
    assert answer.headers["Allow"] == "POST"


# -- settings

REQUIRED = {
    "postgres_url": "postgresql://a:b@localhost",
    "nats_url": "nats://localhost",
    "jwt_secret": "abcdefghijklmnopqrstuvwxyz012345",
    "admin_token": "abcdefghijklmnopqrstuvwxyz012346",
    "code_pepper": "abcdefghijklmnopqrstuvwxyz012347",
    "ipn_secret": "abcdefghijklmnopqrstuvwxyz012348",
}


def test_networks_and_origins_are_set_as_text() -> None:
    settings = GatewaySettings.model_validate(
        REQUIRED
        | {"trusted_proxies": "10.0.0.0/8, ::1/128", "cors_origins": f"{PAGE}, http://localhost:3000"}
    )
    assert "10.2.3.4" in settings.trusted_proxies
    assert settings.cors_origins == (PAGE, "http://localhost:3000")
    assert not settings.admin_networks


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("cors_origins", "*"),
        ("cors_origins", "https://*.example.org"),
        ("cors_origins", PAGE + "/"),
        ("cors_origins", "null"),
        ("trusted_proxies", "10.0.0.1/8"),
        ("admin_networks", "everybody"),
    ],
)
def test_what_is_no_network_or_origin_is_refused(name: str, value: str) -> None:
    with pytest.raises(ValidationError, match=r"is no (origin|network) such as"):
        GatewaySettings.model_validate(REQUIRED | {name: value})
