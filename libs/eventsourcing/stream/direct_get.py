"""Messages read straight from a stream's storage, many at a request, without any consumer."""
# nats-py leaves parts of its interface untyped
# pyright: reportUnknownMemberType=false

import asyncio
import json
from contextlib import suppress
from typing import NamedTuple

from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.errors import Error as NatsError

from libs.eventsourcing.model.errors import Transient

ATTEMPTS = 4
_BATCH = 1000
_MAX_BYTES = 4 * 1024 * 1024
_ANSWER_SECONDS = 5.0
_END_OF_BATCH, _NO_MESSAGE = "204", "404"


class StreamUnreadable(Transient):
    """The broker does not return messages that the stream holds."""


class Message(NamedTuple):
    """A message of a stream as it is stored."""

    sequence: int
    subject: str
    headers: dict[str, str]
    body: bytes


async def get_batch(nats: Client, stream: str, first: int, *, subject: str | None = None) -> list[Message]:
    """Return some messages from a sequence on, in order; only those of a `subject`, which may be a pattern.

    Retries a few times; raises `StreamUnreadable` if the broker gives no answer.
    """
    for attempt in range(1, ATTEMPTS + 1):
        try:
            return await _ask(nats, stream, first, subject)
        except (TimeoutError, NatsError, StreamUnreadable) as error:
            if attempt == ATTEMPTS:
                message = f"{stream} from {first} on: {error!r}"
                raise StreamUnreadable(message) from error
            await asyncio.sleep(0.2 * attempt)
    raise AssertionError


async def _ask(nats: Client, stream: str, first: int, subject: str | None) -> list[Message]:
    inbox = nats.new_inbox()
    messages: asyncio.Queue[Msg] = asyncio.Queue()
    subscription = await nats.subscribe(inbox, cb=messages.put, pending_bytes_limit=-1)
    request: dict[str, object] = {"seq": first, "batch": _BATCH, "max_bytes": _MAX_BYTES}
    if subject is not None:
        request["next_by_subj"] = subject
    found: list[Message] = []
    try:
        await nats.publish(f"$JS.API.DIRECT.GET.{stream}", json.dumps(request).encode(), reply=inbox)
        while True:
            if messages.empty():  # else no turn of the loop is waited for: there are a thousand messages
                async with asyncio.timeout(_ANSWER_SECONDS):
                    message = await messages.get()
            else:
                message = messages.get_nowait()
            headers = message.headers or {}
            stored = "Nats-Sequence" in headers  # with headers of its own, perhaps also one called so
            status = None if stored else headers.get("Status")
            if status in {_END_OF_BATCH, _NO_MESSAGE}:
                return found
            if status is not None:
                text = f"the broker answers {status} {headers.get('Description', '')}"
                raise StreamUnreadable(text)
            found.append(
                Message(int(headers["Nats-Sequence"]), headers["Nats-Subject"], headers, message.data)
            )
    finally:
        with suppress(NatsError):
            await subscription.unsubscribe()
