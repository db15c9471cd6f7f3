"""Live changes over HTTP: of what the caller owns, resumed, from any replica; all of them for operators."""

from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager

import httpx
import pytest

from libs.events.scheduler import AdbotStarted
from libs.events.values import AdbotId
from libs.eventsourcing.values import utc_now
from services.gateway.api.requests import listening
from tests.deadlines import DEADLINE_SECONDS
from tests.integration.gateway.harness import Client, GatewayHarness
from tests.integration.gateway.test_live_lines import Stream


@asynccontextmanager
async def changes(http: httpx.AsyncClient, last: str = "", path: str = "live") -> AsyncGenerator[Stream]:
    headers = {"Last-Event-ID": last} if last else {}
    async with http.stream("GET", path, headers=headers) as answer:
        assert answer.status_code == 200, await answer.aread()
        yield Stream(answer)


async def start(harness: GatewayHarness, adbot: AdbotId) -> None:
    now = utc_now()
    started = AdbotStarted(adbot=adbot, started_at=now, anchor=now, interval_seconds=3600)
    await harness.scheduler.publish(f"schedule-{adbot}", started)


async def test_changes_of_adbots_and_orders_come_to_their_owner_only(harness: GatewayHarness) -> None:
    client, other = await harness.client(), await harness.client()
    async with changes(client.http) as stream:
        await harness.adbot(other)
        adbot = await harness.adbot(client)
        await start(harness, adbot)
        await harness.cancel(client.order)
        expected = {
            ("adbot", str(adbot), "delivered"),
            ("adbot", str(adbot), "started"),
            ("order", client.order, "cancelled"),
        }
        found = set[tuple[str, ...]]()
        while len(found) < len(expected):
            one = (await stream.next("change"))[1]
            if one["kind"] != "notification":
                found.add((one["kind"], one["id"], one["event"]))
    assert found == expected


async def test_a_listener_that_comes_back_misses_no_change(harness: GatewayHarness) -> None:
    client = await harness.client()
    async with changes(client.http) as stream:
        adbot = await harness.adbot(client)
        last, first = await stream.next("change")
    await start(harness, adbot)
    await harness.expire(client.order)
    missed = set[str]()
    async with changes(client.http, last) as stream:
        while not missed >= {"expired", "started"}:
            missed.add((await stream.next("change"))[1]["event"])
    assert first["event"] == "delivered"
    assert "delivered" not in missed


async def test_every_replica_gives_changes_and_operators_get_all(
    harness: GatewayHarness, admin: httpx.AsyncClient
) -> None:
    client = await harness.client()
    async with AsyncExitStack() as stack:
        replica = await stack.enter_async_context(harness.gateway(postgres_url=harness.gateway_database))
        elsewhere = await stack.enter_async_context(
            httpx.AsyncClient(
                base_url=replica.base_url.join("/api/v1/"),
                headers=client.http.headers,
                timeout=DEADLINE_SECONDS,
            )
        )
        streams = [
            await stack.enter_async_context(changes(client.http)),
            await stack.enter_async_context(changes(elsewhere)),
            await stack.enter_async_context(changes(admin)),
        ]
        await harness.cancel(client.order)
        first, second, third = [(await stream.next("change"))[1] for stream in streams]
    assert first == second == third


async def test_the_notification_that_was_raised_can_be_read_at_once(harness: GatewayHarness) -> None:
    client = await harness.client()
    async with changes(client.http) as stream:
        await harness.expire(client.order)
        while (found := (await stream.next("change"))[1])["kind"] != "notification":
            pass
        listed = (await client.get("notifications"))["items"]
    assert found["id"] in {one["id"] for one in listed}


async def test_listening_ends_when_the_device_is_signed_out(
    harness: GatewayHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listening, "LOOK_SECONDS", 0.05)
    monkeypatch.setattr(listening, "HEARTBEAT_SECONDS", 0.05)
    client = await harness.client()
    async with changes(client.http) as stream:
        await client.http.post("auth/sign-out")
        assert (await stream.next("end"))[1] == {"code": "signed_out"}


@pytest.mark.parametrize("malformed", ["x", "eA", "W10", "é"])
async def test_a_malformed_id_is_refused(client: Client, malformed: str) -> None:
    answer = await client.http.get("live", headers={b"Last-Event-ID": malformed.encode()})
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_request")


async def test_nobody_listens_without_a_token(http: httpx.AsyncClient, client: Client) -> None:
    assert (await http.get("/api/v1/live")).status_code == 401
    assert (await client.http.get("admin/live")).status_code == 403
