"""Asks all processes for their health over NATS."""
# nats-py leaves parts of its interface untyped
# pyright: reportUnknownMemberType=false

import asyncio
from collections.abc import Sequence
from contextlib import suppress

from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.errors import Error as NatsError
from pydantic import ValidationError

from libs.events.health import QUESTION, ServiceHealth

GATHER_SECONDS = 1.0
"""How long answers are waited for: nobody knows how many processes there are."""


async def ask_health(nats: Client, prefix: str) -> Sequence[ServiceHealth]:
    """Return the answers of all processes within a short time; answers that can't be read are left out."""
    found: list[ServiceHealth] = []

    async def take(answer: Msg) -> None:
        with suppress(ValidationError):
            found.append(ServiceHealth.model_validate_json(answer.data))

    with suppress(NatsError, TimeoutError):
        inbox = nats.new_inbox()
        subscription = await nats.subscribe(inbox, cb=take)
        try:
            await nats.publish(f"{prefix}{QUESTION}", b"", reply=inbox)
            await asyncio.sleep(GATHER_SECONDS)
        finally:
            with suppress(NatsError):
                await subscription.unsubscribe()
    return found
