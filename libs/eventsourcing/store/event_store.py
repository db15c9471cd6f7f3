"""The event store, as a protocol: append at an expected version, load a stream, read all in order."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from libs.eventsourcing.model.envelope import Causes, Cursor, Envelope, Recorded
from libs.eventsourcing.model.event import Event


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
