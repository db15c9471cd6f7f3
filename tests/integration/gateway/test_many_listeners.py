"""Two hundred listeners on one gateway, over events and sockets, by few queries."""

import asyncio
import json
from collections.abc import Sequence
from contextlib import AsyncExitStack
from typing import Any

import httpx
import pytest
from websockets.asyncio.client import ClientConnection, connect

from services.gateway.live.changes import Changes
from tests.deadlines import DEADLINE_SECONDS
from tests.integration.gateway.harness import Client, GatewayHarness
from tests.integration.gateway.test_live_lines import Stream

ACCOUNTS, EACH = 40, 5
WANTED = ("order", "cancelled")


class Listeners:
    """The listeners of one account, some of each kind."""

    def __init__(self, client: Client, http: httpx.AsyncClient) -> None:
        self.client, self._http = client, http

    async def begin(self, stack: AsyncExitStack) -> None:
        """Connect all of them to one gateway."""
        headers = {"Authorization": self.client.http.headers["Authorization"]}
        self._streams = [
            Stream(await stack.enter_async_context(self._http.stream("GET", "/api/v1/live", headers=headers)))
            for _ in range(EACH // 2)
        ]
        address = f"ws://{self._http.base_url.host}:{self._http.base_url.port}/api/v1/live/socket"
        self._sockets: list[ClientConnection] = []
        for _ in range(EACH - EACH // 2):
            answer = await self._http.post("/api/v1/live/tickets", headers=headers)
            socket = await stack.enter_async_context(connect(address))
            await socket.send(json.dumps({"ticket": answer.json()["ticket"]}))
            assert json.loads(await socket.recv())["type"] == "ready"
            self._sockets.append(socket)

    async def orders(self) -> list[str]:
        """Return the cancelled order that each of them is told of."""
        looking = [self._of_stream(one) for one in self._streams]
        return await asyncio.gather(*looking, *(self._of_socket(one) for one in self._sockets))

    async def _of_stream(self, stream: Stream) -> str:
        while not (found := _cancelled((await stream.next("change"))[1])):
            pass
        return found

    async def _of_socket(self, socket: Any) -> str:  # noqa: ANN401 - of `websockets`
        while True:
            message = json.loads(await socket.recv())
            if message["type"] == "change" and (found := _cancelled(message["data"])):
                return found


def _cancelled(change: dict[str, str]) -> str | None:
    return change["id"] if (change["kind"], change["event"]) == WANTED else None


async def test_two_hundred_listeners_get_their_own_changes_by_few_queries(
    harness: GatewayHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks = 0
    between = Changes.between

    async def counted(self: Changes, *given: Any) -> Any:  # noqa: ANN401 - passed on
        nonlocal looks
        looks += 1
        return await between(self, *given)

    monkeypatch.setattr(Changes, "between", counted)
    clients = [await harness.client() for _ in range(ACCOUNTS)]
    async with AsyncExitStack() as stack:
        http = await stack.enter_async_context(harness.gateway(connections_per_address=1000))
        many = await stack.enter_async_context(
            httpx.AsyncClient(
                base_url=http.base_url, timeout=DEADLINE_SECONDS, limits=httpx.Limits(max_connections=None)
            )
        )
        listening = [Listeners(client, many) for client in clients]
        for one in listening:
            await one.begin(stack)
        for client in clients:
            await harness.cancel(client.order)
        async with asyncio.timeout(DEADLINE_SECONDS):
            found: Sequence[list[str]] = await asyncio.gather(*(one.orders() for one in listening))
    assert found == [[client.order] * EACH for client in clients]
    assert 0 < looks < ACCOUNTS * EACH, "one query serves all listeners"
