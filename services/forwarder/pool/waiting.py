"""Waiting for something, but not for ever."""

import asyncio


async def happened(event: asyncio.Event, within_seconds: float) -> bool:
    """Wait for an event and say whether it came in time.

    Not `asyncio.wait_for`: up to Python 3.11 it loses a cancellation that comes together with the event.
    """
    try:
        async with asyncio.timeout(within_seconds):
            await event.wait()
    except TimeoutError:
        return False
    return True
