"""The event store, as a protocol: append at an expected version, load a stream, read all in order."""

import re
from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from libs.events.base import Event
from libs.eventsourcing.record import STREAM_NAME, Causes, Cursor, Envelope, Recorded

MAX_DATA_BYTES = 512 * 1024
"""An event's data as JSON; the broker takes messages of 1 MiB."""
MAX_UNIT_EVENTS = 10_000
MAX_UNIT_BYTES = 64 * 1024 * 1024
"""How many events a unit of work may append, and of how many bytes: readers keep them in memory together."""

_NUL = re.compile(r"(?<!\\)(?:\\\\)*\\u0000")


class WrongExpectedVersion(Exception):
    """Someone else wrote to the stream meanwhile: decide again on its new state."""


class CarriedOut(Exception):
    """The command was carried out before: what it does now must not be done again."""


class InvalidAppend(ValueError):
    """What was to be stored has no valid stream name, is too large, or holds a NUL character."""


class EventStore(Protocol):
    """Where one service's events are kept."""

    async def append(
        self, stream: str, expected: int, events: Sequence[Event], *, causes: Causes, at: datetime
    ) -> list[Recorded]:
        """Add events behind version `expected` (0: the stream is new) and return them as recorded.

        Raises `WrongExpectedVersion` if the stream is at another version, `InvalidAppend` otherwise.
        """
        ...

    async def load(self, stream: str, after: int = 0) -> list[Recorded]:
        """Return a stream's events behind version `after`, in order; none for an unknown stream."""
        ...

    async def read(self, after: Cursor, limit: int) -> list[Envelope]:
        """Return up to `limit` events of all streams behind a cursor, in the store's order.

        An event is returned only once nothing can appear before it any more.
        """
        ...


def holds_nul(data: str) -> bool:
    """Say whether JSON text holds a NUL character, which PostgreSQL keeps in no text."""
    return "\\u0000" in data and _NUL.search(data) is not None


def check_append(stream: str, events: Sequence[tuple[Event, str]]) -> None:
    """Raise `InvalidAppend` unless the stream's name and every event's data may be stored."""
    if not STREAM_NAME.match(stream):
        message = f"{stream!r} is no stream name; it should look like order-HQADZ-1"
        raise InvalidAppend(message)
    for event, data in events:
        if holds_nul(data):
            message = f"{type(event).__name__} holds a NUL character, which PostgreSQL keeps in no text"
            raise InvalidAppend(message)
        if len(data.encode()) > MAX_DATA_BYTES:
            message = f"{type(event).__name__} holds more than {MAX_DATA_BYTES} bytes"
            raise InvalidAppend(message)
