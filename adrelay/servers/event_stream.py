"""Reads server-sent events."""

from collections.abc import AsyncIterator
from typing import NamedTuple


class StreamEvent(NamedTuple):
    """A server-sent event."""

    name: str
    id: str
    data: str


async def events_in(lines: AsyncIterator[str]) -> AsyncIterator[StreamEvent]:
    """Yield the events in these lines; comments and fields of no use here are skipped."""
    fields: dict[str, str] = {}
    async for line in lines:
        name, _, value = line.partition(":")
        if name:
            fields[name] = value.removeprefix(" ")
        elif not line:
            if "data" in fields:
                yield StreamEvent(fields.get("event", "message"), fields.get("id", ""), fields["data"])
            fields = {}
