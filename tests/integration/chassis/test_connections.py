"""Slow, silent, broken and too many connections, over real sockets."""

import asyncio
import json
import socket
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import pytest
import websockets
from prometheus_client import REGISTRY
from starlette.types import ASGIApp, Receive, Scope, Send

from libs.chassis.connections import ConnectionLimits, Connections, open_files
from libs.chassis.health import HttpServer
from libs.chassis.networks import Networks, networks_in
from libs.chassis.sockets import MOST_BYTES
from tests.deadlines import DEADLINE_SECONDS
from tests.support.waiting import until

GET = b"GET /quick HTTP/1.1\r\nHost: a\r\n\r\n"
CLOSE = b"\r\nConnection: close\r\n\r\n"
HANDSHAKE = (
    b"GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
)
MESSAGE = b"\x81\x80\x00\x00\x00\x00"
"""An empty text message of a WebSocket's client."""
SHORT = 0.05


@dataclass
class App:
    """Answers at once, or once `go` is set."""

    go: asyncio.Event = field(default_factory=asyncio.Event)
    begun: asyncio.Event = field(default_factory=asyncio.Event)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        body = b"done"
        if scope["path"] == "/slow":
            self.begun.set()
            await self.go.wait()
        elif scope["path"] == "/who":
            body = f"{scope['client'][0]} {scope['scheme']} done".encode()
        elif scope["path"] == "/large":
            body = b"x" * 4 * 1024 * 1024
        elif scope["path"] == "/body":
            self.begun.set()
            while (await receive()).get("more_body"):
                pass
        length = str(len(body)).encode()
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", length)]})
        await send({"type": "http.response.body", "body": body})


class Peer:
    """A client's end of a connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer

    def send(self, data: bytes) -> None:
        self._writer.write(data)

    async def rest(self) -> bytes:
        """Return all that comes until the server ends the connection."""
        received = bytearray()
        async with asyncio.timeout(DEADLINE_SECONDS):
            try:
                while piece := await self._reader.read(65536):
                    received += piece
            except ConnectionError:
                received += b" (reset)"
        return bytes(received)

    async def answer(self) -> bytes:
        """Return one answer of the app."""
        async with asyncio.timeout(DEADLINE_SECONDS):
            return await self._reader.readuntil(b"done")

    async def head(self) -> bytes:
        """Return the head of an answer."""
        async with asyncio.timeout(DEADLINE_SECONDS):
            return await self._reader.readuntil(b"\r\n\r\n")

    def close(self) -> None:
        self._writer.close()

    @property
    def port(self) -> int:
        """The server's port."""
        return int(self._writer.get_extra_info("peername")[1])


@asynccontextmanager
async def serving(
    app: ASGIApp | None = None, limits: ConnectionLimits | None = None
) -> AsyncGenerator[Callable[[bytes], "asyncio.Task[Peer]"]]:
    """Serve an app; yield a function that opens a connection and sends something."""
    server = HttpServer(app or App(), "127.0.0.1", 0, limits)
    running = asyncio.create_task(server.serve())
    await until(lambda: asyncio.sleep(0, server.started))
    peers: list[Peer] = []

    async def connect(data: bytes) -> Peer:
        client = socket.create_connection(("127.0.0.1", server.port))
        sent = client.send(data)  # before the server accepts the connection, and its deadline begins
        peer = Peer(*await asyncio.open_connection(sock=client))
        peers.append(peer)
        peer.send(data[sent:])
        return peer

    try:
        yield lambda data: asyncio.create_task(connect(data))
    finally:
        for peer in peers:
            peer.close()
        server.end()
        await running


def problem(answer: bytes) -> tuple[int, str]:
    """Return the status and the code of an answer that is a problem, and closes the connection."""
    head, _, body = answer.partition(b"\r\n\r\n")
    assert b"content-type: application/problem+json" in head
    assert b"connection: close" in head
    found = json.loads(body)
    assert found["correlation_id"]
    assert head.startswith(f"HTTP/1.1 {found['status']} ".encode())
    return found["status"], found["code"]


async def test_headers_that_do_not_arrive_in_time_are_answered_with_408() -> None:
    async with serving(limits=ConnectionLimits(header_seconds=SHORT)) as connect:
        peer = await connect(b"GET / HTTP/1.1\r\nHost: a\r\nX-Slow: ")
        assert problem(await peer.rest()) == (408, "header_timeout")


async def test_a_silent_connection_is_closed_without_an_answer() -> None:
    async with serving(limits=ConnectionLimits(header_seconds=SHORT)) as connect:
        assert await (await connect(b"")).rest() == b""
        assert await (await connect(b"\r\n")).rest() == b""


async def test_slow_headers_of_a_second_request_time_out_too() -> None:
    async with serving(limits=ConnectionLimits(header_seconds=SHORT)) as connect:
        peer = await connect(GET)
        await peer.answer()
        peer.send(b"GET / HTTP/1.1\r\n")
        assert problem(await peer.rest()) == (408, "header_timeout")


async def test_an_idle_connection_is_closed() -> None:
    async with serving(limits=ConnectionLimits(idle_seconds=1)) as connect:
        peer = await connect(GET)
        assert (await peer.answer()).startswith(b"HTTP/1.1 200 ")
        assert await peer.rest() == b""


async def test_a_request_in_progress_has_no_deadline_for_headers() -> None:
    app = App()
    async with serving(app, ConnectionLimits(header_seconds=SHORT)) as connect:
        peer = await connect(b"GET /slow HTTP/1.1\r\nHost: a\r\n\r\n")
        await app.begun.wait()
        await asyncio.sleep(2 * SHORT)
        app.go.set()
        assert (await peer.answer()).startswith(b"HTTP/1.1 200 ")


@pytest.mark.parametrize(
    "head",
    [
        b"GET /" + b"x" * 3000 + b" HTTP/1.1\r\n\r\n",
        b"GET / HTTP/1.1\r\nX: " + b"x" * 3000 + b"\r\n\r\n",
        b"GET / HTTP/1.1\r\nX: " + b"x" * 3000,  # not complete: the parser keeps it
        b"GET / HTTP/1.1\r\n" + b"X: y\r\n" * 21 + b"\r\n",
    ],
    ids=["target", "value", "incomplete", "number"],
)
async def test_large_headers_are_answered_with_431(head: bytes) -> None:
    async with serving(limits=ConnectionLimits(header_bytes=2000, headers=20)) as connect:
        assert problem(await (await connect(head)).rest()) == (431, "headers_too_large")


async def test_large_trailers_end_the_connection() -> None:
    app = App()
    async with serving(app, ConnectionLimits(header_bytes=2000)) as connect:
        peer = await connect(b"POST /body HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n")
        await app.begun.wait()
        peer.send(b"X: " + b"x" * 3000)
        assert problem(await peer.rest()) == (431, "headers_too_large")


async def test_headers_within_the_limits_and_a_large_body_pass() -> None:
    body = b"x" * 100_000
    head = b"POST /body HTTP/1.1\r\nContent-Length: 100000\r\nX: " + b"x" * 1000 + b"\r\n\r\n"
    async with serving(limits=ConnectionLimits(header_bytes=2000)) as connect:
        peer = await connect(head + body)
        assert (await peer.answer()).startswith(b"HTTP/1.1 200 ")


@pytest.mark.parametrize(
    "sent", [b"HELLO\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n", b"\x16\x03\x01\x02\x00\x01\x00"]
)
async def test_what_is_no_request_is_answered_with_400(sent: bytes) -> None:
    async with serving() as connect:
        assert problem(await (await connect(sent)).rest()) == (400, "malformed_request")


async def test_a_broken_second_request_does_not_look_like_the_answer_to_the_first() -> None:
    app = App()
    async with serving(app) as connect:
        peer = await connect(b"GET /slow HTTP/1.1\r\nHost: a\r\n\r\n")
        await app.begun.wait()
        peer.send(b"HELLO\r\n\r\n")
        assert await peer.rest() == b""
        app.go.set()


async def test_the_server_itself_believes_no_proxy() -> None:
    head = b"GET /who HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: 192.0.2.1\r\nX-Forwarded-Proto: https\r\n\r\n"
    async with serving() as connect:
        assert (await (await connect(head)).answer()).endswith(b"127.0.0.1 http done")


async def test_many_pipelined_requests_end_the_connection() -> None:
    app = App()
    async with serving(app, ConnectionLimits(pipelined=4)) as connect:
        peer = await connect(b"GET /slow HTTP/1.1\r\nHost: a\r\n\r\n" + GET * 3)
        await app.begun.wait()
        app.go.set()
        for _ in range(4):
            await peer.answer()
        app.go.clear()
        peer.send(b"GET /slow HTTP/1.1\r\nHost: a\r\n\r\n" + GET * 5)
        assert await peer.rest() == b""
        app.go.set()


async def test_the_rest_of_a_body_that_was_answered_has_a_deadline() -> None:
    async with serving(limits=ConnectionLimits(header_seconds=SHORT)) as connect:
        peer = await connect(b"POST /quick HTTP/1.1\r\nContent-Length: 1000000\r\n\r\nx")
        await peer.answer()
        assert await peer.rest() == b""


async def test_a_client_that_does_not_read_is_disconnected() -> None:
    async def closed() -> float:
        closed = REGISTRY.get_sample_value("adrelay_http_connections_closed_total", {"limit": "unread"})
        return closed or 0.0

    before = await closed()
    async with serving(limits=ConnectionLimits(unread_seconds=SHORT)) as connect:
        peer = await connect(b"GET /large HTTP/1.1\r\nHost: a\r\n\r\n")
        peer._reader._transport.pause_reading()  # type: ignore[attr-defined]
        await until(closed, lambda found: found > before)
        peer._reader._transport.resume_reading()  # type: ignore[attr-defined]
        assert len(await peer.rest()) < 4 * 1024 * 1024


async def test_connections_above_the_limit_are_refused_while_all_are_busy() -> None:
    app = App()
    async with serving(app, ConnectionLimits(most=1)) as connect:
        busy = await connect(b"GET /slow HTTP/1.1\r\nHost: a\r\n\r\n")
        await app.begun.wait()
        refused = await (await connect(b"")).rest()
        assert problem(refused) == (503, "too_many_connections")
        assert b"retry-after: " in refused
        app.go.set()
        await busy.answer()


async def accept(scope: Scope, receive: Receive, send: Send) -> None:
    """Accept a socket, and keep it until its client leaves; answer other requests."""
    if scope["type"] != "websocket":
        await App()(scope, receive, send)
        return
    await receive()
    await send({"type": "websocket.accept"})
    while (await receive())["type"] != "websocket.disconnect":
        await send({"type": "websocket.send", "text": "done"})


async def test_a_socket_counts_as_a_connection_until_it_is_closed() -> None:
    limits = ConnectionLimits(most=1, header_seconds=SHORT)
    async with serving(accept, limits) as connect:
        peer = await connect(HANDSHAKE)
        assert (await peer.head()).startswith(b"HTTP/1.1 101 ")
        assert problem(await (await connect(b"")).rest()) == (503, "too_many_connections")
        await asyncio.sleep(3 * SHORT)  # it has no deadline for headers any more
        peer.send(MESSAGE)
        assert await peer.answer()
        peer.close()

        async def room() -> bool:
            return (await (await connect(GET.replace(b"\r\n\r\n", CLOSE))).rest()).startswith(
                b"HTTP/1.1 200 "
            )

        await until(room)


async def test_a_large_message_ends_a_socket() -> None:
    async with serving(accept) as connect:
        port = (await connect(b"")).port
        async with websockets.connect(f"ws://127.0.0.1:{port}/") as client:
            await client.send("x" * (MOST_BYTES + 1))
            with pytest.raises(websockets.ConnectionClosedError) as closed:
                await client.recv()
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 1009


async def test_a_silent_connection_gives_way_to_another_one() -> None:
    async with serving(limits=ConnectionLimits(most=2)) as connect:
        first = await connect(b"")
        second = await connect(GET)
        await second.answer()
        third = await connect(GET)
        assert (await third.answer()).startswith(b"HTTP/1.1 200 ")
        assert await first.rest() == b""
        second.send(GET)
        assert (await second.answer()).startswith(b"HTTP/1.1 200 ")


async def test_a_connection_that_was_used_gives_way_once_it_is_idle() -> None:
    async with serving(limits=ConnectionLimits(most=1)) as connect:
        used = await connect(GET)
        await used.answer()
        other = await connect(GET)
        assert (await other.answer()).startswith(b"HTTP/1.1 200 ")
        assert await used.rest() == b""


def test_the_time_without_a_request_is_the_servers_own() -> None:
    server = HttpServer(App(), "127.0.0.1", 0, ConnectionLimits(idle_seconds=7))
    assert server.config.timeout_keep_alive == 7


class Held:
    def __init__(self, host: str) -> None:
        self.host = host
        self.evicted = False

    def evict(self) -> None:
        self.evicted = True


def test_one_address_has_a_limited_number_of_connections_unless_it_is_a_proxy() -> None:
    limits = ConnectionLimits(most_per_address=2, unlimited=networks_in("192.0.2.0/24"))
    all_of_them = Connections(limits)
    own = [Held("2001:db8::1"), Held("2001:db8::2"), Held("2001:db8::3")]
    assert [all_of_them.enter(one) for one in own] == [None, None, "address"]
    assert all_of_them.enter(Held("2001:db8:0:1::1")) is None, "another network"
    assert {all_of_them.enter(Held(host)) for host in ["192.0.2.1", "127.0.0.1"] * 3} == {None}
    all_of_them.leave(own[0])
    assert all_of_them.enter(own[2]) is None
    assert len(all_of_them) == 9


def test_busy_connections_are_not_evicted() -> None:
    full = Connections(ConnectionLimits(most=2))
    busy, silent = Held("192.0.2.1"), Held("192.0.2.2")
    assert (full.enter(busy), full.enter(silent)) == (None, None)
    full.busy(busy)
    assert full.enter(Held("192.0.2.3")) is None
    assert (busy.evicted, silent.evicted) == (False, True)


def test_no_more_connections_are_permitted_than_the_system_opens_files(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    raised: list[tuple[int, int]] = []

    def get(_: int) -> tuple[int, int]:
        return 512, 600

    def put(_: int, limits: tuple[int, int]) -> None:
        raised.append(limits)

    monkeypatch.setattr("resource.getrlimit", get)
    monkeypatch.setattr("resource.setrlimit", put)
    assert open_files(2000) == 600 - 256
    assert raised == [(600, 600)]


def test_networks_are_read_from_text() -> None:
    assert str(networks_in(" 10.0.0.0/8, 2001:db8::/32,")) == "10.0.0.0/8,2001:db8::/32"
    assert not Networks()
    with pytest.raises(ValueError, match=r"10\.0\.0\.1/8 is no network"):
        networks_in("10.0.0.1/8")
