"""A readiness check over plain HTTP on loopback, which needs no client library."""

import asyncio
import json
from contextlib import suppress
from http import HTTPStatus
from typing import cast
from urllib.parse import urlsplit

PROBE_SECONDS = 2.0


async def is_ready(url: str, *, pid: int | None = None) -> bool:
    """Return whether ``GET url`` is answered with 200 in time, and by process ``pid`` if one is given."""
    try:
        async with asyncio.timeout(PROBE_SECONDS):
            status, body = await _get(url)
            return status == HTTPStatus.OK and (pid is None or _names(body, pid))
    except (OSError, TimeoutError, EOFError, ValueError):
        return False


def _names(body: str, pid: int) -> bool:
    document = json.loads(body)
    return isinstance(document, dict) and cast("dict[str, object]", document).get("pid") == pid


async def answer(url: str) -> str:
    """Return the body of ``GET url``, whatever its status; empty without an answer in time."""
    try:
        async with asyncio.timeout(PROBE_SECONDS):
            _, body = await _get(url)
            return body
    except (OSError, TimeoutError, EOFError, ValueError):
        return ""


async def _get(url: str) -> tuple[int, str]:
    parts = urlsplit(url)
    reader, writer = await asyncio.open_connection(parts.hostname, parts.port or 80)
    try:
        request = f"GET {parts.path or '/'} HTTP/1.1\r\nHost: {parts.netloc}\r\nConnection: close\r\n\r\n"
        writer.write(request.encode())
        await writer.drain()
        status_line = await reader.readuntil(b"\r\n")
        rest = await reader.read()  # to the end: else the server reports a broken connection
        return int(status_line.split()[1]), rest.partition(b"\r\n\r\n")[2].decode(errors="replace")
    finally:
        writer.close()
        with suppress(OSError):
            await writer.wait_closed()
