"""A transport that sends the head of an answer together with its body.

Uvicorn writes them one after the other. Each write is a system call, and wakes the client up.
"""

import asyncio
from typing import cast

_HEAD = b"HTTP/1.1 "


class JoinedWrites:
    """A transport on which the head of an answer waits for the next write, or until the loop's next turn."""

    def __init__(self, transport: asyncio.Transport, loop: asyncio.AbstractEventLoop) -> None:
        self.transport = transport
        self._loop = loop
        self._head = b""

    @classmethod
    def on(cls, transport: asyncio.Transport, loop: asyncio.AbstractEventLoop) -> asyncio.Transport:
        """Return this transport with joined writes."""
        return cast("asyncio.Transport", cls(transport, loop))

    def write(self, data: bytes) -> None:
        """Write data; a head may wait."""
        if self._head:
            data, self._head = self._head + data, b""
        elif data.startswith(_HEAD):
            self._head = data
            self._loop.call_soon(self.flush)
            return
        self.transport.write(data)

    def flush(self) -> None:
        """Write a head that waits."""
        if self._head:
            head, self._head = self._head, b""
            if not self.transport.is_closing():
                self.transport.write(head)

    def close(self) -> None:
        """Close the connection once everything was sent."""
        self.flush()
        self.transport.close()

    def write_eof(self) -> None:
        """Close the writing side once everything was sent."""
        self.flush()
        self.transport.write_eof()

    def __getattr__(self, name: str) -> object:
        """Return everything else from the transport itself."""
        return getattr(self.transport, name)
