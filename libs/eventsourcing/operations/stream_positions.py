"""Start sequences in the stream: for its last events, or those since a moment."""
# nats-py leaves parts of its interface untyped
# pyright: reportUnknownMemberType=false

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from nats.js.errors import NotFoundError

from libs.eventsourcing.stream.event_stream import EventStream
from libs.eventsourcing.stream.stored_messages import pending

_SKEW = timedelta(seconds=5)
"""How far the broker's clock may be ahead of the services' clocks."""
_FIRST_WINDOW = 256


async def bounds(stream: EventStream) -> tuple[int, int]:
    """Return the sequences of the stream's first and last message."""
    state = (await stream.nats.jetstream().stream_info(stream.name)).state
    return state.first_seq, state.last_seq


async def before_last(stream: EventStream, subjects: Sequence[str], count: int) -> tuple[int, int]:
    """Return a sequence behind which the last `count` messages are, and how many before them to skip."""
    first, last = await bounds(stream)
    if not count:
        return last, 0
    window = max(_FIRST_WINDOW, count)
    while True:
        after = max(first - 1, last - window)
        found = await pending(stream, subjects, after)
        if found >= count or after < first:
            return after, max(0, found - count)
        window *= 8


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
