"""What holds for every request."""

import asyncio
import logging
from collections.abc import AsyncIterator
from uuid import UUID, uuid4

import httpx
import pytest
import pytest_asyncio
from structlog.testing import capture_logs

from adrelay.runtime.nats import EmbeddedNats
from adrelay.runtime.postgres import EmbeddedPostgres
from libs.chassis.sampling import SampledLog
from services.gateway.api.requests import edge
from services.gateway.api.requests.edge import STRANGERS
from tests.deadlines import DEADLINE_SECONDS
from tests.integration.gateway.harness import Client, GatewayHarness, access_code, operator, services
from tests.support.waiting import until

PROBLEM = "application/problem+json"


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/api/", 404, "not_found"),
        ("GET", "/api/v1/nothing", 404, "not_found"),
        ("GET", "/api/v1/../../assets/passwd.txt", 404, "not_found"),
        ("GET", "/api/v1/checkout", 405, "method_not_allowed"),
        ("POST", "/api/v1/catalogue", 405, "method_not_allowed"),
        ("POST", "/api/v1/checkout", 422, "invalid_request"),
        ("GET", "/api/v1/payments/none", 422, "invalid_request"),
    ],
)
async def test_every_error_is_a_problem(
    http: httpx.AsyncClient, method: str, path: str, status: int, code: str
) -> None:
    answer = await http.request(method, path)
    assert (answer.status_code, answer.headers["content-type"]) == (status, PROBLEM)
    problem = answer.json()
    assert (problem["code"], problem["status"], problem["type"]) == (
        code,
        status,
        f"urn:adrelay:problem:{code}",
    )
    assert problem["correlation_id"] == answer.headers["X-Correlation-Id"]


async def test_broken_json_is_a_problem(http: httpx.AsyncClient) -> None:
    headers = {"content-type": "application/json"}
    answer = await http.post("/api/v1/auth/sign-in", content=b'{"access_code": "SECRET', headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_request")
    assert "SECRET" not in answer.text


@pytest.mark.parametrize(
    "body",
    [
        b'{"access_code": "\xff"}',
        b'{"access_code": ' + b"[" * 8_000,
        b'{"access_code": ' + b"9" * 5_000 + b"}",
    ],
)
async def test_a_body_that_no_parser_takes_is_a_problem(http: httpx.AsyncClient, body: bytes) -> None:
    headers = {"content-type": "application/json"}
    answer = await http.post("/api/v1/auth/sign-in", content=body, headers=headers)
    assert (answer.status_code, answer.headers["content-type"]) == (400, PROBLEM)
    assert (answer.json()["code"], answer.json()["detail"]) == (
        "malformed_request",
        "There was an error parsing the body",
    )


@pytest.mark.parametrize("path", ["/api/v1/catalogue", "/api/v1/nothing", "/health/live"])
async def test_every_answer_has_an_id_and_safe_headers(http: httpx.AsyncClient, path: str) -> None:
    first, second = await http.get(path), await http.get(path)
    assert UUID(first.headers["X-Correlation-Id"]) != UUID(second.headers["X-Correlation-Id"])
    assert first.headers["X-Content-Type-Options"] == "nosniff"
    assert first.headers["X-Frame-Options"] == "DENY"
    cached = "private, no-cache" if "ETag" in first.headers else "no-store"
    assert first.headers["Cache-Control"] == cached
    assert first.headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert first.headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert first.headers["Referrer-Policy"] == "no-referrer"
    assert "camera=()" in first.headers["Permissions-Policy"]
    policy = first.headers["Content-Security-Policy"].split("; ")
    assert policy == [
        f"{name} 'none'" for name in ("default-src", "base-uri", "form-action", "frame-ancestors")
    ]


@pytest.mark.parametrize("path", ["/api/v1/checkout", "/api/v1/nothing", "/health/live"])
async def test_no_route_takes_a_large_body(http: httpx.AsyncClient, path: str) -> None:
    answer = await http.post(path, content=b"x" * (512 * 1024 + 1))
    assert (answer.status_code, answer.json()["code"]) == (413, "body_too_large")


@pytest.mark.parametrize(
    ("authorization", "status", "code"),
    [
        (None, 413, "body_too_large"),
        ("Bearer none-of-ours", 401, "invalid_token"),
        ("Basic YTpi", 401, "token_missing"),
    ],
)
@pytest.mark.parametrize("chunked", [False, True])
async def test_large_bodies_of_strangers_are_not_parsed(
    http: httpx.AsyncClient, authorization: str | None, status: int, code: str, *, chunked: bool
) -> None:
    body = b"[" * (STRANGERS.most_bytes + 1)  # to parse it would be answered with 400

    async def chunks() -> AsyncIterator[bytes]:
        yield body

    headers = {"content-type": "application/json"} | (
        {"Authorization": authorization} if authorization else {}
    )
    answer = await http.put(
        f"/api/v1/adbots/{uuid4()}/advertisement", content=chunks() if chunked else body, headers=headers
    )
    assert (answer.status_code, answer.json()["code"]) == (status, code)


async def test_large_bodies_of_those_who_are_known_are_parsed(
    client: Client, admin: httpx.AsyncClient
) -> None:
    body = b"[" * (STRANGERS.most_bytes + 1)
    headers = {"content-type": "application/json"}
    answers = [
        await client.http.put(f"adbots/{uuid4()}/advertisement", content=body, headers=headers),
        await admin.post("plans", content=body, headers=headers),
    ]
    assert [(answer.status_code, answer.json()["code"]) for answer in answers] == [
        (400, "malformed_request")
    ] * 2


async def test_refusals_of_strangers_are_logged_a_few_times_a_minute(
    http: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, logger=edge.__name__)
    monkeypatch.setattr(edge, "lines", SampledLog(edge.__name__))
    with capture_logs() as lines:
        for _ in range(50):
            await http.get("/api/v1/auth/me")
    refused = [line for line in lines if line["event"] == "request.refused"]
    assert len(refused) == 10
    assert {key: refused[0][key] for key in ("code", "status", "route", "address")} == {
        "code": "token_missing",
        "status": 401,
        "route": "me",
        "address": "127.0.0.1",
    }


async def test_a_body_that_was_announced_and_never_comes_ends_the_connection(
    http: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(STRANGERS, "seconds", 0.2)
    reader, writer = await asyncio.open_connection(http.base_url.host, http.base_url.port)
    writer.write(b"POST /api/v1/checkout HTTP/1.1\r\nHost: gateway\r\nContent-Length: 20\r\n\r\n{")
    async with asyncio.timeout(DEADLINE_SECONDS):
        answer = await reader.read()  # until the server closes
    writer.close()
    assert answer.startswith(b"HTTP/1.1 408 ")
    assert b'"code":"body_timeout"' in answer


async def test_the_interface_describes_itself(http: httpx.AsyncClient) -> None:
    document = (await http.get("/openapi.json")).json()
    assert "/api/v1/checkout" in document["paths"]
    docs = await http.get("/docs")
    assert "swagger" in docs.text.lower()
    assert "script-src 'self';" in docs.headers["Content-Security-Policy"]


async def test_requests_are_counted_by_route(harness: GatewayHarness, client: Client) -> None:
    await client.http.get(f"adbots/{uuid4()}")
    metrics = await harness.metrics()
    assert 'method="GET",route="get_adbot",status="404"' in metrics


async def test_the_public_port_serves_no_metrics(http: httpx.AsyncClient) -> None:
    assert (await http.get("/metrics")).status_code == 404


async def test_methods_that_nobody_uses_here_are_counted_as_one(
    harness: GatewayHarness, http: httpx.AsyncClient
) -> None:
    assert (await http.request("BREW", "/api/v1/catalogue")).status_code == 400
    for unused in ("PROPFIND", "MKCOL"):
        assert (await http.request(unused, "/api/v1/catalogue")).status_code == 405
    metrics = await harness.metrics()
    assert 'method="other",route="list_catalogue",status="405"' in metrics
    assert "PROPFIND" not in metrics
    assert "BREW" not in metrics


async def test_a_silent_service_is_answered_with_503(harness: GatewayHarness) -> None:
    body = {"email": "anna@example.com", "plan": "bronze", "pay_currency": "BTC"}
    async with harness.apart(command_seconds=0.3) as lonely:
        answer = await lonely.post("/api/v1/checkout", json=body)
        assert (answer.status_code, answer.json()["code"]) == (503, "service_unavailable")
        assert int(answer.headers["Retry-After"]) > 0
        assert (await lonely.get("/api/v1/catalogue")).json()["items"] == []


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def impatient(harness: GatewayHarness) -> AsyncIterator[httpx.AsyncClient]:
    """A gateway that hardly waits for its reads."""
    async with harness.gateway(read_your_writes_seconds=0.3) as http:
        yield http


async def test_a_write_that_reads_do_not_show_in_time_is_answered_with_202(
    harness: GatewayHarness, client: Client, impatient: httpx.AsyncClient
) -> None:
    adbot = await harness.adbot(client)
    headers = {"Authorization": client.http.headers["Authorization"]}
    url = f"/api/v1/adbots/{adbot}"

    async def caught_up() -> bool:
        return (await impatient.get(url, headers=headers)).status_code == 200

    await until(caught_up)
    await harness.scheduler.pause()
    try:
        answer = await impatient.post(f"{url}/stop", headers=headers)
        assert answer.status_code == 202
        assert answer.json()["stop_reason"] is None
    finally:
        harness.scheduler.resume()

    async def shown() -> bool:
        return bool((await impatient.get(url, headers=headers)).json()["stop_reason"] == "requested")

    await until(shown)


async def test_a_checkout_that_reads_do_not_show_in_time_is_answered_with_202(
    harness: GatewayHarness, impatient: httpx.AsyncClient
) -> None:
    body = {"email": f"{uuid4().hex}@example.com", "plan": "bronze", "pay_currency": "BTC"}
    await harness.billing.pause()
    try:
        answer = await impatient.post("/api/v1/checkout", json=body)
    finally:
        harness.billing.resume()
    assert answer.status_code == 202
    assert answer.json()["checkout_token"]
    assert answer.json()["pay_address"] is None

    async def shown() -> bool:
        payment = await harness.http.get(f"/api/v1/payments/{answer.json()['order_number']}")
        return payment.status_code == 200 and bool(payment.json()["payment_uri"])

    await until(shown)


async def test_a_restarted_gateway_knows_what_it_knew(
    postgres_server: EmbeddedPostgres, nats_server: EmbeddedNats
) -> None:
    body = {"email": f"{uuid4().hex}@example.com", "plan": "bronze", "pay_currency": "BTC"}
    async with services(nats_server, postgres_server) as own:
        async with own.gateway() as before:
            order = (await before.post("/api/v1/checkout", json=body)).json()
            async with operator(before) as admin:
                code = {"access_code": await access_code(admin, body["email"])}
            body["checkout_token"] = order["checkout_token"]
        async with own.gateway() as after:
            payment = await after.get(f"/api/v1/payments/{order['order_number']}")
            assert payment.json()["amount"] == order["amount"]
            again = await after.post("/api/v1/checkout", json=body)
            assert (again.status_code, again.json()["order_number"]) == (200, order["order_number"])
            assert (await after.post("/api/v1/auth/sign-in", json=code)).status_code == 200


async def test_many_readers_at_once_are_served(http: httpx.AsyncClient) -> None:
    """Many more than the gateway has connections to its database."""
    answers = await asyncio.gather(*(http.get("/api/v1/catalogue") for _ in range(40)))
    assert {answer.status_code for answer in answers} == {200}
