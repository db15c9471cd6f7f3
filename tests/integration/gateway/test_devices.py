"""Devices that are signed in, their refresh tokens, and what ends them."""

from contextlib import AsyncExitStack
from uuid import UUID

import httpx
import jwt
import pytest

from libs.events.gateway import DeviceSignedOut
from libs.eventsourcing.values import new_id
from services.gateway.api.requests import counters
from services.gateway.device import refresh
from tests.deadlines import DEADLINE_SECONDS
from tests.integration.gateway.harness import JWT_SECRET, Client, GatewayHarness
from tests.integration.gateway.signing_in import code_of, make_key, refreshed, sign_in
from tests.support.queries import Queries
from tests.support.waiting import until


async def test_a_refresh_gives_the_next_tokens_and_the_first_access_token_goes_on(
    http: httpx.AsyncClient, client: Client
) -> None:
    first = await sign_in(http, client)
    second = (await refreshed(http, first["refresh_token"])).json()
    assert second["device"] == first["device"]
    assert second["refresh_token"] != first["refresh_token"]
    assert second["expires_in"] == 900
    assert [await code_of(http, one["token"]) for one in (first, second)] == [None, None]
    assert (await refreshed(http, second["refresh_token"])).status_code == 200


async def test_a_refresh_whose_answer_was_lost_can_be_repeated(
    http: httpx.AsyncClient, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(refresh, "REPEAT_SECONDS", DEADLINE_SECONDS)
    first = await sign_in(http, client)
    answers = [(await refreshed(http, first["refresh_token"])).json() for _ in range(3)]
    assert len({answer["refresh_token"] for answer in answers}) == 1
    assert (await refreshed(http, answers[0]["refresh_token"])).status_code == 200


async def test_a_refresh_token_that_is_used_again_later_signs_the_device_out(
    http: httpx.AsyncClient, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(refresh, "REPEAT_SECONDS", -1.0)
    first, other = await sign_in(http, client), await sign_in(http, client)
    second = (await refreshed(http, first["refresh_token"])).json()
    reused = await refreshed(http, first["refresh_token"])
    assert (reused.status_code, reused.json()["code"]) == (401, "refresh_token_reused")
    assert (await refreshed(http, second["refresh_token"])).json()["code"] == "invalid_refresh_token"
    assert await code_of(http, second["token"]) == "signed_out"
    assert await code_of(http, other["token"]) is None


async def test_a_refresh_token_that_has_expired_is_refused(
    http: httpx.AsyncClient, client: Client, harness: GatewayHarness
) -> None:
    first = await sign_in(http, client)
    queries = Queries(harness.gateway_database)
    await queries.rows(
        "update refreshing.tokens set expires_at = now() where device = $1", UUID(first["device"])
    )
    await queries.close()
    answer = await refreshed(http, first["refresh_token"])
    assert (answer.status_code, answer.json()["code"]) == (401, "invalid_refresh_token")


async def test_a_token_before_the_last_one_signs_the_device_out_at_once(
    http: httpx.AsyncClient, client: Client
) -> None:
    first = await sign_in(http, client)
    second = (await refreshed(http, first["refresh_token"])).json()
    third = (await refreshed(http, second["refresh_token"])).json()
    assert (await refreshed(http, first["refresh_token"])).json()["code"] == "refresh_token_reused"
    assert await code_of(http, third["token"]) == "signed_out"


async def test_an_account_signs_in_so_often_a_day_and_no_more(
    harness: GatewayHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(counters, "_PATIENCE_SECONDS", DEADLINE_SECONDS)
    client, other = await harness.client(), await harness.client()  # who have signed in once
    async with harness.gateway(writes_per_day=3) as replica:
        statuses: list[int] = []
        for one in (client, client, client, other):
            body = {"access_code": one.access_code}
            statuses.append((await replica.post("/api/v1/auth/sign-in", json=body)).status_code)
    assert statuses == [200, 200, 429, 200]


@pytest.mark.parametrize(
    "malformed", ["x", "adr_", "adr_1_2_3", f"adr_{'0' * 32}_0_{'0' * 64}", f"adr_{'0' * 32}_99999999999_x"]
)
async def test_a_made_up_refresh_token_is_refused(http: httpx.AsyncClient, malformed: str) -> None:
    answer = await refreshed(http, malformed)
    assert (answer.status_code, answer.json()["code"]) == (401, "invalid_refresh_token")


async def test_a_refresh_token_with_another_generation_is_made_up(
    http: httpx.AsyncClient, client: Client
) -> None:
    kind, device, _, secret = (await sign_in(http, client))["refresh_token"].split("_")
    answer = await refreshed(http, f"{kind}_{device}_1_{secret}")
    assert answer.json()["code"] == "invalid_refresh_token"


async def test_devices_are_listed_and_signed_out_one_by_one(
    http: httpx.AsyncClient, harness: GatewayHarness
) -> None:
    client = await harness.client()
    other = await sign_in(http, client)
    listed = (await client.get("auth/devices"))["items"]
    assert [one["current"] for one in listed] == [False, True]
    assert (listed[0]["id"], listed[0]["address"]) == (other["device"], "127.0.0.1")
    assert listed[0]["agent"].startswith("python-httpx")
    stranger = await harness.client()
    assert (await stranger.http.delete(f"auth/devices/{other['device']}")).status_code == 404
    assert (await client.http.delete(f"auth/devices/{other['device']}")).status_code == 204
    assert await code_of(http, other["token"]) == "signed_out"
    assert (await refreshed(http, other["refresh_token"])).status_code == 401
    assert len((await client.get("auth/devices"))["items"]) == 1


async def test_a_device_signs_itself_out(http: httpx.AsyncClient, client: Client) -> None:
    token = (await sign_in(http, client))["token"]
    assert await code_of(http, token, "auth/sign-out", "POST") is None
    assert await code_of(http, token) == "signed_out"


async def test_signing_out_everywhere_ends_all_devices(
    http: httpx.AsyncClient, harness: GatewayHarness
) -> None:
    client = await harness.client()
    signed_in, key = await sign_in(http, client), await make_key(client, "read")
    assert (await client.http.delete("auth/devices")).status_code == 204
    assert (await client.http.get("auth/me")).json()["code"] == "signed_out"
    assert await code_of(http, signed_in["token"]) == "signed_out"
    assert (await refreshed(http, signed_in["refresh_token"])).status_code == 401
    assert await code_of(http, key) is None
    assert await code_of(http, (await sign_in(http, client))["token"]) is None


async def test_the_oldest_device_makes_room(
    http: httpx.AsyncClient, harness: GatewayHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(refresh, "MOST_DEVICES", 3)
    client = await harness.client()
    signed_in = [await sign_in(http, client) for _ in range(3)]
    assert (await client.http.get("auth/me")).json()["code"] == "signed_out"
    assert [await code_of(http, one["token"]) for one in signed_in] == [None, None, None]


async def test_devices_that_are_not_used_are_forgotten(
    http: httpx.AsyncClient, harness: GatewayHarness
) -> None:
    client = await harness.client()
    device = UUID((await sign_in(http, client))["device"])
    queries = Queries(harness.gateway_database)
    await queries.value(
        "update refreshing.tokens set expires_at = now() - interval '1 second' where device = $1", device
    )
    async with AsyncExitStack() as stack:  # a gateway looks for them when it starts
        await stack.enter_async_context(harness.gateway())

        async def gone() -> bool:
            return not await queries.value("select count(*) from refreshing.tokens where device = $1", device)

        await until(gone)
    why = await queries.value(
        "select data::jsonb ->> 'why' from engine.events where stream = $1 and type = $2",
        f"device-{device}",
        DeviceSignedOut.__name__,
    )
    await queries.close()
    assert why == "ended"


# -- the account as it is now


async def test_another_access_code_ends_tokens_refresh_tokens_and_keys(
    http: httpx.AsyncClient, harness: GatewayHarness, admin: httpx.AsyncClient
) -> None:
    client = await harness.client()
    signed_in, key = await sign_in(http, client), await make_key(client, "read")
    assert (await admin.post("accounts/access-code", json={"email": client.email})).status_code == 200
    assert await code_of(http, signed_in["token"]) == "signed_out"
    assert (await refreshed(http, signed_in["refresh_token"])).json()["code"] == "invalid_refresh_token"
    assert await code_of(http, key) == "invalid_token"


async def test_a_suspended_account_is_locked_out_at_once_and_comes_back(
    http: httpx.AsyncClient, harness: GatewayHarness, admin: httpx.AsyncClient
) -> None:
    client = await harness.client()
    token, key = (await sign_in(http, client))["token"], await make_key(client, "read")
    suspended = await admin.post(f"accounts/{client.account}/suspend", json={"reason": "sends spam"})
    assert (suspended.json()["status"], suspended.json()["suspended_for"]) == ("SUSPENDED", "sends spam")
    for credential in (token, key):
        answer = await http.get("/api/v1/auth/me", headers={"Authorization": f"Bearer {credential}"})
        assert (answer.status_code, answer.json()["code"]) == (403, "account_suspended")
        assert answer.json()["detail"] == "sends spam"
    answer = await http.post("/api/v1/auth/sign-in", json={"access_code": client.access_code})
    assert (answer.status_code, answer.json()["code"]) == (403, "account_suspended")
    restored = await admin.post(f"accounts/{client.email}/restore")
    assert restored.json()["status"] == "ACTIVE"
    assert await code_of(http, token) == "signed_out", "who was locked out signs in again"
    assert await code_of(http, key) is None
    assert await code_of(http, (await sign_in(http, client))["token"]) is None


@pytest.mark.parametrize("claim", ["sub", "device", "epoch"])
async def test_a_token_with_a_good_signature_says_what_the_account_says(
    http: httpx.AsyncClient, client: Client, claim: str
) -> None:
    token = client.http.headers["Authorization"].partition(" ")[2]
    claims = jwt.decode(token, options={"verify_signature": False})
    changed = {"sub": str(new_id()), "device": str(new_id()), "epoch": claims["epoch"] + 1}
    made = jwt.encode(claims | {claim: changed[claim]}, JWT_SECRET, "HS256")
    assert await code_of(http, made, "adbots") in {"invalid_token", "signed_out"}
