"""Sending commands about what the gateway knows already, and their owner may hear of a moment later."""

import asyncio
import time
from collections.abc import Awaitable, Callable

from libs.events.results import Accepted, NotYetKnown
from libs.eventsourcing import Causes, Command
from services.gateway.api.requests.problems import unavailable

_AGAIN_SECONDS = 0.1


async def send_once_known(
    send: Callable[[Command, Causes], Awaitable[Accepted]],
    command: Command,
    causes: Causes,
    patience_seconds: float,
    shown: Callable[[], Awaitable[object]],
) -> Accepted:
    """Send a command about an adbot; retry while the scheduler has not read of one that `shown` finds here.

    Raises what `send` and `shown` do, but after `patience_seconds` a 503 instead of `NotYetKnown`.
    """
    deadline = time.monotonic() + patience_seconds
    while True:
        try:
            return await send(command, causes)
        except NotYetKnown as refusal:
            await shown()
            if time.monotonic() > deadline:
                detail = "the scheduler has yet to hear of this adbot"
                raise unavailable("service_unavailable", detail) from refusal
        await asyncio.sleep(_AGAIN_SECONDS)
