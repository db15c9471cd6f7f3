"""Sending commands about what the gateway knows already, and their owner may hear of a moment later."""

import asyncio
import time
from collections.abc import Awaitable, Callable

from libs.events.results import Accepted
from libs.eventsourcing import Causes, Command, Refused
from services.gateway.api.requests.problems import unavailable

_AGAIN_SECONDS = 0.1


async def send_of_known_adbot(
    send: Callable[[Command, Causes], Awaitable[Accepted]],
    command: Command,
    causes: Causes,
    timeout_seconds: float,
) -> Accepted:
    """Have a command about an adbot carried out that is surely there.

    `unknown_adbot` then only says that the scheduler has not come to it in the stream: it is asked again for
    a while, and after that the client may. Raises what `send` does, but for that refusal.
    """
    deadline = time.monotonic() + timeout_seconds
    while True:
        try:
            return await send(command, causes)
        except Refused as refusal:
            if refusal.code != "unknown_adbot":
                raise
            if time.monotonic() > deadline:
                detail = "the scheduler has yet to hear of this adbot"
                raise unavailable("service_unavailable", detail) from refusal
        await asyncio.sleep(_AGAIN_SECONDS)
