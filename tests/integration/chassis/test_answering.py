"""A service counts as started once the broker knows its subscriptions."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

from libs.eventsourcing import Engine
from tests.integration.chassis.serving import serving


@asynccontextmanager
async def recorded(url: str) -> AsyncGenerator[tuple[str, bytearray]]:
    """Yield the address of a relay to the broker, and all bytes that it was sent on its one connection."""
    server, sent = urlsplit(url), bytearray()

    async def carry(
        reader: asyncio.StreamReader, writer: asyncio.StreamWriter, into: bytearray | None = None
    ) -> None:
        while chunk := await reader.read(65_536):
            if into is not None:
                into += chunk
            writer.write(chunk)
        writer.close()

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        broker = await asyncio.open_connection(server.hostname, server.port)
        await asyncio.gather(carry(reader, broker[1], sent), carry(broker[0], writer), return_exceptions=True)

    relay = await asyncio.start_server(connected, "127.0.0.1", 0)
    async with relay:
        port = relay.sockets[0].getsockname()[1]
        yield url.replace(f":{server.port}", f":{port}"), sent


async def test_the_broker_has_answered_after_it_got_the_last_subscription(
    engine: Engine, nats_url: str, stream_prefix: str
) -> None:
    async with recorded(nats_url) as (url, sent), serving(url, engine, stream_prefix):
        assert sent.count(b"SUB ") > 1
        assert sent.rindex(b"PING\r\n") > sent.rindex(b"SUB ")
