"""Listeners to live changes, over server-sent events and over sockets; they come back by themselves."""

import asyncio
import itertools
import json
import random
import socket
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from typing import Any
from urllib.parse import urlsplit

import httpx
from websockets.asyncio.client import connect
from websockets.exceptions import WebSocketException

from libs.events.values import AccountId
from libs.eventsourcing.values import utc_now

_RETRY_SECONDS = 0.5
_LOST = (OSError, EOFError, ValueError, httpx.HTTPError, WebSocketException)


@dataclass
class Listener:
    """One listener, with what it got: the times of the changes, and how late they came."""

    account: AccountId
    headers: dict[str, str]
    over_socket: bool
    last: str = ""
    got: list[datetime] = field(default_factory=list[datetime])
    late: list[float] = field(default_factory=list[float])
    listening: bool = False
    joined: int = 0
    """How often it was connected."""

    def note(self, key: str, change: dict[str, Any]) -> None:
        """Note a change."""
        at = datetime.fromisoformat(change["at"])
        self.last = key
        self.got.append(at)
        self.late.append((utc_now() - at).total_seconds())

    async def run(self, urls: Callable[[], str]) -> None:
        """Listen until cancelled; after each end, connect again to what `urls` returns then."""
        while True:
            with suppress(*_LOST):
                await (self._over_socket(urls()) if self.over_socket else self._over_events(urls()))
            self.listening = False
            await asyncio.sleep(random.uniform(0, 2 * _RETRY_SECONDS))

    async def _over_events(self, url: str) -> None:
        resumed = {"Last-Event-ID": self.last} if self.last else {}
        reader, writer = await request(url, self.headers | resumed)
        try:
            async for kind, key, data in events(reader):
                if kind == "change":
                    self.note(key, json.loads(data))
                elif kind == "retry":
                    self._begun()
                elif key:
                    self.last = key
        finally:
            writer.close()

    async def _over_socket(self, url: str) -> None:
        opening = {"ticket": await ticket(url, self.headers)} | ({"after": self.last} if self.last else {})
        async with connect(f"ws{url.removeprefix('http')}/api/v1/live/socket", compression=None) as opened:
            await opened.send(json.dumps(opening))
            async for text in opened:
                message = json.loads(text)
                if message["type"] == "change":
                    self.note(message["id"], message["data"])
                elif message["type"] == "ready":
                    self._begun()
                elif "id" in message:
                    self.last = message["id"]

    def _begun(self) -> None:
        self.listening = True
        self.joined += 1


@dataclass
class Audience:
    """All listeners, and the gateways that they may connect to, one as good as the other."""

    listeners: Sequence[Listener]
    urls: list[str] = field(default_factory=list[str])

    def __post_init__(self) -> None:
        self._turn = itertools.count()

    def url(self) -> str:
        """Return a gateway's address, in turn."""
        if not self.urls:
            raise ConnectionError("no gateway runs")
        return self.urls[next(self._turn) % len(self.urls)]

    async def until(self, reached: Callable[[Listener], bool], seconds: float) -> float | None:
        """Wait until all have reached something; return after how many seconds, None if not in time."""
        begin = time.perf_counter()
        while not all(map(reached, self.listeners)):
            if time.perf_counter() > begin + seconds:
                return None
            await asyncio.sleep(0.02)
        return time.perf_counter() - begin


async def request(
    url: str, headers: dict[str, str], *, small: bool = False
) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """Ask for the live changes; with `small`, with as small a receive buffer as the system permits."""
    parts = urlsplit(url)
    sock = socket.socket()
    if small:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1)
    sock.setblocking(False)  # noqa: FBT003 - the name of the parameter is its only one
    await asyncio.get_running_loop().sock_connect(sock, (parts.hostname, parts.port))
    reader, writer = await asyncio.open_connection(sock=sock)
    lines = ["GET /api/v1/live HTTP/1.1", f"Host: {parts.netloc}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    writer.write("\r\n".join([*lines, "", ""]).encode())
    return reader, writer


async def ticket(url: str, headers: dict[str, str]) -> str:
    """Return a ticket for a socket."""
    answer = await _http().post(f"{url}/api/v1/live/tickets", headers=headers)
    answer.raise_for_status()
    return str(answer.json()["ticket"])


@cache
def _http() -> httpx.AsyncClient:
    """Return one client for all tickets: making one takes longer than a thousand requests."""
    return httpx.AsyncClient(timeout=30, verify=False, limits=httpx.Limits(max_connections=50))


async def events(reader: asyncio.StreamReader) -> AsyncIterator[tuple[str, str, str]]:
    """Yield kind, id and data of each event; `retry` for the beginning of the stream."""
    fields: dict[str, str] = {}
    while line := await reader.readline():
        name, _, value = line.decode().strip().partition(": ")
        if name == "retry":
            yield "retry", "", ""
        elif name in {"id", "event", "data"}:
            fields[name] = value
        elif not line.strip() and fields:
            yield fields.get("event", ""), fields.get("id", ""), fields.get("data", "")
            fields = {}
