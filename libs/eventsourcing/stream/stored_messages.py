"""Reads what the stream holds in large batches straight from its storage, without a consumer."""
# nats-py leaves parts of its interface untyped
# pyright: reportUnknownMemberType=false

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from typing import NamedTuple

from nats.js.api import AckPolicy, ConsumerConfig, DeliverPolicy

from libs.eventsourcing.model.envelope import Cursor, Envelope
from libs.eventsourcing.stream.direct_get import ATTEMPTS, Message, get_batch
from libs.eventsourcing.stream.event_stream import EventStream

_ANSWER_SECONDS = 5.0
_LAG_SECONDS = 0.1


class Extent(NamedTuple):
    """The identity of a stream, and the sequences that it holds."""

    made_at: datetime
    first: int
    last: int


class StoredMessage(NamedTuple):
    """A message of the stream.

    Its cursor is None if no relay published it, its source empty if it is a fencing token.
    """

    sequence: int
    source: str
    subject: str
    cursor: Cursor | None
    body: bytes

    @property
    def type(self) -> str:
        """The event's type, from the subject."""
        parts = self.subject.split(".", 3)
        return parts[2] if len(parts) > 2 else ""  # noqa: PLR2004 - <root>.<service>.<Type>.<stream>

    def envelope(self) -> Envelope:
        """Parse the body; raise `ValueError` if it is not an event."""
        return Envelope.from_json(self.body)


async def extent(stream: EventStream) -> Extent:
    """Return which sequences the stream holds now, from its leader."""
    info = await stream.nats.jetstream(timeout=_ANSWER_SECONDS).stream_info(stream.name)
    return Extent(info.created or datetime.fromtimestamp(0, UTC), info.state.first_seq, info.state.last_seq)


async def pending(stream: EventStream, subjects: Sequence[str], after: int) -> int:
    """Return how many messages of these subjects the stream holds behind a sequence.

    The consumer that counts them ends by itself: the services' users may delete none.
    """
    info = await stream.nats.jetstream().add_consumer(
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
    return info.num_pending or 0


async def read_stream(stream: EventStream, after: int, upto: int) -> AsyncGenerator[list[StoredMessage]]:
    """Yield the messages behind `after` up to `upto`, in order, in parts.

    Raises `StreamUnreadable` where the broker gives no answer, or no end of what it has.
    """
    patience = ATTEMPTS
    while after < upto:
        part = [_stored_message(stream, one) for one in await get_batch(stream.nats, stream.name, after + 1)]
        if not part and not patience:
            return  # what the stream counted there was purged
        if not part:  # or the replica that answered is a little behind
            patience -= 1
            await asyncio.sleep(_LAG_SECONDS)
            continue
        after = part[-1].sequence
        yield [message for message in part if message.sequence <= upto]


def _stored_message(stream: EventStream, message: Message) -> StoredMessage:
    position = message.headers.get(stream.position_header)
    cursor: Cursor | None = None
    if position is not None:
        with suppress(ValueError):
            cursor = Cursor.parse(position)
    return StoredMessage(
        sequence=message.sequence,
        source=message.subject.split(".", 2)[1] if stream.is_event(message.subject) else "",
        subject=message.subject,
        cursor=cursor,
        body=message.body,
    )
