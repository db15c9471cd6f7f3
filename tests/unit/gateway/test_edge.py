"""The outermost layer: errors, body limits, timeouts."""

import asyncio
import json
from collections.abc import AsyncIterator

import httpx
import pytest
from fastapi import FastAPI, Request
from starlette.responses import StreamingResponse
from starlette.types import Message, Receive

from libs.chassis.command_client import CommandFailed
from libs.eventsourcing import Refused
from libs.eventsourcing.model.errors import Conflict, Unavailable
from services.gateway.api.requests.edge import WEBHOOK, Edge
from services.gateway.api.requests.problems import install

FAULTS: dict[str, Exception] = {
    "bug": KeyError("SECRET"),
    "refused": Refused("no_seats", "no seat is filled"),
    "failed": CommandFailed("SECRET reference"),
    "connection": Unavailable("SECRET"),
    "pool": Conflict("SECRET"),
    "away": ConnectionRefusedError("SECRET"),
    "slow": TimeoutError(),
}


def app() -> FastAPI:
    app = FastAPI()
    app.add_middleware(Edge)
    install(app)

    @app.get("/fault/{name}")
    async def fault(name: str) -> None:
        raise FAULTS[name]

    @app.get("/half")
    async def half() -> StreamingResponse:
        async def body() -> AsyncIterator[bytes]:
            yield b"half of it"
            raise KeyError("the rest")

        return StreamingResponse(body())

    @app.post("/webhooks/nowpayments")
    async def echo(request: Request) -> int:
        return len(await request.body())

    del fault, half, echo
    return app


@pytest.mark.parametrize(
    ("name", "status", "code"),
    [
        ("bug", 500, "internal_error"),
        ("refused", 409, "no_seats"),
        ("failed", 503, "service_unavailable"),
        ("connection", 503, "service_unavailable"),
        ("pool", 503, "service_unavailable"),
        ("away", 503, "service_unavailable"),
        ("slow", 503, "service_unavailable"),
    ],
)
async def test_an_unexpected_error_is_answered_with_a_problem_without_secrets(
    name: str, status: int, code: str
) -> None:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app()), base_url="http://gateway") as http:
        answer = await http.get(f"/fault/{name}")
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["correlation_id"] == answer.headers["X-Correlation-Id"]
    assert "SECRET" not in answer.text
    assert ("Retry-After" in answer.headers) == (status == 503)


async def test_an_interrupted_answer_is_not_completed() -> None:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app()), base_url="http://gateway") as http:
        with pytest.raises(KeyError):
            await http.get("/half")


async def call(
    *received: Message,
    headers: list[tuple[bytes, bytes]] | None = None,
    receive: Receive | None = None,
) -> list[Message]:
    """Return the app's messages for these messages of the server."""
    scope = {
        "type": "http",
        "method": "POST",
        "path": "/webhooks/nowpayments",
        "scheme": "https",
        "query_string": b"",
        "headers": headers or [],
    }
    waiting, sent = list(received), list[Message]()

    async def hand() -> Message:
        return waiting.pop(0) if waiting else {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        sent.append(message)

    await app()(scope, receive or hand, send)
    return sent


def piece(body: bytes, *, more: bool = False) -> Message:
    return {"type": "http.request", "body": body, "more_body": more}


async def test_a_chunked_body_arrives_whole() -> None:
    sent = await call(piece(b"ab", more=True), piece(b"", more=True), piece(b"cd"))
    assert (sent[0]["status"], sent[1]["body"]) == (200, b"4")


async def test_a_chunked_body_above_the_limit_is_refused() -> None:
    sent = await call(piece(b"x" * WEBHOOK.most_bytes, more=True), piece(b"x"))
    assert sent[0]["status"] == 413


async def test_an_announced_length_above_the_limit_is_refused_unread() -> None:
    sent = await call(piece(b"x"), headers=[(b"content-length", str(WEBHOOK.most_bytes + 1).encode())])
    assert sent[0]["status"] == 413


@pytest.mark.parametrize("length", [b"", b"-1", b"x", b"\xb2"])
async def test_an_invalid_announced_length_is_ignored(length: bytes) -> None:
    sent = await call(piece(b"xyz"), headers=[(b"content-length", length)])
    assert sent[1]["body"] == b"3"


async def test_a_disconnected_client_is_not_answered() -> None:
    assert await call(piece(b"x", more=True)) == []


async def test_a_body_that_never_arrives_times_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(WEBHOOK, "seconds", 0.05)
    never = asyncio.Event()

    async def receive() -> Message:
        await never.wait()
        raise AssertionError

    sent = await call(headers=[(b"content-length", b"5")], receive=receive)
    assert sent[0]["status"] == 408
    assert (b"connection", b"close") in sent[0]["headers"]
    assert json.loads(sent[1]["body"])["code"] == "body_timeout"


async def test_a_body_that_trickles_in_times_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(WEBHOOK, "seconds", 0.05)

    async def receive() -> Message:
        await asyncio.sleep(0.001)
        return piece(b"x", more=True)

    assert (await call(receive=receive))[0]["status"] == 408


async def test_answers_have_the_strict_transport_security_header() -> None:
    (start, _) = await call(piece(b""))
    assert (b"strict-transport-security", b"max-age=31536000") in start["headers"]
