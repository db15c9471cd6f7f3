"""A check of JetStream in NATS's text protocol.

The client library would wait and retry where an immediate answer is needed, and leaves a refused connection
open.
"""

import asyncio
import json
from contextlib import suppress

from adrelay.runtime.faults import RuntimeFault
from adrelay.runtime.ports import LOOPBACK

PROBE_SECONDS = 2.0
INBOX = "_INBOX.adrelay.probe"
REQUEST = f"SUB {INBOX} 1\r\nPUB $JS.API.INFO {INBOX} 0\r\n\r\n"


async def jetstream_answers(port: int, user: str | None, password: str | None) -> bool:
    """Return whether JetStream works on this loopback port; raise if the server refuses the password."""
    try:
        async with asyncio.timeout(PROBE_SECONDS):
            return await _probe(port, user, password)
    except (OSError, TimeoutError, EOFError, ValueError):
        return False


async def _probe(port: int, user: str | None, password: str | None) -> bool:
    reader, writer = await asyncio.open_connection(LOOPBACK, port)
    try:
        options: dict[str, object] = {"verbose": False, "headers": True, "no_responders": True}
        if user is not None:
            options |= {"user": user, "pass": password}
        writer.write(f"CONNECT {json.dumps(options)}\r\n{REQUEST}".encode())
        await writer.drain()
        return await _answer(reader)
    finally:
        writer.close()
        with suppress(OSError):
            await writer.wait_closed()


async def _answer(reader: asyncio.StreamReader) -> bool:
    while True:
        match (await reader.readuntil(b"\r\n")).decode().split():
            case ["MSG", *_, size]:
                return b'"error"' not in await reader.readexactly(int(size))
            case ["HMSG", *_]:  # JetStream has not subscribed to its subject yet
                return False
            case ["-ERR", *words]:
                if "Authorization" in " ".join(words):
                    raise RuntimeFault("nats: the server refuses the password")
                return False
            case _:  # INFO, PING
                continue
