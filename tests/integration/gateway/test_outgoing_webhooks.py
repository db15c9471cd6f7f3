"""Outgoing webhooks of accounts: routes, and messages of events."""

from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

import httpx
import pytest_asyncio

from libs.events.provisioning import SeatsAwaited
from tests.integration.gateway.harness import Client, GatewayHarness
from tests.integration.gateway.signing_in import make_key
from tests.integration.gateway.webhooks import added
from tests.integration.hooks.receiver import Receiver, answer, receiving
from tests.support.waiting import until


@pytest_asyncio.fixture(loop_scope="session")
async def receiver() -> AsyncIterator[Receiver]:
    async with receiving() as receiver:
        yield receiver


async def test_events_become_one_message_for_each_webhook_that_wants_them(
    harness: GatewayHarness, client: Client, receiver: Receiver
) -> None:
    other = await harness.client()
    async with receiving() as others, receiving() as off:
        wanted = ("adbot.delivered", "adbot.seats_awaited")
        hook = await added(client, receiver.url, *wanted)
        await added(other, others.url, *wanted)
        switched_off = await added(client, off.url, *wanted)
        await client.http.post(f"webhooks/{switched_off['id']}/off")
        adbot = await harness.adbot(client)
        await harness.provisioning.publish(f"adbot-{adbot}", SeatsAwaited(adbot=adbot, missing=2))
        await receiver.wait_for(2)
        bodies = {one.verified(hook["secret"])["type"]: one for one in receiver.got}
        assert set(bodies) == set(wanted)
        data = bodies["adbot.seats_awaited"].verified(hook["secret"])["data"]
        assert (data["kind"], data["id"], data["event"]) == ("adbot", str(adbot), "seats_awaited")
        log = (await client.get(f"webhooks/{hook['id']}/deliveries"))["items"]
        assert {one["id"] for one in log} == {one.id for one in receiver.got}
        assert len(receiver.got) == 2
        assert (others.got, off.got) == ([], [])


async def test_orders_and_notifications_are_told_too(
    harness: GatewayHarness, client: Client, receiver: Receiver
) -> None:
    hook = await added(client, receiver.url, "order.expired", "notification.raised")
    await harness.expire(client.order)

    async def raised() -> str | None:
        notifications = (await client.get("notifications"))["items"]
        return next((one["id"] for one in notifications if one["kind"] == "order_expired"), None)

    wanted = {("order.expired", client.order), ("notification.raised", await until(raised))}

    async def told() -> set[tuple[str, str]]:
        bodies = [one.verified(hook["secret"]) for one in receiver.got]
        return {(body["type"], body["data"]["id"]) for body in bodies}

    await until(told, wanted.issubset)  # that of the order's placing may come before


async def test_the_test_button_shows_what_came_back(client: Client, receiver: Receiver) -> None:
    hook = await added(client, receiver.url, "adbot.stopped")
    receiver.answers.append(answer(503, body=b"<b>\x00\xff later\n"))
    failed = (await client.http.post(f"webhooks/{hook['id']}/test")).json()
    assert (failed["taken"], failed["status"], failed["error"]) == (False, 503, "status")
    assert failed["body"] == "<b>\\x00\\xff later\n"
    taken = (await client.http.post(f"webhooks/{hook['id']}/test")).json()
    assert (taken["taken"], taken["status"], taken["error"], taken["body"]) == (True, 200, None, "ok")
    assert receiver.got[1].id == taken["message"]
    assert receiver.got[1].verified(hook["secret"])["type"] == "test"
    assert (await client.get(f"webhooks/{hook['id']}/deliveries"))["items"] == []
    statuses = [(await client.http.post(f"webhooks/{hook['id']}/test")).status_code for _ in range(9)]
    assert statuses == [200] * 8 + [429]


async def test_a_gateway_reaches_no_private_network_unless_it_is_a_trial(
    harness: GatewayHarness, client: Client, receiver: Receiver
) -> None:
    hook = await added(client, receiver.url, "adbot.stopped")
    async with harness.gateway(webhooks_private_networks=False) as http:
        headers = client.http.headers
        url = f"/api/v1/webhooks/{hook['id']}/test"
        answered = (await http.post(url, headers=headers)).json()
        assert (answered["taken"], answered["error"]) == (False, "private_address")
        body = {"url": receiver.url, "events": ["adbot.stopped"]}
        refused = await http.post("/api/v1/webhooks", json=body, headers=headers)
        assert (refused.status_code, refused.json()["code"]) == (422, "malformed_webhook_url")
    assert receiver.got == []


async def test_a_webhook_is_shown_changed_rotated_and_deleted(client: Client, receiver: Receiver) -> None:
    hook = await added(client, receiver.url, "adbot.stopped", "adbot.stopped")
    path, secret = f"webhooks/{hook['id']}", hook.pop("secret")
    assert secret.startswith("whsec_")
    assert await client.get(path) == hook
    assert (await client.get("webhooks"))["items"] == [hook]
    assert (hook["events"], hook["on"], hook["off_reason"]) == (["adbot.stopped"], True, None)
    body = {"url": receiver.url + "/2", "events": ["order.placed"]}
    changed = (await client.http.put(path, json=body)).json()
    assert changed == {**hook, **body, "description": ""}
    rotated = (await client.http.post(f"{path}/secret")).json()["secret"]
    await client.http.post(f"{path}/test")
    assert receiver.got[0].path == "/hook/2"
    assert receiver.got[0].verified(secret) == receiver.got[0].verified(rotated)
    off = (await client.http.post(f"{path}/off")).json()
    assert (off["on"], off["off_reason"]) == (False, "by_owner")
    assert (await client.http.post(f"{path}/on")).json()["on"] is True
    assert (await client.http.delete(path)).status_code == 204
    assert (await client.http.get(path)).json()["code"] == "unknown_webhook"
    assert (await client.get("webhooks"))["items"] == []


async def test_a_message_that_was_given_up_can_be_sent_again(
    harness: GatewayHarness, client: Client, receiver: Receiver
) -> None:
    receiver.answers.append(answer(410))
    hook = await added(client, receiver.url, "adbot.delivered")
    path = f"webhooks/{hook['id']}"
    await harness.adbot(client)

    async def given_up() -> Any:  # noqa: ANN401 - JSON
        items = (await client.get(f"{path}/deliveries"))["items"]
        return items[0] if items and items[0]["state"] == "given_up" else None

    line = await until(given_up)
    assert (line["detail"], line["last_status"], line["attempts"]) == ("gone", 410, 1)
    retry = f"{path}/deliveries/{line['id']}/retry"
    assert (await client.http.post(retry)).json()["code"] == "webhook_off"
    await client.http.post(f"{path}/on")
    assert (await client.http.post(retry)).status_code == 202
    first, second = await receiver.wait_for(2)
    assert first.id == second.id
    assert (await client.http.post(f"{path}/deliveries/{uuid4()}/retry")).status_code == 404
    (told,) = [one for one in (await client.get("notifications"))["items"] if one["kind"] == "webhook_off"]
    assert (told["webhook"], told["order_number"]) == (hook["id"], None)


async def test_the_log_comes_in_pages(harness: GatewayHarness, client: Client, receiver: Receiver) -> None:
    hook = await added(client, receiver.url, "adbot.delivered")
    for _ in range(3):
        await harness.adbot(client)
    await receiver.wait_for(3)
    path = f"webhooks/{hook['id']}/deliveries"
    first = await client.get(path, limit=2)
    rest = (await client.http.get(path, params={"cursor": first["next"]})).json()
    assert len({one["id"] for one in (*first["items"], *rest["items"])}) == 3
    assert rest["next"] is None
    assert (await client.http.get(path, params={"cursor": "eA=="})).status_code == 422


async def test_nobody_else_can_use_a_webhook(
    harness: GatewayHarness, client: Client, receiver: Receiver
) -> None:
    hook = await added(client, receiver.url, "adbot.stopped")
    other, path = await harness.client(), f"webhooks/{hook['id']}"
    body = {"url": receiver.url, "events": ["adbot.stopped"]}
    answers = [
        await other.http.get(path),
        await other.http.put(path, json=body),
        await other.http.delete(path),
        await other.http.get(f"{path}/deliveries"),
        await other.http.post(f"{path}/deliveries/{uuid4()}/retry"),
        *[await other.http.post(f"{path}/{act}") for act in ("test", "secret", "on", "off")],
    ]
    assert {one.json()["code"] for one in answers} == {"unknown_webhook"}
    assert receiver.got == []


async def test_an_api_key_can_not_add_or_change_webhooks(
    http: httpx.AsyncClient, client: Client, receiver: Receiver
) -> None:
    hook = await added(client, receiver.url, "adbot.stopped")
    headers = {"Authorization": f"Bearer {await make_key(client, 'control')}"}
    body, path = {"url": receiver.url, "events": ["adbot.stopped"]}, f"/api/v1/webhooks/{hook['id']}"
    answers = [
        await http.post("/api/v1/webhooks", json=body, headers=headers),
        await http.put(path, json=body, headers=headers),
        await http.post(f"{path}/secret", headers=headers),
        await http.post(f"{path}/on", headers=headers),
    ]
    assert {one.json()["code"] for one in answers} == {"device_needed"}
    assert (await http.post(f"{path}/test", headers=headers)).json()["taken"] is True


async def test_events_are_listed_and_others_refused(client: Client, receiver: Receiver) -> None:
    listed = {one["name"] for one in (await client.get("webhook-events"))["items"]}
    assert {"adbot.stopped", "order.fulfilled", "notification.raised"} <= listed
    assert not any("cycle" in name for name in listed)
    refused = await client.http.post("webhooks", json={"url": receiver.url, "events": ["*"]})
    assert (refused.status_code, refused.json()["code"]) == (422, "malformed_webhook_events")
