"""A small TCP proxy whose connections can be cut, refused and stalled."""

import asyncio
from collections.abc import Callable
from contextlib import suppress

from adrelay.runtime.ports import LOOPBACK, free_port

CHUNK_BYTES = 64 * 1024
CONNECT_SECONDS = 5.0


class Proxy:
    """A proxy between a service and a server; `target` returns the port for each connection."""

    def __init__(self, name: str, target: Callable[[], int]) -> None:
        self.name = name
        self.port = free_port()
        self._target = target
        self._server: asyncio.Server | None = None
        self._writers: set[asyncio.StreamWriter] = set()
        self._flowing = asyncio.Event()
        self._flowing.set()
        self._refusing = False

    async def start(self) -> None:
        """Accept connections."""
        self._server = await asyncio.start_server(self._carry, LOOPBACK, self.port)

    async def stop(self) -> None:
        """Close the port and every connection."""
        self._flowing.set()
        if self._server is not None:
            self._server.close()
        self.cut()
        while self._writers:  # noqa: ASYNC110 - each connection removes its own two when it ends
            await asyncio.sleep(0.01)

    def cut(self) -> int:
        """Abort every connection; return the number of ends."""
        for writer in self._writers:
            writer.transport.abort()
        return len(self._writers)

    async def refuse(self, seconds: float) -> None:
        """Abort every connection, and new ones at once, for a time."""
        self._refusing = True
        self.cut()
        try:
            await asyncio.sleep(seconds)
        finally:
            self._refusing = False

    async def stall(self, seconds: float) -> None:
        """Forward nothing for a time, on open connections; then forward all of it."""
        self._flowing.clear()
        try:
            await asyncio.sleep(seconds)
        finally:
            self._flowing.set()

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        try:
            await self._connected(reader, writer)
        finally:
            writer.transport.abort()
            self._writers.discard(writer)

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            if self._refusing:
                return
            async with asyncio.timeout(CONNECT_SECONDS):
                behind, before = await asyncio.open_connection(LOOPBACK, self._target())
        except (OSError, TimeoutError):
            return
        self._writers.add(before)
        ways = [
            asyncio.create_task(self._pass_on(reader, before)),
            asyncio.create_task(self._pass_on(behind, writer)),
        ]
        try:
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        finally:
            self._writers.discard(before)
            for way in ways:
                way.cancel()
            # the server's side first: it must see this connection's end before the client's next one
            before.transport.abort()
            writer.transport.abort()
            await asyncio.gather(*ways, return_exceptions=True)

    async def _pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while chunk := await reader.read(CHUNK_BYTES):
                await self._flowing.wait()
                writer.write(chunk)
                await writer.drain()
            await self._flowing.wait()
