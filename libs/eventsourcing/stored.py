"""What the stream holds, read in large parts straight from its storage, without any consumer."""
# nats-py leaves parts of its interface untyped
# pyright: reportUnknownMemberType=false

import asyncio
import json
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing, suppress
from datetime import UTC, datetime
from typing import NamedTuple

from nats.aio.msg import Msg
from nats.errors import Error as NatsError
from nats.js.api import AckPolicy, ConsumerConfig, DeliverPolicy

from libs.eventsourcing.record import Cursor, Envelope
from libs.eventsourcing.stream import POSITION_HEADER, EventStream

_BATCH = 1000
_MAX_BYTES = 4 * 1024 * 1024
_ANSWER_SECONDS = 5.0
_ATTEMPTS = 4
_LAG_SECONDS = 0.1
_END_OF_BATCH, _NO_MESSAGE = "204", "404"


class StreamUnreadable(NatsError):
    """The broker does not give out what the stream holds."""


class Extent(NamedTuple):
    """Which stream this is, and which sequences it holds."""

    made_at: datetime
    first: int
    last: int


class Held(NamedTuple):
    """A message of the stream.

    Its cursor is None if no relay put it there, its source empty if it is no event but a fence.
    """

    sequence: int
    source: str
    subject: str
    cursor: Cursor | None
    body: bytes

    @property
    def type(self) -> str:
        """The event's type, as the subject tells it."""
        parts = self.subject.split(".", 3)
        return parts[2] if len(parts) > 2 else ""  # noqa: PLR2004 - <root>.<service>.<Type>.<stream>

    def envelope(self) -> Envelope:
        """Return the event; raise `ValueError` if there is none in it."""
        return Envelope.from_json(self.body)


async def extent(stream: EventStream) -> Extent:
    """Return what the stream holds now, as its leader sees it."""
    info = await stream.nats.jetstream(timeout=_ANSWER_SECONDS).stream_info(stream.name)
    return Extent(info.created or datetime.fromtimestamp(0, UTC), info.state.first_seq, info.state.last_seq)


async def pending(stream: EventStream, subjects: Sequence[str], after: int) -> int:
    """Return how many messages of these subjects the stream holds behind a sequence."""
    jetstream = stream.nats.jetstream()
    info = await jetstream.add_consumer(
        stream.name,
        ConsumerConfig(
            deliver_policy=DeliverPolicy.BY_START_SEQUENCE,
            opt_start_seq=after + 1,
            ack_policy=AckPolicy.NONE,
            filter_subjects=list(subjects),
            inactive_threshold=5,
            mem_storage=True,
            num_replicas=1,
        ),
    )
    with suppress(NatsError):
        await jetstream.delete_consumer(stream.name, info.name)
    return info.num_pending or 0


async def read_stream(stream: EventStream, after: int, upto: int) -> AsyncGenerator[list[Held]]:
    """Yield the messages behind `after` up to `upto`, in order, in parts.

    Raises `StreamUnreadable` where the broker gives no answer, or no end of what it has.
    """
    patience = _ATTEMPTS
    while after < upto:
        part = await _part(stream, after + 1)
        if not part and not patience:
            return  # what the stream counted there was purged
        if not part:  # or the replica that answered is a little behind
            patience -= 1
            await asyncio.sleep(_LAG_SECONDS)
            continue
        after = part[-1].sequence
        yield [held for held in part if held.sequence <= upto]


async def read_all(stream: EventStream, after: int, upto: int) -> list[Held]:
    """Return the messages behind `after` up to `upto`; for few."""
    found: list[Held] = []
    async with aclosing(read_stream(stream, after, upto)) as parts:
        async for part in parts:
            found += part
    return found


async def _part(stream: EventStream, first: int) -> list[Held]:
    for attempt in range(1, _ATTEMPTS + 1):
        try:
            return await _ask(stream, first)
        except (TimeoutError, NatsError) as error:
            if attempt == _ATTEMPTS:
                message = f"{stream.name} from {first} on: {error!r}"
                raise StreamUnreadable(message) from error
            await asyncio.sleep(0.2 * attempt)
    raise AssertionError


async def _ask(stream: EventStream, first: int) -> list[Held]:
    inbox = stream.nats.new_inbox()
    messages: asyncio.Queue[Msg] = asyncio.Queue()
    subscription = await stream.nats.subscribe(inbox, cb=messages.put, pending_bytes_limit=-1)
    request = {"seq": first, "batch": _BATCH, "max_bytes": _MAX_BYTES}
    found: list[Held] = []
    try:
        await stream.nats.publish(
            f"$JS.API.DIRECT.GET.{stream.name}", json.dumps(request).encode(), reply=inbox
        )
        while True:
            if messages.empty():  # else no turn of the loop is waited for: there are a thousand messages
                async with asyncio.timeout(_ANSWER_SECONDS):
                    message = await messages.get()
            else:
                message = messages.get_nowait()
            status = (message.headers or {}).get("Status")
            if status in {_END_OF_BATCH, _NO_MESSAGE}:
                return found
            if status is not None:
                text = f"the broker answers {status} {(message.headers or {}).get('Description', '')}"
                raise StreamUnreadable(text)
            found.append(_held(stream, message))
    finally:
        with suppress(NatsError):
            await subscription.unsubscribe()


def _held(stream: EventStream, message: Msg) -> Held:
    headers = message.headers or {}
    subject = headers["Nats-Subject"]
    position = headers.get(POSITION_HEADER)
    cursor: Cursor | None = None
    if position is not None:
        with suppress(ValueError):
            cursor = Cursor.parse(position)
    return Held(
        sequence=int(headers["Nats-Sequence"]),
        source=subject.split(".", 2)[1] if stream.is_event(subject) else "",
        subject=subject,
        cursor=cursor,
        body=message.data,
    )
