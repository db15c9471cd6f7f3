"""Asks all processes for their health over NATS."""
# nats-py leaves parts of its interface untyped
# pyright: reportUnknownMemberType=false

import asyncio
from collections.abc import Collection, Sequence
from contextlib import suppress

from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.errors import Error as NatsError
from pydantic import ValidationError

from libs.chassis.signing import MessageSigner
from libs.events.health import QUESTION, ServiceHealth
from services.gateway.ports import HEALTH_ANSWER_SECONDS

MOST_ANSWERS = 200
"""Answers of more processes are left out."""
FURTHER_SECONDS = 0.3
"""How long further processes are waited for at least: nobody knows how many there are."""


async def ask_health(
    nats: Client, signer: MessageSigner, prefix: str, services: Collection[str]
) -> Sequence[ServiceHealth]:
    """Return the answers of all processes; waits until each of these services has answered, for a short time.

    Answers that can't be read are left out.
    """
    found: list[ServiceHealth] = []
    complete = asyncio.Event()

    async def take(answer: Msg) -> None:
        with suppress(ValidationError):
            if len(found) < MOST_ANSWERS:
                found.append(ServiceHealth.model_validate_json(answer.data))
        if {one.service for one in found} >= set(services):
            complete.set()

    with suppress(NatsError, TimeoutError):
        inbox = nats.new_inbox()
        subscription = await nats.subscribe(inbox, cb=take)
        try:
            subject = f"{prefix}{QUESTION}"
            await nats.publish(subject, b"", reply=inbox, headers=signer.sign(subject, b""))
            await asyncio.sleep(FURTHER_SECONDS)
            async with asyncio.timeout(HEALTH_ANSWER_SECONDS):
                await complete.wait()
        finally:
            with suppress(NatsError):
                await subscription.unsubscribe()
    return found
