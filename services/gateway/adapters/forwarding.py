"""Asks the forwarder for its figures over NATS: nothing of them is in events."""
# nats-py leaves parts of its interface untyped
# pyright: reportUnknownMemberType=false

from nats.aio.client import Client
from nats.errors import Error as NatsError
from pydantic import ValidationError

from libs.events.forwarding import QUESTION, ForwardingFigures

TIMEOUT_SECONDS = 3.0


async def ask_forwarder(nats: Client, prefix: str) -> ForwardingFigures | None:
    """Return the forwarder's figures; None if it does not answer."""
    try:
        answer = await nats.request(f"{prefix}{QUESTION}", b"", timeout=TIMEOUT_SECONDS)
        return ForwardingFigures.model_validate_json(answer.data)
    except (NatsError, TimeoutError, ValidationError):
        return None
