"""The operator's routes of health, dead letters and tables; the other services do not answer."""

import asyncio
from typing import Any

import httpx

from libs.events.operations.dead_letters import BlockedStreams, ListBlockedStreams
from libs.eventsourcing.values import new_id
from tests.deadlines import DEADLINE_SECONDS
from tests.integration.gateway.answering import answering
from tests.integration.gateway.harness import GatewayHarness
from tests.support.queries import Queries
from tests.support.waiting import until

OTHERS = ["billing", "provisioning", "scheduler", "forwarder"]


async def _get(admin: httpx.AsyncClient, path: str) -> dict[str, Any]:
    answer = await admin.get(path)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def test_health_shows_who_answers_and_says_who_does_not(admin: httpx.AsyncClient) -> None:
    async def answered() -> dict[str, Any] | None:
        health = await _get(admin, "health")
        silent = {one["service"] for one in health["services"] if one["state"] == "SILENT"}
        return None if "gateway" in silent else health

    health = await until(answered)  # once the gateway itself does so in time
    states = {one["service"]: one["state"] for one in health["services"]}
    gateway = next(one for one in health["services"] if one["service"] == "gateway")
    silent = next(one for one in health["services"] if one["service"] == "billing")

    assert [service for service, state in states.items() if state == "SILENT"] == OTHERS
    assert silent["problems"] == ["billing does not answer"]
    assert len(gateway["processes"]) == 1
    assert gateway["relay"]["active"]
    assert {reader["name"] for reader in gateway["readers"]} == {"read-models", "reactions"}
    assert gateway["timers"]
    assert max(timer["late_seconds"] for timer in gateway["timers"]) < DEADLINE_SECONDS
    assert health["broker"]["messages"] > 0
    assert {one["queue"]: one["waiting"] for one in health["queues"]}["sends"] is None


async def test_a_dead_letter_of_an_unknown_stream_is_a_problem_and_the_act_is_logged_with_its_reason(
    admin: httpx.AsyncClient,
) -> None:
    stream = f"account-{new_id()}"
    body = {"service": "gateway", "reader": "reactions", "source": "gateway", "stream": stream}
    found = await _get(admin, "dead-letters")
    assert found["unanswered"] == OTHERS

    answer = await admin.post("dead-letters/retry", json={**body, "reason": "fixed the data"})
    assert (answer.status_code, answer.json()["code"]) == (404, "unknown_dead_letter")
    answer = await admin.post(
        "dead-letters/drop", json={**body, "event": str(new_id()), "rest": True, "reason": "a test"}
    )
    assert (answer.status_code, answer.json()["code"]) == (404, "unknown_dead_letter")
    answer = await admin.post("dead-letters/retry", json={**body, "service": "billing", "reason": "x"})
    assert (answer.status_code, answer.json()["code"]) == (503, "service_unavailable")

    acts = (await _get(admin, "activity?operation=retry_dead_letters&limit=2"))["items"]
    assert [one["outcome"] for one in acts] == ["service_unavailable", "unknown_dead_letter"]
    assert acts[1]["detail"] == f"{stream} of gateway for reader reactions of gateway: fixed the data"


async def test_services_with_more_blocked_streams_than_are_listed_are_named(
    admin: httpx.AsyncClient, harness: GatewayHarness
) -> None:
    async def many(question: ListBlockedStreams) -> BlockedStreams:
        del question
        return BlockedStreams(streams=(), more=True)

    async def few(question: ListBlockedStreams) -> BlockedStreams:
        del question
        return BlockedStreams(streams=(), more=False)

    async with (
        answering(harness, "billing", {ListBlockedStreams: many}),
        answering(harness, "scheduler", {ListBlockedStreams: few}),
    ):
        found = await _get(admin, "dead-letters")
    assert (found["more_in"], found["unanswered"]) == (["billing"], ["provisioning", "forwarder"])


async def test_a_table_is_rebuilt_while_the_gateway_serves(
    admin: httpx.AsyncClient, harness: GatewayHarness
) -> None:
    await harness.client()
    queries = Queries(harness.gateway_database)
    accounts = await queries.value("select count(*) from accounts.accounts")
    plan = await _get(admin, "tables/gateway/accounts")
    assert plan["events"] > 0
    assert plan["running"] == plan["version"]

    answer = await admin.post("tables/gateway/accounts/rebuild", json={"reason": "rows were wrong"})
    assert answer.status_code == 200, answer.text

    async def ended() -> dict[str, Any]:
        found = await _get(admin, "tables")
        gateway = next(one for one in found["services"] if one["service"] == "gateway")
        assert [one["table"] for one in gateway["rebuilds"]] == ["accounts"]
        return gateway if gateway["rebuilds"][0]["ended_at"] else {}

    gateway = await until(ended)
    assert gateway["rebuilds"][0]["state"] == "DONE", gateway["rebuilds"]
    table = next(one for one in gateway["tables"] if one["name"] == "accounts")
    assert [one["purpose"] for one in table["shadows"]] == ["archived"]
    assert await queries.value("select count(*) from accounts.accounts") >= accounts
    await queries.close()

    unknown = await admin.post("tables/gateway/nothing/rebuild", json={"reason": "x"})
    assert (unknown.status_code, unknown.json()["code"]) == (404, "unknown_table")


async def test_questions_at_the_same_time_are_all_answered(admin: httpx.AsyncClient) -> None:
    answers = await asyncio.gather(*(admin.get("tables/gateway/orders") for _ in range(8)))
    assert [one.status_code for one in answers] == [200] * 8
