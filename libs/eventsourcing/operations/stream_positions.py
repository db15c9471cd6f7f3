"""Start sequences in the stream: for its last events, or those since a moment."""
# nats-py leaves parts of its interface untyped
# pyright: reportUnknownMemberType=false

from collections.abc import Collection, Sequence
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from nats.js.errors import NotFoundError

from libs.eventsourcing.stream.direct_get import get_batch
from libs.eventsourcing.stream.event_stream import EventStream
from libs.eventsourcing.stream.stored_messages import pending

_SKEW = timedelta(seconds=5)
"""How far the broker's clock may be ahead of the services' clocks."""
_FIRST_WINDOW = 256
LOOK_BACK = 1_000_000
"""How many messages, at most, are searched for the last events of a store's stream."""


class Beginning(NamedTuple):
    """A sequence behind which the last messages are, and how many before them to skip."""

    after: int
    skip: int
    complete: bool = True
    """There are no earlier ones, or as many as wanted were found."""


async def bounds(stream: EventStream) -> tuple[int, int]:
    """Return the sequences of the stream's first and last message."""
    state = (await stream.nats.jetstream().stream_info(stream.name)).state
    return state.first_seq, state.last_seq


async def before_last(
    stream: EventStream, subjects: Sequence[str], count: int, *, of_streams: Collection[str] = ()
) -> Beginning:
    """Return where the last `count` messages on these subjects begin.

    With `of_streams`, only events of these streams of stores are counted, of which other streams share the
    subjects; then only the last million messages are searched.
    """
    first, last = await bounds(stream)
    if not count:
        return Beginning(last, 0)
    window = max(_FIRST_WINDOW, count)
    while True:
        after = max(first - 1, last - window)
        if of_streams:
            found = await _count(stream, subjects, after, last, of_streams)
        else:
            found = await pending(stream, subjects, after)
        if found >= count or after < first:
            return Beginning(after, max(0, found - count))
        if of_streams and window >= LOOK_BACK:
            return Beginning(after, 0, complete=False)
        window = min(8 * window, LOOK_BACK) if of_streams else 8 * window


async def _count(
    stream: EventStream, subjects: Sequence[str], after: int, last: int, of_streams: Collection[str]
) -> int:
    """Return how many messages on these subjects are events of these streams, between two sequences."""
    found = 0
    for subject in subjects:
        begin = after + 1
        while begin <= last:
            messages = await get_batch(stream.nats, stream.name, begin, subject=subject)
            if not messages:
                break
            begin = messages[-1].sequence + 1
            found += sum(stream.store_stream(one) in of_streams for one in messages if one.sequence <= last)
    return found


async def before_moment(stream: EventStream, moment: datetime) -> int:
    """Return a sequence behind which are all messages published since a moment."""
    first, last = await bounds(stream)
    low, high = first, last + 1
    while low < high:
        middle = (low + high) // 2
        published = await _published(stream, middle)
        if published is not None and published < moment - _SKEW:
            low = middle + 1
        else:
            high = middle
    return low - 1


async def _published(stream: EventStream, sequence: int) -> datetime | None:
    try:
        message = await stream.nats.jetstream().get_msg(stream.name, sequence)
    except NotFoundError:
        return None
    if message.time is None:
        return None
    return message.time if message.time.tzinfo else message.time.replace(tzinfo=UTC)
