"""Live changes over HTTP: of what the caller owns, resumed, from any replica; all of them for operators."""

import json
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import timedelta
from typing import Any, cast

import httpx
import pytest

from libs.events.scheduler import AdbotStarted
from libs.events.values import AdbotId
from libs.eventsourcing import Sql
from libs.eventsourcing.values import utc_now
from services.gateway.api.requests import listening
from services.gateway.live.changes import key_of
from services.gateway.live.message import Mark
from services.gateway.tables.changes import SOURCES, latest_changes
from tests.deadlines import DEADLINE_SECONDS
from tests.integration.gateway.harness import Client, GatewayHarness
from tests.integration.gateway.signing_in import make_key
from tests.integration.gateway.test_live_lines import Stream
from tests.support.queries import Queries


@asynccontextmanager
async def changes(http: httpx.AsyncClient, last: str = "", path: str = "live") -> AsyncGenerator[Stream]:
    headers = {"Last-Event-ID": last} if last else {}
    async with http.stream("GET", path, headers=headers) as answer:
        assert answer.status_code == 200, await answer.aread()
        yield Stream(answer)


async def of_a_thing(stream: Stream) -> tuple[str, Any]:
    """Return the next change of an adbot or order: its owner's notifications are raised at any time."""
    while (found := await stream.next("change"))[1]["kind"] == "notification":
        pass
    return found


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
            one = (await of_a_thing(stream))[1]
            found.add((one["kind"], one["id"], one["event"]))
    assert found == expected


async def test_a_listener_that_comes_back_misses_no_change(harness: GatewayHarness) -> None:
    client = await harness.client()
    async with changes(client.http) as stream:
        adbot = await harness.adbot(client)
        last, first = await of_a_thing(stream)
    await start(harness, adbot)
    await harness.expire(client.order)
    missed = set[str]()
    async with changes(client.http, last) as stream:
        while not missed >= {"expired", "started"}:
            missed.add((await stream.next("change"))[1]["event"])
    assert first["event"] == "delivered"
    assert "delivered" not in missed


async def test_a_listener_without_changes_resumes_after_its_last_heartbeat(
    harness: GatewayHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listening, "HEARTBEAT_SECONDS", 0.05)
    client, other = await harness.client(), await harness.client()
    async with changes(client.http) as stream:
        await harness.cancel(other.order)
        adbot = await harness.adbot(client)
        await stream.next("change")
        before = last = await stream.heartbeat()
        await start(harness, await harness.adbot(other))
        while last == before:
            last = await stream.heartbeat()
    await start(harness, adbot)
    async with changes(client.http, last) as stream:
        assert (await of_a_thing(stream))[1]["event"] == "started"


async def test_who_was_away_for_days_is_told_to_look_at_everything_again(
    harness: GatewayHarness, client: Client
) -> None:
    for days, expected in ((1, "change"), (3, "gap")):
        last = key_of({}, utc_now() - timedelta(days=days))
        async with changes(client.http, last) as stream:
            if days == 1:
                await start(harness, await harness.adbot(client))
            assert (await stream.any())[0] == expected


async def cancelled(stream: Stream) -> dict[str, Any]:
    """Return the next change by which an order was cancelled."""
    while (found := (await stream.next("change"))[1])["event"] != "cancelled":
        pass
    return dict(found)


class Explained:
    """Stands for `Sql`: counts how many rows of the table of changes its queries read."""

    def __init__(self, queries: Queries) -> None:
        self._queries = queries
        self.read = 0.0

    async def fetch(self, query: str, *values: object) -> list[object]:
        plan = await self._queries.value(f"explain (analyze, format json) {query}", *values)
        self._count(json.loads(plan)[0]["Plan"])
        return []

    def _count(self, node: dict[str, Any]) -> None:
        if str(node.get("Relation Name")).startswith("changes"):
            read = node["Actual Rows"] + node.get("Rows Removed by Filter", 0)
            self.read += read * node["Actual Loops"]
        for inner in node.get("Plans", []):
            self._count(inner)


async def test_a_listener_that_was_away_for_long_costs_what_it_missed(harness: GatewayHarness) -> None:
    client, other = await harness.client(), await harness.client()
    adbots = [str(await harness.adbot(one)) for one in (client, other)]
    async with AsyncExitStack() as stack:
        queries = Queries(harness.gateway_database)
        stack.push_async_callback(queries.close)
        await queries.rows("set search_path to changes, adbots, orders, notifications")
        stack.push_async_callback(queries.rows, "delete from changes where event = 'of a test'")
        for adbot, changed in zip(adbots, (50, 20_000), strict=True):
            await queries.rows(
                "insert into changes select now(), 'forwarder', n, 1, 'adbot', $1, 'of a test' "
                "from generate_series(1, $2::int) as n",
                adbot,
                changed,
            )
        await queries.rows("analyze changes")
        until: Mark = dict.fromkeys(SOURCES, (2**62, 0))
        read: list[float] = []
        for account in (client.account, None):
            explained = Explained(queries)
            await latest_changes(cast("Sql", explained), account, {}, until, 10)
            read.append(explained.read)
    assert 10 <= read[0] < 200
    assert 10 <= read[1] < 500


async def test_every_replica_gives_changes_and_operators_get_all(
    harness: GatewayHarness, admin: httpx.AsyncClient
) -> None:
    client = await harness.client()
    async with AsyncExitStack() as stack:
        replica = await stack.enter_async_context(harness.gateway())
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
        first, second, third = [await cancelled(stream) for stream in streams]
    assert first["id"] == client.order
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


@pytest.mark.parametrize("path", ["api-keys/{key}", "auth/devices"])
async def test_listening_with_a_key_ends_when_it_is_revoked_and_with_another_epoch(
    harness: GatewayHarness, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    monkeypatch.setattr(listening, "LOOK_SECONDS", 0.05)
    monkeypatch.setattr(listening, "HEARTBEAT_SECONDS", 0.05)
    client = await harness.client()
    headers = {"Authorization": f"Bearer {await make_key(client, 'read')}"}
    (key,) = (await client.get("api-keys"))["items"]
    async with (
        httpx.AsyncClient(base_url=client.http.base_url, headers=headers, timeout=DEADLINE_SECONDS) as script,
        changes(script) as stream,
    ):
        assert (await client.http.delete(path.format(key=key["id"]))).status_code == 204
        assert (await stream.next("end"))[1] == {"code": "signed_out"}


@pytest.mark.parametrize("malformed", ["x", "eA", "W10", "é"])
async def test_a_malformed_id_is_refused(client: Client, malformed: str) -> None:
    answer = await client.http.get("live", headers={b"Last-Event-ID": malformed.encode()})
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_request")


async def test_nobody_listens_without_a_token(http: httpx.AsyncClient, client: Client) -> None:
    assert (await http.get("/api/v1/live")).status_code == 401
    assert (await client.http.get("admin/live")).status_code == 403
