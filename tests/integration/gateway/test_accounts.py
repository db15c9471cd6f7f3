"""Signing in, and who a caller is."""

from collections.abc import AsyncIterator
from datetime import timedelta
from uuid import uuid4

import asyncpg
import httpx
import jwt
import pytest
import pytest_asyncio

from libs.eventsourcing.values import utc_now
from tests.integration.gateway.harness import ADMIN_TOKEN, JWT_SECRET, Client, GatewayHarness
from tests.integration.gateway.signing_in import token_until

SIGN_IN = "/api/v1/auth/sign-in"


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def limited(harness: GatewayHarness) -> AsyncIterator[httpx.AsyncClient]:
    """A gateway that soon says no, behind a proxy; each of its limits is another number."""
    limits = {"checkouts_per_minute": 2, "sign_ins_per_minute": 3, "payment_looks_per_minute": 4}
    async with harness.gateway(trusted_proxies="127.0.0.0/8", **limits) as http:
        http.headers["X-Forwarded-For"] = "192.0.2.20"  # no other test's address
        yield http


async def test_a_code_is_exchanged_for_a_token(client: Client, harness: GatewayHarness) -> None:
    answer = await harness.http.post(SIGN_IN, json={"access_code": client.access_code.lower()})
    signed_in = answer.json()
    assert (signed_in["token_type"], signed_in["expires_in"]) == ("Bearer", 900)
    claims = jwt.decode(signed_in["token"], JWT_SECRET, ["HS256"], audience="adrelay")
    assert claims["sub"] == claims["user_id"] == str(client.account)
    assert (claims["role"], claims["plan_status"]) == ("CLIENT", "NONE")
    assert signed_in["account"]["email"] == client.email
    assert signed_in["account"]["licence"].startswith("LIC-")


async def test_me_is_whoever_the_token_says(client: Client) -> None:
    me = await client.get("auth/me")
    assert (me["id"], me["email"], me["role"]) == (str(client.account), client.email, "CLIENT")


async def test_an_adbot_makes_the_plan_active(client: Client, harness: GatewayHarness) -> None:
    await harness.adbot(client)
    assert (await client.get("auth/me"))["plan_status"] == "ACTIVE"


async def test_a_wrong_code_opens_nothing_and_is_not_repeated(http: httpx.AsyncClient) -> None:
    answer = await http.post(SIGN_IN, json={"access_code": "USER-WRONG-WRONG-WRONG-WRONG"})
    assert (answer.status_code, answer.json()["code"]) == (401, "wrong_access_code")
    assert "WRONG-WRONG" not in answer.text


async def test_an_invalid_code_is_not_repeated(http: httpx.AsyncClient) -> None:
    answer = await http.post(SIGN_IN, json={"access_code": "SECRET" * 20})
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_request")
    assert "SECRET" not in answer.text


@pytest.mark.parametrize(
    "path", ["auth/me", "orders", "adbots", "adbots/0190a000-0000-7000-8000-000000000001"]
)
async def test_nobody_passes_without_a_token(http: httpx.AsyncClient, client: Client, path: str) -> None:
    headers = [{}, {"X-User-Id": str(client.account)}, {"Authorization": "Bearer x"}]
    for header, code in zip(headers, ["token_missing", "token_missing", "invalid_token"], strict=True):
        answer = await http.get(f"/api/v1/{path}", headers=header)
        assert (answer.status_code, answer.json()["code"]) == (401, code)
        assert answer.headers["WWW-Authenticate"].startswith("Bearer")


@pytest.mark.parametrize("path", ["auth/me", "orders", "adbots"])
async def test_the_operators_token_has_no_account(http: httpx.AsyncClient, path: str) -> None:
    answer = await http.get(f"/api/v1/{path}", headers={"Authorization": f"Bearer {ADMIN_TOKEN}"})
    assert (answer.status_code, answer.json()["code"]) == (403, "account_needed")


async def test_an_old_token_opens_nothing(http: httpx.AsyncClient, client: Client) -> None:
    token = token_until(client, utc_now() - timedelta(seconds=1))
    answer = await http.get("/api/v1/auth/me", headers={"Authorization": f"Bearer {token}"})
    assert (answer.status_code, answer.json()["code"]) == (401, "token_expired")


@pytest.mark.parametrize("token", [None, "wrong", JWT_SECRET], ids=["none", "wrong", "another secret"])
async def test_nobody_but_the_operator_passes_to_the_admin_routes(
    http: httpx.AsyncClient, client: Client, token: str | None
) -> None:
    own = {} if token is None else {"Authorization": f"Bearer {token}"}
    for header, status in ((own, 401), (client.http.headers, 403)):
        for path in ("stock", "orders"):
            assert (await http.get(f"/api/v1/admin/{path}", headers=header)).status_code == status


async def test_guessing_codes_is_slowed_down(limited: httpx.AsyncClient) -> None:
    answers = [await limited.post(SIGN_IN, json={"access_code": f"USER-{n}"}) for n in range(5)]
    assert [answer.status_code for answer in answers] == [401, 401, 401, 429, 429]
    assert answers[-1].json()["code"] == "too_many_requests"
    assert 0 < int(answers[-1].headers["Retry-After"]) <= 60


async def test_payments_are_looked_at_only_so_often_from_one_address(limited: httpx.AsyncClient) -> None:
    looks = [await limited.get("/api/v1/payments/HQADZ-AAAAAAAA-BBBBBBBB") for _ in range(5)]
    assert [look.status_code for look in looks] == [404, 404, 404, 404, 429]
    assert int(looks[4].headers["Retry-After"]) > 0


async def test_checking_out_is_slowed_down(limited: httpx.AsyncClient) -> None:
    body = {"plan": "platinum", "pay_currency": "BTC"}
    answers = [
        await limited.post("/api/v1/checkout", json=body | {"email": f"{uuid4().hex}@example.com"})
        for _ in range(3)
    ]
    assert [answer.status_code for answer in answers] == [404, 404, 429]


async def test_checking_out_for_one_e_mail_is_slowed_down_wherever_it_comes_from(
    limited: httpx.AsyncClient,
) -> None:
    body = {"plan": "platinum", "pay_currency": "BTC", "email": f"{uuid4().hex}@example.com"}
    statuses: list[int] = []
    for address in ("192.0.2.21", "192.0.2.22", "192.0.2.23"):
        headers = {"X-Forwarded-For": address}
        statuses.append((await limited.post("/api/v1/checkout", json=body, headers=headers)).status_code)
    assert statuses == [404, 404, 429]


async def test_what_a_client_writes_is_slowed_down_by_account(harness: GatewayHarness) -> None:
    first, second, third = [await harness.client() for _ in range(3)]
    path = "/api/v1/orders/HQADZ-20310504-ABCDEF/cancel"

    async def statuses(who: Client, http: httpx.AsyncClient, count: int) -> list[int]:
        headers = {"Authorization": who.http.headers["Authorization"]}
        return [(await http.post(path, headers=headers)).status_code for _ in range(count)]

    async with harness.gateway(writes_per_minute=5) as http:
        for who in (first, second):
            assert await statuses(who, http, 6) == [*[404] * 5, 429]
    async with harness.gateway(writes_per_day=1) as http:
        assert await statuses(third, http, 3) == [404, 429, 429]


async def test_no_code_token_or_address_is_in_events_or_accounts(
    client: Client, harness: GatewayHarness
) -> None:
    connection = await asyncpg.connect(harness.gateway_database)
    try:
        events = await connection.fetch("select * from engine.events")
        accounts = await connection.fetch("select * from accounts.accounts")
    finally:
        await connection.close()
    kept = repr([[*row.values()] for row in (*events, *accounts)])
    assert str(client.account) in kept
    assert client.email not in kept
    assert client.access_code not in kept
    assert client.access_code.removeprefix("USER-").replace("-", "") not in kept
    assert client.http.headers["Authorization"].removeprefix("Bearer ") not in kept
