"""Sends commands about adbots that the scheduler's read model may still lack."""

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
    timeout_seconds: float,
    shown: Callable[[], Awaitable[object]],
) -> Accepted:
    """Send a command about an existing adbot; retry while the scheduler's read model lags.

    Until the scheduler's reader has handled the adbot's first event, the command is refused with
    `unknown_adbot`. It is retried within `timeout_seconds`; after that, the answer is 503. Raise any other
    error of `send`.
    """
    deadline = time.monotonic() + timeout_seconds
    while True:
        try:
            return await send(command, causes)
        except NotYetKnown as refusal:
            await shown()
            if time.monotonic() > deadline:
                detail = "the scheduler has yet to hear of this adbot"
                raise unavailable("service_unavailable", detail) from refusal
        await asyncio.sleep(_AGAIN_SECONDS)
