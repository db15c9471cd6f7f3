"""Writes with secrets that are repeated because their process ended before it answered."""

from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
import pytest_asyncio

from services.gateway.wiring import routes
from tests.integration.gateway.harness import Client, GatewayHarness
from tests.integration.gateway.signing_in import code_of
from tests.integration.hooks.receiver import Receiver, receiving
from tests.support.queries import Queries

KEY_BODY = {"name": "reports", "scopes": ["read"]}


@pytest_asyncio.fixture(loop_scope="session")
async def receiver() -> AsyncIterator[Receiver]:
    async with receiving() as receiver:
        yield receiver


async def repeated(
    harness: GatewayHarness, client: Client, path: str, body: dict[str, Any] | None = None
) -> list[dict[str, Any]]:
    """Post twice under one key, as if the process had ended before the first answer was stored."""
    headers = {"Idempotency-Key": str(uuid4())}
    found: list[dict[str, Any]] = []
    for _ in range(2):
        answer = await client.http.post(path, json=body, headers=headers)
        assert answer.is_success, answer.text
        assert "idempotency-replayed" not in answer.headers
        found.append(answer.json())
        queries = Queries(harness.gateway_database)
        lost = "update requests.idempotency_keys set answer = null, claimed_until = now() where caller = $1"
        await queries.rows(lost, f"{client.account} token")
        await queries.close()
    return found


async def test_an_api_key_whose_text_was_lost_is_the_same_key_with_another_text(
    http: httpx.AsyncClient, harness: GatewayHarness, client: Client
) -> None:
    first, second = await repeated(harness, client, "api-keys", KEY_BODY)
    assert first["id"] == second["id"]
    assert [one["id"] for one in (await client.get("api-keys"))["items"]] == [first["id"]]
    assert await code_of(http, first["api_key"]) == "invalid_token"
    assert await code_of(http, second["api_key"]) is None
    assert (await client.http.delete(f"api-keys/{second['id']}")).status_code == 204
    assert await code_of(http, second["api_key"]) == "invalid_token"


async def test_a_webhook_whose_secret_was_lost_is_the_same_webhook_with_another_secret(
    harness: GatewayHarness, client: Client, receiver: Receiver
) -> None:
    body = {"url": receiver.url, "events": ["adbot.stopped"]}
    first, second = await repeated(harness, client, "webhooks", body)
    assert first["secret"] != second["secret"]
    assert (await client.get("webhooks"))["items"] == [
        {name: value for name, value in second.items() if name != "secret"}
    ]
    assert (await client.http.post(f"webhooks/{second['id']}/test")).json()["status"] == 200
    receiver.got[0].verified(second["secret"])


async def test_a_webhook_that_was_deleted_meanwhile_is_not_added_again(
    harness: GatewayHarness, client: Client, receiver: Receiver
) -> None:
    headers = {"Idempotency-Key": str(uuid4())}
    body = {"url": receiver.url, "events": ["adbot.stopped"]}
    made = (await client.http.post("webhooks", json=body, headers=headers)).json()
    await client.http.delete(f"webhooks/{made['id']}")
    queries = Queries(harness.gateway_database)
    await queries.rows("update requests.idempotency_keys set answer = null, claimed_until = now()")
    await queries.close()
    again = await client.http.post("webhooks", json=body, headers=headers)
    assert (again.status_code, again.json()["code"]) == (409, "webhook_exists")
    assert (await client.get("webhooks"))["items"] == []


async def test_a_rotation_whose_secret_was_lost_leaves_the_secret_that_the_receiver_has(
    harness: GatewayHarness, client: Client, receiver: Receiver
) -> None:
    body = {"url": receiver.url, "events": ["adbot.stopped"]}
    hook = (await client.http.post("webhooks", json=body)).json()
    path = f"webhooks/{hook['id']}"
    _, second = await repeated(harness, client, f"{path}/secret")
    await client.http.post(f"{path}/test")
    for secret in (hook["secret"], second["secret"]):
        receiver.got[0].verified(secret)
    queries = Queries(harness.gateway_database)
    rotated = "select count(*) from engine.events where stream = $1 and type = 'HookSecretRotated'"
    assert await queries.value(rotated, f"hook-{UUID(hook['id'])}") == 1
    await queries.close()


async def test_repetitions_count_as_reading_requests(harness: GatewayHarness, client: Client) -> None:
    adbot = await harness.adbot(client)
    headers = {
        "Idempotency-Key": str(uuid4()),
        "Authorization": client.http.headers["Authorization"],
    }
    async with harness.gateway(reads_per_minute=3, writes_per_minute=1) as http:
        answers = [await http.post(f"/api/v1/adbots/{adbot}/stop", headers=headers) for _ in range(5)]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 429, 429]
    assert int(answers[-1].headers["retry-after"]) > 0


async def test_marking_as_read_is_no_write_and_has_a_limit_of_its_own(
    harness: GatewayHarness, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(routes, "MARKS_PER_MINUTE", 3)
    headers = {"Authorization": client.http.headers["Authorization"]}
    url = "/api/v1/notifications/read"
    async with harness.gateway(writes_per_minute=1) as http:
        marks = [await http.post(url, json={"all": True}, headers=headers) for _ in range(4)]
        key = await http.post("/api/v1/api-keys", json=KEY_BODY, headers=headers)
    assert [answer.status_code for answer in marks] == [200, 200, 200, 429]
    assert key.status_code == 201, "the one write is left"
