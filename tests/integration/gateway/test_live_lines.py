"""Live lines over HTTP: as they are folded, resumed, from any replica, limited, and until ownership ends."""

import asyncio
import json
from collections.abc import AsyncGenerator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import httpx
import pytest

from libs.events.values import AdbotId, ResultClass
from libs.eventsourcing.values import new_id, utc_now
from services.gateway.api.requests import listening as requests_listening
from services.gateway.live import feed
from tests.deadlines import DEADLINE_SECONDS
from tests.integration.gateway.harness import Client, GatewayHarness
from tests.integration.gateway.sending import Advertised, advertised, delivery
from tests.integration.gateway.signing_in import token_until
from tests.support.queries import Queries
from tests.support.waiting import until

SENT = ResultClass.SENT


@dataclass
class Stream:
    """A listening client."""

    answer: httpx.Response

    def __post_init__(self) -> None:
        self._text = self.answer.aiter_text()
        self._rest = ""

    async def next(self, kind: str = "line") -> tuple[str, Any]:
        """Return the id and the data of the next event of this kind."""
        fields = await self._first(lambda fields: fields.get("event") == kind)
        return fields.get("id", ""), json.loads(fields["data"])

    async def any(self) -> tuple[str, Any]:
        """Return the kind and the data of the next event of any kind."""
        fields = await self._first(lambda fields: "event" in fields)
        return fields["event"], json.loads(fields["data"])

    async def heartbeat(self) -> str:
        """Return the id of the next heartbeat that has one."""
        fields = await self._first(lambda fields: "event" not in fields and "id" in fields)
        return fields["id"]

    async def _first(self, wanted: Callable[[dict[str, str]], bool]) -> dict[str, str]:
        async with asyncio.timeout(DEADLINE_SECONDS):  # heartbeats keep the answer going
            while not wanted(fields := await self._fields()):
                pass
        return fields

    async def _fields(self) -> dict[str, str]:
        while "\n\n" not in self._rest:
            self._rest += await anext(self._text)
        event, _, self._rest = self._rest.partition("\n\n")
        return dict(line.split(": ", 1) for line in event.splitlines() if ": " in line)


@asynccontextmanager
async def listening(http: httpx.AsyncClient, adbot: AdbotId, last: str = "") -> AsyncGenerator[Stream]:
    headers = {"Last-Event-ID": last} if last else {}
    async with http.stream("GET", f"adbots/{adbot}/log/live", headers=headers) as answer:
        assert answer.status_code == 200, await answer.aread()
        yield Stream(answer)


async def test_lines_come_as_they_are_folded_and_only_of_the_adbot(
    client: Client, harness: GatewayHarness
) -> None:
    ad = await advertised(harness, client, "@alpha", "@bravo")
    other = await advertised(harness, client, "@charlie")
    await ad.send(delivery("@alpha", ad.seats[0], SENT))
    async with listening(client.http, ad.adbot) as stream:
        await other.send(delivery("@charlie", None, SENT))
        await ad.send(delivery("@alpha", ad.seats[0], SENT), delivery("@bravo", None, SENT))
        lines = [(await stream.next())[1] for _ in range(2)]
    assert [(line["group"], line["session"]) for line in lines] == [("@alpha", "+49…01"), ("@bravo", None)]
    logged = (await client.get(f"{ad.path}/logs"))["items"]
    assert lines == list(reversed(logged))[1:]


async def test_a_listener_that_comes_back_misses_nothing(client: Client, harness: GatewayHarness) -> None:
    ad = await advertised(harness, client, "@alpha", "@bravo", "@charlie")
    async with listening(client.http, ad.adbot) as stream:
        await ad.send(*(delivery(group, None, SENT) for group in ad.groups))
        last, _ = await stream.next()
    await ad.send(delivery("@alpha", None, ResultClass.STOPPED))
    async with listening(client.http, ad.adbot, last) as stream:
        missed = [(await stream.next())[1] for _ in range(3)]
        await ad.send(delivery("@bravo", None, ResultClass.STOPPED))
        missed.append((await stream.next())[1])
    assert [(line["group"], line["result"]) for line in missed] == [
        ("@bravo", "SENT"),
        ("@charlie", "SENT"),
        ("@alpha", "STOPPED"),
        ("@bravo", "STOPPED"),
    ]


async def test_every_replica_gives_the_lines(client: Client, harness: GatewayHarness) -> None:
    ad = await advertised(harness, client, "@alpha")
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
            await stack.enter_async_context(listening(http, ad.adbot)) for http in (client.http, elsewhere)
        ]
        await ad.send(delivery("@alpha", None, SENT))
        first, second = [await stream.next() for stream in streams]
    assert first == second


async def test_the_number_of_listeners_is_limited_and_leaving_makes_room(
    client: Client, harness: GatewayHarness
) -> None:
    ad = await advertised(harness, client, "@alpha")
    async with AsyncExitStack() as stack:
        for _ in range(5):
            await stack.enter_async_context(listening(client.http, ad.adbot))
        refused = await client.http.get(f"{ad.path}/log/live")
        assert (refused.status_code, refused.json()["code"]) == (429, "too_many_listeners")

    async def room() -> bool:
        async with client.http.stream("GET", f"{ad.path}/log/live") as answer:
            return answer.status_code == 200

    await until(room)


async def test_only_the_owner_listens(client: Client, harness: GatewayHarness) -> None:
    ad = await advertised(harness, await harness.client(), "@alpha")
    assert (await client.http.get(f"{ad.path}/log/live")).status_code == 404
    assert (await harness.http.get(f"/api/v1/{ad.path}/log/live")).status_code == 401


async def test_listening_ends_with_ownership(
    client: Client, harness: GatewayHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feed, "RIGHTS_SECONDS", 0.0)
    ad: Advertised = await advertised(harness, client, "@alpha")
    async with listening(client.http, ad.adbot) as stream:
        queries = Queries(harness.gateway_database)
        await queries.value("update adbots.adbots set account = $1 where adbot = $2", new_id(), ad.adbot)
        await queries.close()
        assert (await stream.next("end"))[1] == {"code": "not_yours"}


async def test_listening_ends_with_the_token(
    client: Client, harness: GatewayHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    ad = await advertised(harness, client, "@alpha")
    later = timedelta(minutes=4)  # a listener begins so long after its token was checked
    monkeypatch.setattr(requests_listening, "utc_now", lambda: utc_now() + later)
    token = token_until(client, utc_now() + later + timedelta(seconds=1))
    http = httpx.AsyncClient(
        base_url=client.http.base_url,
        headers={"Authorization": f"Bearer {token}"},
        timeout=DEADLINE_SECONDS,
    )
    async with http, listening(http, ad.adbot) as stream:
        assert (await stream.next("end"))[1] == {"code": "token_expired"}


async def test_listening_ends_with_the_process(client: Client, harness: GatewayHarness) -> None:
    ad = await advertised(harness, client, "@alpha")
    async with AsyncExitStack() as stack:
        replica = await stack.enter_async_context(harness.gateway())
        http = httpx.AsyncClient(
            base_url=replica.base_url.join("/api/v1/"),
            headers=client.http.headers,
            timeout=DEADLINE_SECONDS,
        )
        async with http, listening(http, ad.adbot) as stream:
            _, (_, end) = await asyncio.gather(stack.aclose(), stream.next("end"))
    assert end == {"code": "stopping"}
