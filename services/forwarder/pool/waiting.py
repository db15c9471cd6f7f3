"""Waiting for an event with a timeout."""

import asyncio


async def happened(event: asyncio.Event, within_seconds: float) -> bool:
    """Wait for an event; return whether it was set before the timeout.

    Not `asyncio.wait_for`: up to Python 3.11 it loses a cancellation that arrives together with the event.
    """
    try:
        async with asyncio.timeout(within_seconds):
            await event.wait()
    except TimeoutError:
        return False
    return True
