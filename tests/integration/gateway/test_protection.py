"""The gateway's settings of networks, limits and connections, in effect."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass

import httpx
import pytest
import pytest_asyncio

from services.gateway.api.requests import counters, penalties
from tests.deadlines import DEADLINE_SECONDS
from tests.integration.gateway.harness import ADMIN_TOKEN, GatewayHarness

PAGE = "https://ads.example.org"
SIGN_IN = "/api/v1/auth/sign-in"
WRONG = {"access_code": "USER-WRONG-WRONG"}


@dataclass(frozen=True)
class Replicas:
    """Two gateways with one database, behind a proxy on this machine.

    The counts are those of other tests too, which do nothing that is limited from the addresses used here.
    """

    one: httpx.AsyncClient
    other: httpx.AsyncClient


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def replicas(harness: GatewayHarness) -> AsyncIterator[Replicas]:
    """Yield two gateways that protect themselves more than usual."""
    async with AsyncExitStack() as stack:
        settings: dict[str, object] = {
            "trusted_proxies": "127.0.0.0/8",
            "admin_networks": "198.51.100.0/24",
            "cors_origins": PAGE,
            "sign_ins_per_minute": 3,
            "wrong_secrets_per_hour": 2,
        }
        one, other = [await stack.enter_async_context(harness.gateway(**settings)) for _ in range(2)]
        yield Replicas(one, other)


def client_at(address: str, **headers: str) -> dict[str, str]:
    return {"X-Forwarded-For": f"203.0.113.1, {address}", **headers}


async def test_two_gateways_share_a_limit(replicas: Replicas, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(counters, "_PATIENCE_SECONDS", DEADLINE_SECONDS)
    headers = client_at("192.0.2.1")
    malformed = {"access_code": ""}  # is no wrong code, and not counted

    async def sign_in(http: httpx.AsyncClient, body: dict[str, str]) -> int:
        return (await http.post(SIGN_IN, json=body, headers=headers)).status_code

    assert await sign_in(replicas.one, malformed) == 422
    assert [await sign_in(replicas.one, WRONG) for _ in range(2)] == [401, 401]
    assert [await sign_in(replicas.other, WRONG) for _ in range(2)] == [401, 429]


async def test_wrong_operators_tokens_are_followed_by_a_delay(
    replicas: Replicas, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(penalties, "FIRST_SECONDS", DEADLINE_SECONDS)
    wrong = client_at("198.51.100.1", Authorization="Bearer wrong")
    right = client_at("198.51.100.1", Authorization=f"Bearer {ADMIN_TOKEN}")
    url = "/api/v1/admin/stock"
    assert (await replicas.one.get(url, headers=right)).status_code == 200
    assert [(await replicas.one.get(url, headers=wrong)).status_code for _ in range(3)] == [401] * 3
    delayed = await replicas.one.get(url, headers=right)
    assert delayed.status_code == 429
    assert 0 < int(delayed.headers["Retry-After"]) <= DEADLINE_SECONDS
    elsewhere = client_at("198.51.100.2", Authorization=f"Bearer {ADMIN_TOKEN}")
    assert (await replicas.one.get(url, headers=elsewhere)).status_code == 200


async def test_other_networks_do_not_reach_the_operators_routes(replicas: Replicas) -> None:
    right = {"Authorization": f"Bearer {ADMIN_TOKEN}"}
    for address in ("192.0.2.9", "127.0.0.1"):
        answer = await replicas.one.get("/api/v1/admin/stock", headers=client_at(address, **right))
        assert (answer.status_code, answer.json()["code"]) == (403, "network_not_allowed")


async def test_a_checkout_over_https_at_the_proxy_sets_a_secure_cookie(replicas: Replicas) -> None:
    body = {"email": "secure@example.com", "plan": "bronze", "pay_currency": "BTC"}
    headers = client_at("192.0.2.3") | {"X-Forwarded-Proto": "https"}
    answer = await replicas.one.post("/api/v1/checkout", json=body, headers=headers)
    cookie, *attributes = answer.headers["Set-Cookie"].split("; ")
    assert cookie == f"__Host-checkout_token={answer.json()['checkout_token']}"
    assert {"Secure", "Path=/", "HttpOnly"} < set(attributes)
    assert answer.headers["Strict-Transport-Security"]
    replicas.one.cookies.clear()
    again = await replicas.one.post("/api/v1/checkout", json=body, headers=headers | {"Cookie": cookie})
    assert (again.status_code, again.json()["order_number"]) == (200, answer.json()["order_number"])
    tossed = headers | {"Cookie": cookie.removeprefix("__Host-")}
    other = await replicas.one.post("/api/v1/checkout", json=body, headers=tossed)
    assert other.json()["order_number"] != answer.json()["order_number"], "another host may have set it"


async def test_the_standard_header_of_a_proxy_is_read_if_it_is_set(harness: GatewayHarness) -> None:
    settings = {"trusted_proxies": "127.0.0.0/8", "proxy_headers": "forwarded"}
    async with harness.gateway(**settings, admin_networks="198.51.100.0/24") as http:
        right = {"Authorization": f"Bearer {ADMIN_TOKEN}"}
        statuses = [
            (await http.get("/api/v1/admin/stock", headers=right | reported)).status_code
            for reported in (
                {"Forwarded": "for=198.51.100.7;proto=https"},
                {"Forwarded": "for=198.51.100.7, for=192.0.2.7"},
                {"X-Forwarded-For": "198.51.100.7"},
            )
        ]
    assert statuses == [200, 403, 403]


async def test_a_page_of_another_origin_may_call_the_api(replicas: Replicas) -> None:
    asked = {"Origin": PAGE, "Access-Control-Request-Method": "PUT"}
    preflight = await replicas.one.options("/api/v1/group-lists", headers=asked)
    assert preflight.headers["Access-Control-Allow-Origin"] == PAGE
    answer = await replicas.one.get("/api/v1/nothing", headers={"Origin": PAGE})
    assert (answer.status_code, answer.headers["Access-Control-Allow-Origin"]) == (404, PAGE)


async def test_headers_that_do_not_arrive_end_the_connection(harness: GatewayHarness) -> None:
    async with harness.gateway(header_seconds=0.1) as http:
        reader, writer = await asyncio.open_connection(http.base_url.host, http.base_url.port)
        writer.write(b"GET /api/v1/catalogue HTTP/1.1\r\nHost: gateway\r\n")
        async with asyncio.timeout(DEADLINE_SECONDS):
            answer = await reader.read()
        writer.close()
    assert answer.startswith(b"HTTP/1.1 408 ")
    assert b'"code":"header_timeout"' in answer
