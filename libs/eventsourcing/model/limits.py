"""Limits of what a store accepts: names, sizes and characters."""

import re
from collections.abc import Sequence

from libs.eventsourcing.model.envelope import STREAM_NAME
from libs.eventsourcing.model.errors import InvalidAppend
from libs.eventsourcing.model.event import Event

MAX_DATA_BYTES = 512 * 1024
"""The size of an event's data as JSON, in bytes; the broker accepts messages of 1 MiB."""


MAX_UNIT_EVENTS = 10_000


MAX_UNIT_BYTES = 64 * 1024 * 1024
"""How many events a unit of work may append, and of how many bytes: readers buffer them as a whole."""


_NUL = re.compile(r"(?<!\\)(?:\\\\)*\\u0000")


def holds_nul(data: str) -> bool:
    """Return whether JSON text holds a NUL character, which PostgreSQL can't store in text."""
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
