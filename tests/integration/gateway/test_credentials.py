"""API keys, tokens of another issuer, admins with a second factor, and accounts as operators see them."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import httpx
import jwt
import pytest
import pytest_asyncio
from pyotp.totp import TOTP

from libs.eventsourcing.values import new_id, utc_now
from tests.integration.gateway.harness import ADMIN_TOKEN, Client, GatewayHarness
from tests.integration.gateway.signing_in import (
    code_of,
    make_key,
    sign_in,
    sign_in_with_second_factor,
)
from tests.support.queries import Queries
from tests.support.waiting import until

ISSUER = "https://project.example.org/auth/v1"
FOREIGN_SECRET = "Fo4eign-of-the-tests-0123456789-abcdef-x"
WAITING = "select count(*) from pg_locks where not granted and locktype in ('transactionid', 'tuple')"
SIGN_IN = "/api/v1/auth/sign-in"
SECOND_FACTOR = "/api/v1/auth/second-factor"


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def trusting(harness: GatewayHarness) -> AsyncIterator[httpx.AsyncClient]:
    """A replica that takes the tokens of another issuer, and has no operator's token."""
    async with harness.gateway(
        foreign_jwt_secret=FOREIGN_SECRET,
        foreign_jwt_issuer=ISSUER,
        admin_token="off",
    ) as http:
        yield http


def foreign(account: object, **changed: object) -> str:
    now = utc_now()
    claims = {
        "iss": ISSUER,
        "aud": "authenticated",
        "sub": str(account),
        "role": "ADMIN",
        "iat": now,
        "exp": now + timedelta(hours=1),
    }
    return jwt.encode(claims | changed, FOREIGN_SECRET, "HS256")


def bearing(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


# -- API keys


async def test_a_key_is_good_for_its_scopes(
    http: httpx.AsyncClient, client: Client, harness: GatewayHarness
) -> None:
    adbot = await harness.adbot(client)
    start, cancel = f"adbots/{adbot}/start", f"orders/{client.order}/cancel"
    reading, controlling = await make_key(client, "read"), await make_key(client, "control")
    buying = await make_key(client, "billing")
    for key, allowed in ((reading, set[str]()), (controlling, {start}), (buying, {cancel})):
        assert await code_of(http, key, f"adbots/{adbot}") is None
        for path in (start, cancel):
            code = await code_of(http, key, path, "POST")
            assert (code == "insufficient_scope") is (path not in allowed), (path, code)
        assert await code_of(http, key, "admin/orders") == "insufficient_scope"


async def test_a_key_can_not_make_keys_or_change_how_to_sign_in(
    http: httpx.AsyncClient, client: Client
) -> None:
    headers = bearing(await make_key(client, "control"))
    body = {"name": "another", "scopes": ["read"]}
    made = await http.post("/api/v1/api-keys", json=body, headers=headers)
    offered = await http.post(SECOND_FACTOR, headers=headers)
    assert {(one.status_code, one.json()["code"]) for one in (made, offered)} == {(403, "device_needed")}


async def test_keys_are_listed_with_their_uses_and_revoked(
    http: httpx.AsyncClient, harness: GatewayHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.gateway.api.identity.key_uses.STORE_SECONDS", 0.05)
    client = await harness.client()
    key = await make_key(client, "control", "read")
    async with harness.gateway() as replica:
        for _ in range(3):
            assert await code_of(replica, key) is None

        async def listed() -> Any:  # noqa: ANN401 - JSON
            (found,) = (await client.get("api-keys"))["items"]
            return found

        shown = await until(listed, lambda found: found["uses"] == 3)
    assert (shown["name"], shown["scopes"], shown["expired"]) == ("reports", ["read", "control"], False)
    assert (shown["last_address"], shown["last_used_at"] is not None) == ("127.0.0.1", True)
    assert key not in str(shown)
    assert (await client.http.delete(f"api-keys/{shown['id']}")).status_code == 204
    assert (await client.http.delete(f"api-keys/{shown['id']}")).status_code == 404
    assert await code_of(http, key) == "invalid_token"
    assert (await client.get("api-keys"))["items"] == []


async def test_an_expired_key_opens_nothing(http: httpx.AsyncClient, harness: GatewayHarness) -> None:
    client = await harness.client()
    past = {"name": "x", "scopes": ["read"], "expires_at": (utc_now() - timedelta(days=1)).isoformat()}
    assert (await client.http.post("api-keys", json=past)).json()["code"] == "expires_in_the_past"
    key = await make_key(client, "read", expires_at=(utc_now() + timedelta(days=1)).isoformat())
    assert await code_of(http, key) is None
    queries = Queries(harness.gateway_database)
    await queries.rows("update api_keys.api_keys set expires_at = now() where account = $1", client.account)
    await queries.close()
    assert await code_of(http, key) == "token_expired"
    assert (await client.get("api-keys"))["items"][0]["expired"] is True


async def test_a_made_up_key_opens_nothing(http: httpx.AsyncClient, client: Client) -> None:
    key = await make_key(client, "read")
    assert await code_of(http, key[:-1] + ("0" if key[-1] != "0" else "1")) == "invalid_token"


# -- tokens of another issuer


async def test_another_issuers_token_opens_its_account_and_grants_no_role(
    trusting: httpx.AsyncClient, http: httpx.AsyncClient, harness: GatewayHarness, admin: httpx.AsyncClient
) -> None:
    client = await harness.client()
    await accepted(trusting, client)
    me = (await trusting.get("/api/v1/auth/me", headers=bearing(foreign(client.account)))).json()
    assert (me["id"], me["credential"]) == (str(client.account), "foreign_token")
    assert me["scopes"] == ["read", "control", "billing"]
    assert await code_of(trusting, foreign(client.account), "admin/orders") == "insufficient_scope"
    assert await code_of(trusting, foreign(new_id())) == "invalid_token"
    assert await code_of(http, foreign(client.account)) == "invalid_token", "where none is trusted"
    old = foreign(client.account, iat=utc_now() - timedelta(minutes=1))
    assert await code_of(trusting, old) == "signed_out", "it was issued before the access code"
    await admin.post(f"accounts/{client.account}/suspend", json={"reason": "spam"})
    assert await code_of(trusting, foreign(client.account)) == "account_suspended"


async def test_another_issuers_token_of_the_second_in_which_an_epoch_begins_is_refused(
    trusting: httpx.AsyncClient, harness: GatewayHarness
) -> None:
    client = await harness.client()
    await accepted(trusting, client)
    before = foreign(client.account)
    await client.http.delete("auth/devices")
    queries = Queries(harness.gateway_database)
    begun = await queries.value("select epoch_at from accounts.accounts where account = $1", client.account)
    await queries.close()
    for token in (before, foreign(client.account, iat=begun)):
        assert await code_of(trusting, token) == "signed_out", "it may be older than the sign-out"
    await accepted(trusting, client)


async def accepted(http: httpx.AsyncClient, client: Client) -> None:
    """Wait until a token that another issuer gives out now is accepted: in the next second at the latest."""

    async def is_accepted() -> bool:
        return await code_of(http, foreign(client.account)) is None

    await until(is_accepted)


async def test_the_operators_token_can_be_switched_off(trusting: httpx.AsyncClient) -> None:
    assert await code_of(trusting, ADMIN_TOKEN, "admin/orders") == "invalid_token"


# -- admins


async def test_an_admins_account_is_an_operator_once_it_has_a_second_factor(
    trusting: httpx.AsyncClient, harness: GatewayHarness, admin: httpx.AsyncClient
) -> None:
    client = await harness.client()
    opened = await admin.post("accounts", json={"email": client.email, "role": "ADMIN"})
    assert (opened.status_code, opened.json()["role"]) == (201, "ADMIN")
    token = (await sign_in(trusting, client))["token"]
    assert await code_of(trusting, token, "admin/orders") == "insufficient_scope"

    offered = (await trusting.post(SECOND_FACTOR, headers=bearing(token))).json()
    codes = TOTP(offered["secret"])
    assert offered["uri"].startswith("otpauth://totp/Adrelay:")
    first, following = codes.now(), codes.at(utc_now() + timedelta(seconds=30))
    wrong = next(text for text in ("000000", "000001", "000002", "000003") if text not in {first, following})
    for code, status in ((wrong, 422), (first, 204)):
        body = {"one_time_code": code}
        answer = await trusting.post(f"{SECOND_FACTOR}/confirm", json=body, headers=bearing(token))
        assert answer.status_code == status, answer.text
    assert await code_of(trusting, token) == "signed_out"

    body = {"access_code": client.access_code}
    assert (await trusting.post(SIGN_IN, json=body)).json()["code"] == "one_time_code_needed"
    again = await trusting.post(SIGN_IN, json=body | {"one_time_code": first})
    assert again.json()["code"] == "wrong_one_time_code", "a code is right once"
    token = (await trusting.post(SIGN_IN, json=body | {"one_time_code": following})).json()["token"]
    assert await code_of(trusting, token, "admin/orders") is None
    await accepted(trusting, client)
    assert await code_of(trusting, foreign(client.account), "admin/orders") == "insufficient_scope"
    again = await trusting.post(SECOND_FACTOR, headers=bearing(token))
    assert again.json()["code"] == "second_factor_exists"
    await acts_are_the_admins(trusting, harness, client, token, offered["secret"])

    assert (await admin.delete(f"accounts/{client.account}/second-factor")).json()["second_factor"] is False
    assert await code_of(trusting, token, "admin/orders") == "signed_out"
    token = (await sign_in(trusting, client))["token"]
    assert await code_of(trusting, token, "admin/orders") == "insufficient_scope"


async def test_an_admins_key_is_not_good_again_after_another_promotion(
    harness: GatewayHarness, admin: httpx.AsyncClient
) -> None:
    client = await harness.client()
    await admin.put(f"accounts/{client.account}/role", json={"role": "ADMIN"})
    token = await sign_in_with_second_factor(harness.http, client)
    body = {"name": "scripts", "scopes": ["admin"]}
    made = await harness.http.post("/api/v1/api-keys", json=body, headers=bearing(token))
    key = made.json()["api_key"]
    assert await code_of(harness.http, key, "admin/orders") is None
    for role in ("CLIENT", "ADMIN"):
        await admin.put(f"accounts/{client.account}/role", json={"role": role})
        assert await code_of(harness.http, key, "admin/orders") == "invalid_token", role


@pytest.mark.parametrize(
    ("path", "change", "status", "code"),
    [
        ("", "confirmed = true", 409, "second_factor_exists"),
        ("/confirm", "sealed = sealed || 'another'", 422, "unconfirmed_second_factor"),
    ],
)
async def test_a_second_factor_that_is_offered_while_one_is_confirmed_is_never_taken_for_it(
    harness: GatewayHarness, path: str, change: str, status: int, code: str
) -> None:
    client = await harness.client()
    codes = TOTP((await client.http.post("auth/second-factor")).json()["secret"])
    queries = Queries(harness.gateway_database)
    async with queries.connection() as connection, connection.transaction():
        statement = f"update second_factors.secrets set {change} where account = $1"  # noqa: S608
        await connection.execute(statement, client.account)
        body = {"one_time_code": codes.now()} if path else None
        asking = asyncio.create_task(client.http.post(f"auth/second-factor{path}", json=body))
        await until(lambda: connection.fetchval(WAITING))
    await queries.close()
    answer = await asking
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert (await client.get("auth/me"))["second_factor"] is False


async def acts_are_the_admins(
    http: httpx.AsyncClient, harness: GatewayHarness, client: Client, token: str, secret: str
) -> None:
    """Check that events name the admin as their actor, and that none has the secret."""
    other = await harness.client()
    path = f"/api/v1/admin/accounts/{other.account}/suspend"
    answer = await http.post(path, json={"reason": "spam"}, headers=bearing(token))
    assert answer.status_code == 200, answer.text
    queries = Queries(harness.gateway_database)
    actor = await queries.value(
        "select actor from engine.events where stream = $1 and type = 'AccountSuspended'",
        f"account-{other.account}",
    )
    stored = await queries.value("select string_agg(data::text, ' ') from engine.events")
    await queries.close()
    assert actor == f"admin:{client.account}"
    assert secret not in stored


async def test_guessing_one_time_codes_is_slowed_down(harness: GatewayHarness) -> None:
    client = await harness.client()
    await client.http.post("auth/second-factor")
    path, body = "auth/second-factor/confirm", {"one_time_code": "000000"}
    statuses = [(await client.http.post(path, json=body)).status_code for _ in range(6)]
    assert statuses[-1] == 429


async def test_wrong_one_time_codes_are_limited_for_a_day_and_right_ones_are_not(
    harness: GatewayHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = await harness.client()
    codes = TOTP((await client.http.post("auth/second-factor")).json()["secret"])
    first, following = codes.now(), codes.at(utc_now() + timedelta(seconds=30))
    confirmed = await client.http.post("auth/second-factor/confirm", json={"one_time_code": first})
    assert confirmed.status_code == 204
    monkeypatch.setattr("services.gateway.wiring.routes.WRONG_ONE_TIME_CODES_PER_DAY", 1)
    async with harness.gateway() as replica:
        found: list[str] = []
        for code in (following, first, following):
            body = {"access_code": client.access_code, "one_time_code": code}
            answer = await replica.post(SIGN_IN, json=body)
            found.append(answer.json().get("code", "signed in"))
    assert found == ["signed in", "wrong_one_time_code", "too_many_requests"]


# -- accounts


async def test_opening_an_account_that_exists_changes_no_role_unless_one_is_named(
    client: Client, admin: httpx.AsyncClient
) -> None:
    roles = [
        (await admin.post("accounts", json={"email": client.email, **more})).json()["role"]
        for more in ({}, {"role": "ADMIN"}, {}, {"role": "CLIENT"})
    ]
    assert roles == ["CLIENT", "ADMIN", "ADMIN", "CLIENT"]


async def test_accounts_are_listed_by_role_status_and_text(
    harness: GatewayHarness, admin: httpx.AsyncClient
) -> None:
    client = await harness.client()
    await harness.adbot(client)
    (line,) = (await admin.get("accounts", params={"text": client.email.upper()})).json()["items"]
    assert (line["id"], line["role"], line["status"]) == (str(client.account), "CLIENT", "ACTIVE")
    assert (line["adbots"], line["orders"], line["has_code"]) == (1, 1, True)
    assert (await admin.get(f"accounts/{client.email}")).json() == line
    assert (await admin.get("accounts", params={"text": line["licence"]})).json()["items"] == [line]
    nobody = {"text": client.email, "role": "RESELLER"}
    assert (await admin.get("accounts", params=nobody)).json()["items"] == []
    await admin.post(f"accounts/{client.account}/suspend", json={"reason": "spam"})
    for status, count in (("SUSPENDED", 1), ("ACTIVE", 0)):
        params = {"text": client.email, "status": status}
        assert len((await admin.get("accounts", params=params)).json()["items"]) == count


async def test_accounts_come_in_pages(harness: GatewayHarness, admin: httpx.AsyncClient) -> None:
    clients = [await harness.client() for _ in range(3)]
    found: list[str] = []
    cursor: dict[str, str] = {}
    while len(found) < 3:
        page = (await admin.get("accounts", params={"text": "client-", "limit": "2", **cursor})).json()
        found += [one["id"] for one in page["items"]]
        cursor = {"cursor": page["next"]}
    assert found[:3] == [str(client.account) for client in reversed(clients)]
    assert (await admin.get("accounts", params={"cursor": "eA=="})).status_code == 422
