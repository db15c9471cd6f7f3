"""Connections to NATS that outlive its restarts."""
# nats-py leaves parts of its interface untyped
# pyright: reportUnknownMemberType=false

import asyncio

import nats
import structlog
from nats.aio.client import Client

log = structlog.stdlib.get_logger()

RECONNECT_SECONDS = 0.25
PENDING_BYTES = 64 * 1024 * 1024
START_SECONDS = 60.0


async def connect_nats(url: str, name: str) -> Client:
    """Return a connection that reconnects for ever; waits up to a minute for the first one."""
    try:
        async with asyncio.timeout(START_SECONDS):
            return await nats.connect(
                url,
                name=name,
                error_cb=_report,
                allow_reconnect=True,
                max_reconnect_attempts=-1,  # the first connection too is tried for ever
                reconnect_time_wait=RECONNECT_SECONDS,
                ping_interval=5,
                max_outstanding_pings=2,
                pending_size=PENDING_BYTES,
                connect_timeout=5,
            )
    except TimeoutError as error:
        message = f"no NATS server let this service in within {START_SECONDS:.0f} seconds"
        raise ConnectionError(message) from error


async def _report(error: Exception) -> None:
    log.warning("nats.error", error=repr(error))
