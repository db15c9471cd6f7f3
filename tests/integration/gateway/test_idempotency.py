"""Writes that are repeated under an idempotency key."""

import asyncio
from uuid import uuid4

import asyncpg
import httpx
import pytest
from pydantic import SecretStr

from libs.events.catalogue import published
from libs.events.values import AdbotId
from libs.eventsourcing import Engine
from libs.eventsourcing.values import utc_now
from services.gateway.idempotency.keys import KEPT, MOST_KEYS, IdempotencyKeys
from tests.integration.gateway.harness import Client, GatewayHarness

REASON = {"days": 1, "reason": "a test"}


def key() -> dict[str, str]:
    return {"Idempotency-Key": str(uuid4())}


async def rows(harness: GatewayHarness, statement: str, *arguments: object) -> list[asyncpg.Record]:
    connection = await asyncpg.connect(harness.gateway_database)
    try:
        return await connection.fetch(statement, *arguments)
    finally:
        await connection.close()


async def extensions(harness: GatewayHarness, adbot: AdbotId) -> int:
    events = await harness.provisioning.events_of(f"adbot-{adbot}")
    return sum(type(one.event).__name__ == "AdbotExtended" for one in events)


async def test_a_repeated_write_returns_the_first_answer_and_has_no_further_effect(
    harness: GatewayHarness, client: Client, admin: httpx.AsyncClient
) -> None:
    adbot, headers = await harness.adbot(client), key()
    first = await admin.post(f"adbots/{adbot}/extend", json=REASON, headers=headers)
    again = await admin.post(f"adbots/{adbot}/extend", json=REASON, headers=headers)
    assert (again.status_code, again.content) == (200, first.content)
    assert again.headers["content-type"] == first.headers["content-type"]
    assert "idempotency-replayed" not in first.headers
    assert again.headers["idempotency-replayed"] == "true"
    assert again.headers["x-correlation-id"] != first.headers["x-correlation-id"]
    assert await extensions(harness, adbot) == 1
    await admin.post(f"adbots/{adbot}/extend", json=REASON, headers=key())
    assert await extensions(harness, adbot) == 2


async def test_a_write_that_was_carried_out_but_not_answered_is_not_carried_out_again(
    harness: GatewayHarness, client: Client, admin: httpx.AsyncClient
) -> None:
    adbot, headers = await harness.adbot(client), key()
    await admin.post(f"adbots/{adbot}/extend", json=REASON, headers=headers)
    await rows(harness, "update requests.idempotency_keys set answer = null, claimed_until = now()")
    again = await admin.post(f"adbots/{adbot}/extend", json=REASON, headers=headers)
    assert again.status_code == 200
    assert "idempotency-replayed" not in again.headers
    assert await extensions(harness, adbot) == 1


async def test_a_key_belongs_to_one_request(client: Client, harness: GatewayHarness) -> None:
    adbot, headers = await harness.adbot(client), key()
    advertisement = {"post": "https://t.me/channel/42", "groups": ["@flats"]}
    path = f"adbots/{adbot}/advertisement"
    assert (await client.http.put(path, json=advertisement, headers=headers)).status_code == 200
    for answer in (
        await client.http.put(
            path, json=advertisement | {"post": "https://t.me/channel/43"}, headers=headers
        ),
        await client.http.post(f"adbots/{adbot}/start", headers=headers),
    ):
        assert (answer.status_code, answer.json()["code"]) == (422, "idempotency_key_reused")


async def test_a_key_belongs_to_one_caller(
    harness: GatewayHarness, client: Client, admin: httpx.AsyncClient
) -> None:
    adbot, headers = await harness.adbot(client), key()
    assert (await client.http.post(f"adbots/{adbot}/stop", headers=headers)).status_code == 200
    other = await harness.client()
    answer = await other.http.post(f"adbots/{adbot}/stop", headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (404, "unknown_adbot")
    extended = await admin.post(f"adbots/{adbot}/extend", json=REASON, headers=headers)
    assert extended.status_code == 200
    unknown = {**headers, "Authorization": "Bearer nonsense"}
    answer = await client.http.post(f"adbots/{adbot}/stop", headers=unknown)
    assert answer.status_code == 401


async def test_a_stored_answer_is_not_for_a_credential_without_the_scope_of_the_write(
    harness: GatewayHarness, client: Client
) -> None:
    adbot, headers = await harness.adbot(client), key()
    path = f"adbots/{adbot}/stop"
    scopes = ("control", "control", "read")
    control, other, reading = [{"Authorization": await api_key(client, scope)} for scope in scopes]
    first = await client.http.post(path, headers=headers | control)
    assert first.status_code == 200
    again = await client.http.post(path, headers=headers | other)
    assert again.headers["idempotency-replayed"] == "true", "it is the account's"
    answer = await client.http.post(path, headers=headers | reading)
    assert (answer.status_code, answer.json()["code"]) == (403, "insufficient_scope")


async def test_a_stored_answer_of_a_device_is_not_for_an_api_key(client: Client) -> None:
    headers = key()
    body = {"name": "second", "scopes": ["control"]}
    made = await client.http.post("api-keys", json=body, headers=headers)
    again = await client.http.post("api-keys", json=body, headers=headers)
    assert (made.status_code, again.content) == (201, made.content)
    bearer = {"Authorization": f"Bearer {made.json()['api_key']}"}
    answer = await client.http.post("api-keys", json=body, headers=headers | bearer)
    assert (answer.status_code, answer.json()["code"]) == (403, "device_needed")


async def test_a_stored_answer_is_not_for_a_device_that_was_signed_out(
    harness: GatewayHarness, client: Client
) -> None:
    adbot, headers = await harness.adbot(client), key()
    assert (await client.http.post(f"adbots/{adbot}/stop", headers=headers)).status_code == 200
    await client.http.post("auth/sign-out")
    answer = await client.http.post(f"adbots/{adbot}/stop", headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (401, "signed_out")


async def api_key(client: Client, scope: str) -> str:
    made = await client.http.post("api-keys", json={"name": "a test", "scopes": [scope]})
    return f"Bearer {made.json()['api_key']}"


async def test_of_many_at_once_one_is_carried_out(
    harness: GatewayHarness, client: Client, admin: httpx.AsyncClient
) -> None:
    adbot, headers = await harness.adbot(client), key()
    answers = await asyncio.gather(
        *(admin.post(f"adbots/{adbot}/extend", json=REASON, headers=headers) for _ in range(8))
    )
    assert {answer.status_code for answer in answers} <= {200, 409}
    assert await extensions(harness, adbot) == 1
    for answer in answers:
        if answer.status_code == 409:
            assert answer.json()["code"] == "request_in_progress"
            assert int(answer.headers["retry-after"]) > 0


async def test_while_the_first_is_in_progress_a_repetition_is_asked_to_come_back(
    harness: GatewayHarness, client: Client
) -> None:
    adbot, headers = await harness.adbot(client), key()
    await client.http.post(f"adbots/{adbot}/stop", headers=headers)
    caller = f"{client.account} token"
    claimed = "update requests.idempotency_keys set answer = null, claimed_until = $2 where caller = $1"
    await rows(harness, claimed, caller, utc_now() + KEPT)
    answer = await client.http.post(f"adbots/{adbot}/stop", headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (409, "request_in_progress")
    assert answer.headers["retry-after"] == "1"


async def test_a_refused_write_leaves_its_key_free(harness: GatewayHarness, client: Client) -> None:
    adbot, headers = await harness.adbot(client), key()
    path = f"adbots/{adbot}/advertisement"
    answer = await client.http.put(path, json={"post": "", "groups": []}, headers=headers)
    assert answer.status_code == 422
    advertisement = {"post": "https://t.me/channel/42", "groups": ["@flats"]}
    answer = await client.http.put(path, json=advertisement, headers=headers)
    assert answer.status_code == 200


async def test_a_failed_write_may_be_repeated_under_its_key_but_not_changed(
    harness: GatewayHarness, client: Client
) -> None:
    headers = key()
    body = {"email": client.email, "plan": "bronze", "pay_currency": "LTC"}
    harness.fake_billing.provider_away = True
    try:
        answer = await client.http.post("checkout", json=body, headers=headers)
        assert answer.status_code == 503
    finally:
        harness.fake_billing.provider_away = False
    answer = await client.http.post("checkout", json=body | {"pay_currency": "SOL"}, headers=headers)
    assert answer.json()["code"] == "idempotency_key_reused"
    first = await client.http.post("checkout", json=body, headers=headers)
    again = await client.http.post("checkout", json=body, headers=headers)
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json()["order_number"] == again.json()["order_number"]


async def test_without_a_token_the_key_of_a_checkout_is_its_token(http: httpx.AsyncClient) -> None:
    body = {"email": f"{uuid4().hex}@example.com", "plan": "bronze", "pay_currency": "BTC"}
    headers = key()
    first = await http.post("/api/v1/checkout", json=body, headers=headers)
    http.cookies.clear()
    again = await http.post("/api/v1/checkout", json=body, headers=headers)
    http.cookies.clear()
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json()["order_number"] == again.json()["order_number"]
    assert first.json()["checkout_token"] == headers["Idempotency-Key"]
    guessable = {"Idempotency-Key": "order-1"}
    answer = await http.post("/api/v1/checkout", json=body, headers=guessable)
    assert (answer.status_code, answer.json()["code"]) == (400, "malformed_idempotency_key")


@pytest.mark.parametrize("malformed", ["", '""', "x" * 201, "a\tb"])
async def test_a_malformed_key_is_refused(client: Client, malformed: str) -> None:
    answer = await client.http.post(f"adbots/{uuid4()}/stop", headers={"Idempotency-Key": malformed})
    assert (answer.status_code, answer.json()["code"]) == (400, "malformed_idempotency_key")


async def test_quotes_around_a_key_make_no_difference(harness: GatewayHarness, client: Client) -> None:
    adbot = await harness.adbot(client)
    await client.http.post(f"adbots/{adbot}/stop", headers={"Idempotency-Key": "k-1"})
    answer = await client.http.post(f"adbots/{adbot}/stop", headers={"Idempotency-Key": '"k-1"'})
    assert answer.headers["idempotency-replayed"] == "true"


async def test_an_answer_with_a_secret_is_repeated_and_not_stored_in_clear(
    harness: GatewayHarness, client: Client, admin: httpx.AsyncClient
) -> None:
    headers, body = key(), {"email": client.email}
    first = await admin.post("accounts/access-code", json=body, headers=headers)
    again = await admin.post("accounts/access-code", json=body, headers=headers)
    code = first.json()["access_code"]
    assert again.json() == {"access_code": code}
    stored = await rows(harness, "select * from requests.idempotency_keys where caller like 'operator %'")
    content = "".join(str(value) for row in stored for value in row.values())
    assert stored
    assert "access_code" not in content
    assert headers["Idempotency-Key"] not in content
    assert client.email not in content


async def test_a_form_is_the_same_whatever_its_boundary(admin: httpx.AsyncClient) -> None:
    headers, session = key(), f"1 {uuid4()}".encode()
    answers = [
        await admin.post("sessions", files={"file": ("stock.session", session)}, headers=headers)
        for _ in range(2)
    ]
    assert [answer.status_code for answer in answers] == [201, 201]
    assert answers[0].content == answers[1].content


async def test_old_keys_are_deleted_without_further_requests(harness: GatewayHarness) -> None:
    old = (
        "insert into requests.idempotency_keys (id, caller, fingerprint, seed, made_at, claimed_until) "
        "select sha256(n::text::bytea), 'account:old', '', gen_random_uuid(), $1, $1 "
        "from generate_series(1, 3) as n returning id"
    )
    assert len(await rows(harness, old, utc_now() - KEPT)) == 3
    engine = Engine("gateway", harness.gateway_database, published())
    await engine.start(pool_size=1)
    try:
        keys = IdempotencyKeys(engine, [SecretStr("pepper")], lease_seconds=1)
        assert await keys.forget_old(utc_now()) > 60
    finally:
        await engine.stop()
    left = "select id from requests.idempotency_keys where caller = 'account:old'"
    assert await rows(harness, left) == []


async def test_keys_end_after_a_day_and_above_the_limit_of_a_caller(
    harness: GatewayHarness, client: Client
) -> None:
    adbot, headers = await harness.adbot(client), key()
    caller = f"{client.account} token"
    await client.http.post(f"adbots/{adbot}/stop", headers=headers)
    await rows(
        harness,
        "update requests.idempotency_keys set made_at = $2 where caller = $1",
        caller,
        utc_now() - KEPT,
    )
    answer = await client.http.post(f"adbots/{adbot}/stop", headers=headers)
    assert "idempotency-replayed" not in answer.headers
    copies = (
        "insert into requests.idempotency_keys select sha256(n::text::bytea), caller, fingerprint, seed, "
        "made_at - interval '1 hour', claimed_until, answer "
        "from requests.idempotency_keys, generate_series(1, $2::integer) as n where caller = $1"
    )
    await rows(harness, copies, caller, MOST_KEYS + 5)
    await client.http.post(f"adbots/{adbot}/stop", headers=key())
    count = await rows(harness, "select count(*) from requests.idempotency_keys where caller = $1", caller)
    assert count[0]["count"] == MOST_KEYS
    answer = await client.http.post(f"adbots/{adbot}/stop", headers=headers)
    assert answer.headers["idempotency-replayed"] == "true", "the latest ones are kept"
