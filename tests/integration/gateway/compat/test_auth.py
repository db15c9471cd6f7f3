"""Signing in, and who is let in: a token alone says it."""

from datetime import timedelta
from typing import Any

import httpx
import jwt
import pytest

from libs.eventsourcing.values import new_id, utc_now
from services.gateway.api.requests import penalties
from tests.deadlines import DEADLINE_SECONDS
from tests.integration.gateway.compat.front_end import FrontEnd
from tests.integration.gateway.harness import JWT_SECRET, Client, GatewayHarness
from tests.integration.gateway.signing_in import token_until
from tests.support.waiting import until

ISSUER, SECRET = "https://project.example.org/auth/v1", "Fo4eign-of-the-tests-0123456789-abcdef-x"
NOBODY = "5eefaa91-bf04-5a36-aaf3-3ff734c9ab9c"


def foreign(**claims: object) -> str:
    now = utc_now()
    usual = {"iss": ISSUER, "aud": "authenticated", "iat": now, "exp": now + timedelta(hours=1)}
    return jwt.encode(usual | claims, SECRET, "HS256")


async def is_accepted(http: httpx.AsyncClient, client: Client) -> bool:
    """Return whether a token of another issuer is; one of the second of the client's sign-in is not."""
    bearer = {"Authorization": f"Bearer {foreign(sub=str(client.account))}"}
    return (await http.get("/api/v1/auth/me", headers=bearer)).is_success


async def signed_in(http: httpx.AsyncClient, client: Client) -> Any:  # noqa: ANN401 - JSON
    return await FrontEnd(http).post("auth/verify-access-code", {"accessCode": client.access_code})


async def test_an_access_code_is_exchanged_for_a_token(http: httpx.AsyncClient, client: Client) -> None:
    found = await signed_in(http, client)
    me = await client.get("auth/me")
    assert found["user"] == {
        "id": str(client.account),
        "email": client.email,
        "role": "CLIENT",
        "plan_status": "NONE",
        "licence": me["licence"],
    }
    assert set(found) == {"token", "user", "expires_in", "refresh_token"}
    claims = jwt.decode(found["token"], JWT_SECRET, ["HS256"], audience="adrelay")
    assert claims["sub"] == claims["user_id"] == str(client.account)
    front = FrontEnd.bearing(http, found["token"])
    shown = await front.get("auth/me")
    assert {name: shown[name] for name in found["user"]} == found["user"]


async def test_a_refresh_token_is_used_once_and_a_token_refreshes_nothing(
    http: httpx.AsyncClient, client: Client
) -> None:
    first = await signed_in(http, client)
    front = FrontEnd.bearing(http, first["token"])
    assert await front.refused("POST", "auth/refresh", json={}) == (422, "invalid_request")
    body = {"refresh_token": first["token"][:200]}
    assert await front.refused("POST", "auth/refresh", json=body) == (401, "invalid_refresh_token")
    second = await FrontEnd(http).post("auth/refresh", {"refresh_token": first["refresh_token"]})
    assert second["user"] == first["user"]
    assert second["refresh_token"] != first["refresh_token"]
    assert (await FrontEnd.bearing(http, second["token"]).get("auth/me"))["id"] == str(client.account)


async def test_guesses_under_both_paths_share_their_delays(
    harness: GatewayHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(penalties, "FIRST_SECONDS", DEADLINE_SECONDS)
    async with harness.apart(wrong_secrets_per_hour=2, sign_ins_per_minute=5) as http:
        front, wrong = FrontEnd(http), {"accessCode": "USER-00000-00000-00000-00000"}
        assert await front.refused("POST", "auth/verify-access-code", json=wrong) == (
            401,
            "wrong_access_code",
        )
        sent = {"access_code": wrong["accessCode"]}
        for _ in range(2):
            assert await front.refused("POST", "v1/auth/sign-in", json=sent) == (401, "wrong_access_code")
        for path, body in (("auth/verify-access-code", wrong), ("v1/auth/sign-in", sent)):
            assert await front.refused("POST", path, json=body) == (429, "too_many_requests")


async def test_guesses_of_the_operators_token_under_both_paths_share_their_delays(
    harness: GatewayHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(penalties, "FIRST_SECONDS", DEADLINE_SECONDS)
    async with harness.apart(wrong_secrets_per_hour=2) as http:
        guess = FrontEnd.bearing(http, "Adm1n-guess-of-the-tests-0123456789-abcdef")
        for path in ("admin/users", "v1/admin/accounts", "admin/stats"):
            assert await guess.refused("GET", path) == (401, "invalid_token")
        for path in ("admin/users", "v1/admin/accounts"):
            assert await guess.refused("GET", path) == (429, "too_many_requests")


async def test_reads_under_both_paths_share_their_limit(harness: GatewayHarness) -> None:
    async with harness.apart(reads_per_minute_per_address=2) as http:
        front = FrontEnd(http)
        await front.get("v1/coins")
        await front.get("health")
        assert await front.refused("GET", "bot/state") == (429, "too_many_requests")


async def test_sign_ins_under_both_paths_share_their_limit(harness: GatewayHarness) -> None:
    async with harness.apart(sign_ins_per_minute=2) as http:
        front, wrong = FrontEnd(http), {"accessCode": "USER-00000-00000-00000-00000"}
        for _ in range(2):
            await front.refused("POST", "auth/verify-access-code", json=wrong)
        body = {"access_code": wrong["accessCode"]}
        assert await front.refused("POST", "v1/auth/sign-in", json=body) == (429, "too_many_requests")


@pytest.mark.parametrize("path", ["bot/state", "user/status", "auth/me", "sync/state"])
async def test_a_header_is_no_identity(http: httpx.AsyncClient, client: Client, path: str) -> None:
    claimed = {"x-user-id": str(client.account), "user_id": str(client.account)}
    assert await FrontEnd(http, claimed).refused("GET", path) == (401, "token_missing")


async def test_a_header_does_not_change_whose_token_it_is(
    front: FrontEnd, client: Client, harness: GatewayHarness
) -> None:
    other = await harness.client()
    answer = await front.ask("GET", "bot/state", headers={"x-user-id": str(other.account)})
    assert answer.json()["user_id"] == str(client.account)


async def test_an_expired_token_and_one_of_nobody_are_refused(
    http: httpx.AsyncClient, client: Client
) -> None:
    expired = token_until(client, utc_now() - timedelta(seconds=1))
    assert await FrontEnd.bearing(http, expired).refused("GET", "bot/state") == (401, "token_expired")
    legacy = jwt.encode(
        {"user_id": str(client.account), "exp": utc_now() + timedelta(hours=1)}, JWT_SECRET, "HS256"
    )
    assert await FrontEnd.bearing(http, legacy).refused("GET", "bot/state") == (401, "invalid_token")


async def test_another_issuers_token_names_an_account_that_exists_and_makes_no_operator(
    harness: GatewayHarness, client: Client
) -> None:
    trusted = {"foreign_jwt_secret": SECRET, "foreign_jwt_issuer": ISSUER}
    async with harness.gateway(**trusted) as http:
        await until(lambda: is_accepted(http, client))
        for claims in ({"user_id": str(client.account), "sub": NOBODY}, {"sub": str(client.account)}):
            front = FrontEnd.bearing(http, foreign(role="ADMIN", **claims))
            registered = await front.post("bot/register-user", {"email": client.email})
            assert registered["user_id"] == str(client.account)
            assert await front.refused("GET", "admin/users") == (403, "insufficient_scope")
        for nobody in (NOBODY, str(new_id())):
            front = FrontEnd.bearing(http, foreign(sub=nobody))
            for path in ("bot/register-user", "bot/start"):
                assert await front.refused("POST", path) == (401, "invalid_token")
