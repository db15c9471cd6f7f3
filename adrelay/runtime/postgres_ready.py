"""A readiness check of PostgreSQL in its own protocol, which needs no client library and no password."""

import asyncio
import struct
from contextlib import suppress

from adrelay.runtime.ports import LOOPBACK

PROBE_SECONDS = 2.0
_PROTOCOL = 3 << 16
_PARAMETERS = b"user\0readiness\0database\0postgres\0\0"
"""The server asks even a user that it does not have for a password."""
_STARTUP = struct.pack("!ii", 8 + len(_PARAMETERS), _PROTOCOL) + _PARAMETERS
_AUTHENTICATION = b"R"


async def accepts_sessions(port: int) -> bool:
    """Return whether a server on this loopback port asks a client to authenticate, in time.

    It does not while it starts, recovers or stops. It logs nothing of a client that then leaves.
    """
    try:
        async with asyncio.timeout(PROBE_SECONDS):
            reader, writer = await asyncio.open_connection(LOOPBACK, port)
            try:
                writer.write(_STARTUP)
                return await reader.read(1) == _AUTHENTICATION
            finally:
                writer.close()
                with suppress(OSError):
                    await writer.wait_closed()
    except (OSError, TimeoutError):
        return False
