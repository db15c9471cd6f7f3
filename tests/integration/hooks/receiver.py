"""A receiver of webhooks on loopback: notes what it gets, and answers as a test wants."""

import asyncio
import ssl
from collections import deque
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

from standardwebhooks.webhooks import Webhook

from tests.support.waiting import until

OK = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"


def answer(status: int, *headers: str, body: bytes = b"") -> bytes:
    """Return an answer of this status."""
    lines = [f"HTTP/1.1 {status} X", f"content-length: {len(body)}", *headers, "", ""]
    return "\r\n".join(lines).encode() + body


@dataclass(frozen=True)
class Request:
    """A request that arrived."""

    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def id(self) -> str:
        """The message's id."""
        return self.headers["webhook-id"]

    def verified(self, secret: str) -> Any:  # noqa: ANN401 - JSON
        """Return the body; raise unless a signature was made with this secret, after the public library."""
        return Webhook(secret).verify(self.body, self.headers)


@dataclass
class Receiver:
    """A receiver. The next answers are in `answers`; then it answers 200. None: it hangs."""

    url: str = ""
    answers: deque[bytes | None] = field(default_factory=deque[bytes | None])
    usual: bytes | None = OK
    got: list[Request] = field(default_factory=list[Request])
    in_flight: int = 0
    most_in_flight: int = 0

    async def wait_for(self, count: int) -> list[Request]:
        """Return the requests once there are so many."""

        async def enough() -> bool:
            return len(self.got) >= count

        await until(enough)
        return self.got

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer one request."""
        self.in_flight += 1
        self.most_in_flight = max(self.most_in_flight, self.in_flight)
        try:
            with suppress(OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
                self.got.append(await _read(reader))
                reply = self.answers.popleft() if self.answers else self.usual
                if reply is None:
                    await reader.read()  # until the other side hangs up
                else:
                    writer.write(reply)
                    await writer.drain()
        finally:
            self.in_flight -= 1
            writer.close()


async def _read(reader: asyncio.StreamReader) -> Request:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    named = (line.split(": ", 1) for line in head[1:] if line)
    headers = {name.lower(): value for name, value in named}
    body = await reader.readexactly(int(headers["content-length"]))
    return Request(head[0].split(" ")[1], headers, body)


@asynccontextmanager
async def receiving(tls: ssl.SSLContext | None = None) -> AsyncGenerator[Receiver]:
    """Yield a receiver that listens on a free port of 127.0.0.1."""
    receiver = Receiver()
    server = await asyncio.start_server(receiver.serve, "127.0.0.1", 0, ssl=tls)
    port = server.sockets[0].getsockname()[1]
    receiver.url = f"{'https' if tls else 'http'}://127.0.0.1:{port}/hook"
    try:
        yield receiver
    finally:
        server.close()
