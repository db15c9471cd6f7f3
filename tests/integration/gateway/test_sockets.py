"""Live changes and lines over a WebSocket."""

import asyncio
import json
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from typing import Any

import httpx
import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from libs.chassis.sockets import MOST_BYTES
from libs.events.values import ResultClass
from libs.eventsourcing.errors import Transient
from libs.eventsourcing.values import new_id
from services.gateway.api.identity.door import Door
from services.gateway.api.live import sockets
from services.gateway.api.requests import listening
from services.gateway.api.requests.limits import FairLimit
from services.gateway.live import changes as live_changes
from tests.deadlines import DEADLINE_SECONDS
from tests.integration.gateway.harness import Client, GatewayHarness, operator
from tests.integration.gateway.sending import advertised, delivery
from tests.integration.gateway.signing_in import sign_in_with_second_factor
from tests.support.queries import Queries


def url_of(http: httpx.AsyncClient) -> str:
    return f"ws://{http.base_url.host}:{http.base_url.port}/api/v1/live/socket"


async def ticket(client: Client) -> str:
    answer = await client.http.post("live/tickets")
    assert answer.status_code == 200, answer.text
    return str(answer.json()["ticket"])


async def received(socket: ClientConnection, kind: str) -> dict[str, Any]:
    """Return the next message of a kind."""
    async with asyncio.timeout(DEADLINE_SECONDS):
        while True:
            message: dict[str, Any] = json.loads(await socket.recv())
            if message["type"] == kind:
                return message


async def of_a_thing(socket: ClientConnection) -> dict[str, Any]:
    """Return the next change of an adbot or order: its owner's notifications are raised at any time."""
    while (message := await received(socket, "change"))["data"]["kind"] == "notification":
        pass
    return message


async def closed(socket: ClientConnection) -> tuple[int, str]:
    """Return code and reason with which the gateway closes a socket."""
    async with asyncio.timeout(DEADLINE_SECONDS):
        with suppress(ConnectionClosed):
            while True:
                await socket.recv()
    assert socket.close_code is not None
    return socket.close_code, socket.close_reason or ""


@asynccontextmanager
async def opened(
    client: Client, http: httpx.AsyncClient | None = None, **first: str
) -> AsyncGenerator[ClientConnection]:
    first["ticket"] = await ticket(client)
    async with connect(url_of(http or client.http)) as socket:
        await socket.send(json.dumps(first))
        await received(socket, "ready")
        yield socket


async def test_a_ticket_opens_a_socket_with_the_changes_of_its_owner(harness: GatewayHarness) -> None:
    client = await harness.client()
    async with opened(client) as socket:
        await harness.adbot(await harness.client())
        await harness.cancel(client.order)
        message = await of_a_thing(socket)
    assert (message["data"]["kind"], message["data"]["id"]) == ("order", client.order)
    await harness.adbot(client)
    async with opened(client, after=message["id"]) as socket:
        missed = await of_a_thing(socket)
        assert missed["data"]["event"] == "delivered"


async def test_who_missed_more_than_is_sent_again_is_told(
    harness: GatewayHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = await harness.client()
    async with opened(client) as socket:
        await harness.cancel(client.order)
        last = (await of_a_thing(socket))["id"]
    for _ in range(2):
        await harness.adbot(client)
    for module in (sockets, live_changes):
        monkeypatch.setattr(module, "RESUMED", 1)
    async with opened(client, after=last) as socket:
        assert (await received(socket, "gap"))["data"] == {"kept": 1}
        assert (await received(socket, "change"))["data"]["event"] in {"delivered", "raised"}


async def test_a_socket_gets_the_lines_of_the_logs_that_it_asks_for(harness: GatewayHarness) -> None:
    client = await harness.client()
    ad = await advertised(harness, client, "@alpha")
    other = await advertised(harness, await harness.client(), "@alpha")
    async with opened(client) as socket:
        await socket.send(json.dumps({"listen": str(other.adbot)}))
        assert (await received(socket, "refused"))["data"]["code"] == "unknown_adbot"
        await socket.send(json.dumps({"listen": str(ad.adbot)}))
        found = asyncio.create_task(received(socket, "line"))
        while not found.done():  # until the listener has joined, lines pass
            await other.send(delivery("@alpha", None, ResultClass.SENT))
            await ad.send(delivery("@alpha", None, ResultClass.SENT))
            await asyncio.wait({found}, timeout=0.2)
    assert found.result()["data"]["group"] == "@alpha"


async def test_a_ticket_is_good_once_and_on_every_replica(harness: GatewayHarness) -> None:
    client = await harness.client()
    async with harness.gateway() as replica:
        first = json.dumps({"ticket": await ticket(client)})
        async with connect(url_of(replica)) as socket:
            await socket.send(first)
            await received(socket, "ready")
        async with connect(url_of(client.http)) as socket:
            await socket.send(first)
            assert (await closed(socket))[0] == 4001


@pytest.mark.parametrize(
    "first", ["", "x", "{}", '{"ticket": 1}', '{"ticket": "x", "after": "y"}', "[" * 3000]
)
async def test_a_malformed_first_message_is_refused(client: Client, first: str) -> None:
    async with connect(url_of(client.http)) as socket:
        await socket.send(first)
        assert (await closed(socket))[0] == 4000


async def test_who_shows_no_ticket_is_disconnected(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sockets, "FIRST_SECONDS", 0.1)
    async with connect(url_of(client.http)) as socket:
        assert await closed(socket) == (4001, "no ticket in time")


async def test_a_ticket_of_a_device_that_was_signed_out_opens_nothing(harness: GatewayHarness) -> None:
    client = await harness.client()
    first = json.dumps({"ticket": await ticket(client)})
    await client.http.post("auth/sign-out")
    async with connect(url_of(client.http)) as socket:
        await socket.send(first)
        assert (await closed(socket))[0] == 4001


async def test_a_ticket_that_has_expired_opens_nothing(harness: GatewayHarness) -> None:
    first = json.dumps({"ticket": await ticket(await harness.client())})
    queries = Queries(harness.gateway_database)
    await queries.rows("update live_tickets.tickets set expires_at = now() - interval '1 second'")
    await queries.close()
    async with connect(url_of(harness.http)) as socket:
        await socket.send(first)
        assert (await closed(socket))[0] == 4001


async def test_a_socket_ends_when_the_device_is_signed_out(
    harness: GatewayHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listening, "LOOK_SECONDS", 0.05)
    monkeypatch.setattr(listening, "HEARTBEAT_SECONDS", 0.05)
    client = await harness.client()
    async with opened(client) as socket:
        await received(socket, "heartbeat")
        await client.http.post("auth/sign-out")
        assert await closed(socket) == (4001, "signed_out")


async def test_a_page_of_another_site_opens_no_socket(client: Client) -> None:
    with pytest.raises(Exception, match="403"):
        async with connect(url_of(client.http), additional_headers={"Origin": "https://evil.example.org"}):
            pass
    host = f"http://{client.http.base_url.host}:{client.http.base_url.port}"
    async with connect(url_of(client.http), additional_headers={"Origin": host}):
        pass
    with pytest.raises(Exception, match="403"):
        async with connect(url_of(client.http), additional_headers={"Origin": "http://["}):
            pass


async def test_a_stranger_sends_no_long_message(client: Client) -> None:
    async with connect(url_of(client.http)) as socket:
        await socket.send("x" * (MOST_BYTES + 1))
        assert (await closed(socket))[0] == 1009


async def test_one_address_does_not_take_the_places_of_all_that_wait(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sockets, "_STRANGERS", FairLimit(200, of_caller=1))
    async with connect(url_of(client.http)), connect(url_of(client.http)) as second:
        assert (await closed(second))[0] == 4029


async def test_behind_a_proxy_clients_have_addresses_of_their_own_and_pages_the_sites_origin(
    harness: GatewayHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sockets, "_STRANGERS", FairLimit(200, of_caller=1))
    settings = {"trusted_proxies": "127.0.0.0/8", "site_url": "https://ads.example.org/app"}
    client = await harness.client()
    first = json.dumps({"ticket": await ticket(client)})
    async with harness.gateway(**settings) as http:
        waiting, page = [
            {"X-Forwarded-For": address, "X-Forwarded-Proto": "https", "Origin": "https://ads.example.org"}
            for address in ("192.0.2.1", "192.0.2.2")
        ]
        async with (
            connect(url_of(http), additional_headers=waiting),
            connect(url_of(http), additional_headers=page) as socket,
        ):
            await socket.send(first)
            await received(socket, "ready")


async def test_trouble_with_the_database_ends_a_socket_instead_of_silencing_it(
    harness: GatewayHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def trouble(*_: object) -> bool:
        raise Transient("the database is being restarted")

    client = await harness.client()
    async with opened(client) as socket:
        monkeypatch.setattr(sockets, "owners_of", trouble)
        await socket.send(json.dumps({"listen": str(new_id())}))
        assert await closed(socket) == (1013, "service_unavailable")
    monkeypatch.setattr(listening, "LOOK_SECONDS", 0.05)
    monkeypatch.setattr(listening, "HEARTBEAT_SECONDS", 0.05)
    async with opened(client) as socket:
        monkeypatch.setattr(Door, "still_valid", trouble)
        assert await closed(socket) == (1013, "service_unavailable")
    first = json.dumps({"ticket": await ticket(client)})
    async with connect(url_of(client.http)) as socket:
        await socket.send(first)
        assert await closed(socket) == (1013, "service_unavailable")


async def test_a_socket_sends_so_many_messages_and_no_more(
    harness: GatewayHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sockets, "WISHES_PER_MINUTE", 2)
    async with opened(await harness.client()) as socket:
        for _ in range(3):
            await socket.send("{}")
        assert await closed(socket) == (4029, "too_many_requests")


async def test_later_messages_are_wishes(harness: GatewayHarness, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sockets, "MOST_LOGS", 1)
    client = await harness.client()
    first, second = [await harness.adbot(client) for _ in range(2)]
    async with opened(client) as socket:
        await socket.send("{]")
        assert (await closed(socket))[0] == 4000
    async with opened(client) as socket:
        for adbot in (first, second):
            await socket.send(json.dumps({"listen": str(adbot)}))
        assert (await closed(socket))[0] == 4029
    async with opened(client) as socket:
        for wish in ({"listen": str(first)}, {"leave": str(first)}, {"listen": str(second)}):
            await socket.send(json.dumps(wish))
        await harness.cancel(client.order)
        assert (await of_a_thing(socket))["data"]["event"] == "cancelled"


async def test_an_operator_sees_logs_of_others_from_the_operators_networks_only(
    harness: GatewayHarness,
) -> None:
    theirs, admin = await harness.adbot(await harness.client()), await harness.client()
    async with operator(harness.http) as script:
        await script.put(f"accounts/{admin.account}/role", json={"role": "ADMIN"})
    token = await sign_in_with_second_factor(harness.http, admin)
    refused: list[bool] = []
    for networks in ("127.0.0.0/8", "198.51.100.0/24"):
        async with harness.gateway(admin_networks=networks) as replica:
            issued = await replica.post("/api/v1/live/tickets", headers={"Authorization": f"Bearer {token}"})
            async with connect(url_of(replica)) as socket:
                await socket.send(json.dumps({"ticket": issued.json()["ticket"]}))
                await received(socket, "ready")
                await socket.send(json.dumps({"listen": str(theirs)}))
                await socket.send(json.dumps({"listen": str(new_id())}))
                first = (await received(socket, "refused"))["data"]["adbot"]
                refused.append(first == str(theirs))
    assert refused == [False, True]
