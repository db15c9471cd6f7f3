"""Secrets are changed while gateways run: what was made before the change stays good."""

import hmac
import json
import secrets
from collections.abc import AsyncIterator
from datetime import timedelta

import httpx
import pytest_asyncio
from pyotp.totp import TOTP

from adrelay.runtime.nats import EmbeddedNats
from adrelay.runtime.postgres import EmbeddedPostgres
from libs.eventsourcing.values import utc_now
from tests.integration.gateway.harness import (
    ADMIN_TOKEN,
    IPN_SECRET,
    JWT_SECRET,
    PEPPER,
    Client,
    GatewayHarness,
    access_code,
    operator,
    running,
)
from tests.integration.gateway.signing_in import code_of, make_key, refreshed, sign_in
from tests.integration.gateway.webhooks import added
from tests.integration.hooks.receiver import Receiver, receiving
from tests.support.queries import Queries

STEP = timedelta(seconds=30)
NEXT = f"N3xt-{secrets.token_hex(24)}"
SIGN_IN = "/api/v1/auth/sign-in"


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def harness(
    postgres_server: EmbeddedPostgres, nats_server: EmbeddedNats
) -> AsyncIterator[GatewayHarness]:
    """A gateway of this module's own: others can't open what is sealed anew."""
    async with running(nats_server, postgres_server) as harness:
        yield harness


@pytest_asyncio.fixture(loop_scope="session")
async def receiver() -> AsyncIterator[Receiver]:
    async with receiving() as receiver:
        yield receiver


async def test_tokens_are_good_while_their_secret_is_one_of_two(harness: GatewayHarness) -> None:
    client = await harness.client()
    before = client.http.headers["Authorization"].removeprefix("Bearer ")
    async with harness.gateway(jwt_secret=NEXT, other_jwt_secret=JWT_SECRET) as both:
        assert await code_of(both, before) is None
        after = (await sign_in(both, client))["token"]
        assert await code_of(harness.http, after) == "invalid_token"
    async with harness.gateway(jwt_secret=JWT_SECRET, other_jwt_secret=NEXT) as to_come:
        assert await code_of(to_come, after) is None
    async with harness.gateway(jwt_secret=NEXT) as changed:
        assert await code_of(changed, after) is None
        assert await code_of(changed, before) == "invalid_token"


async def test_scripts_may_use_either_token_of_the_operator(harness: GatewayHarness) -> None:
    async with harness.gateway(admin_token=NEXT, other_admin_token=ADMIN_TOKEN) as both:
        assert await code_of(both, ADMIN_TOKEN, "admin/accounts") is None
        assert await code_of(both, NEXT, "admin/accounts") is None
        assert await code_of(both, f"{NEXT}x", "admin/accounts") == "invalid_token"
    async with harness.gateway(admin_token="off", other_admin_token=ADMIN_TOKEN) as off:
        assert await code_of(off, ADMIN_TOKEN, "admin/accounts") == "invalid_token"


async def test_the_provider_may_sign_with_either_secret(harness: GatewayHarness) -> None:
    body = json.dumps({"payment_id": 1, "payment_status": "waiting"}).encode()
    async with harness.gateway(ipn_secret=NEXT, other_ipn_secret=IPN_SECRET) as both:
        codes: list[str] = []
        for secret in (IPN_SECRET, NEXT, f"{NEXT}x"):
            headers = {"x-nowpayments-sig": hmac.digest(secret.encode(), body, "sha512").hex()}
            answer = await both.post("/api/v1/webhooks/nowpayments", content=body, headers=headers)
            codes.append(answer.json().get("code", ""))
    assert [code == "bad_signature" for code in codes] == [False, False, True]


async def test_a_changed_pepper_leaves_what_was_made_before_good(
    harness: GatewayHarness, receiver: Receiver
) -> None:
    client, owner = await harness.client(), await harness.client()
    key, hook = await make_key(client, "read"), await added(client, receiver.url, "adbot.stopped")
    token = (await sign_in(harness.http, client))["refresh_token"]
    codes = await _second_factor(harness, owner)
    adbot, repeated = await harness.adbot(client), {"Idempotency-Key": secrets.token_hex(16)}
    await client.http.post(f"adbots/{adbot}/stop", headers=repeated)
    wish = {"plan": "bronze", "pay_currency": "BTC", "email": client.email}
    order = (await client.http.post("checkout", json=wish)).json()["order_number"]

    async with harness.gateway(code_pepper=NEXT, other_code_pepper=PEPPER) as both:
        assert await code_of(both, key) is None
        signed_in = await sign_in(both, client)
        token = (await refreshed(both, token)).json()["refresh_token"]
        await _signed(both, signed_in["token"], hook, receiver)
        assert (await both.post(SIGN_IN, json=_with(owner.access_code, codes.at(utc_now())))).is_success
        bearer = {"Authorization": f"Bearer {signed_in['token']}"}
        answer = await both.post(f"/api/v1/adbots/{adbot}/stop", headers=bearer | repeated)
        assert answer.headers["idempotency-replayed"] == "true"
        again = await both.post("/api/v1/checkout", json=wish, headers=bearer)
        assert again.json()["order_number"] == order
        async with operator(both) as admin:
            code = await access_code(admin, owner.email)

    async with harness.gateway(code_pepper=NEXT) as changed:
        assert (await refreshed(changed, token)).is_success
        assert (await changed.post(SIGN_IN, json=_with(code, codes.at(utc_now() + STEP)))).is_success
        await _signed(changed, signed_in["token"], hook, receiver)
        assert await code_of(changed, key) == "invalid_token"
        old = await changed.post(SIGN_IN, json={"access_code": client.access_code})
        assert old.json()["code"] == "wrong_access_code"


async def _second_factor(harness: GatewayHarness, owner: Client) -> TOTP:
    """Set up a second factor, as if so long ago that the code of now is good again."""
    codes = TOTP((await owner.http.post("auth/second-factor")).json()["secret"])
    body = {"one_time_code": codes.at(utc_now())}
    confirmed = await owner.http.post("auth/second-factor/confirm", json=body)
    assert confirmed.status_code == 204, confirmed.text
    queries = Queries(harness.gateway_database)
    await queries.rows("update second_factors.secrets set last_step = 0 where account = $1", owner.account)
    await queries.close()
    return codes


def _with(code: str, one_time_code: str) -> dict[str, str]:
    return {"access_code": code, "one_time_code": one_time_code}


async def _signed(http: httpx.AsyncClient, token: str, hook: dict[str, str], receiver: Receiver) -> None:
    """Check that a test message is signed with the webhook's secret."""
    headers = {"Authorization": f"Bearer {token}"}
    answer = await http.post(f"/api/v1/webhooks/{hook['id']}/test", headers=headers)
    assert answer.json()["taken"], answer.text
    assert receiver.got[-1].verified(hook["secret"])["type"] == "test"
