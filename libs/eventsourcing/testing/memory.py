"""An event store in memory, for tests that need no database."""

from collections.abc import Sequence
from datetime import datetime

from libs.eventsourcing.model.catalogue import EventCatalogue
from libs.eventsourcing.model.envelope import Causes, Cursor, Envelope, Recorded, new_id
from libs.eventsourcing.model.errors import WrongExpectedVersion
from libs.eventsourcing.model.event import Event
from libs.eventsourcing.model.limits import check_append


class MemoryStore:
    """An `EventStore`; every append is a transaction of its own."""

    def __init__(self, catalogue: EventCatalogue) -> None:
        self._catalogue = catalogue
        self._log: list[Envelope] = []
        self._transactions = 0

    async def append(
        self, stream: str, expected: int, events: Sequence[Event], *, causes: Causes, at: datetime
    ) -> list[Recorded]:
        """See `EventStore.append`."""
        data = [event.model_dump_json() for event in events]
        check_append(stream, list(zip(events, data, strict=True)))
        version = sum(envelope.stream == stream for envelope in self._log)
        if version != expected:
            message = f"{stream} is at version {version}, not {expected}"
            raise WrongExpectedVersion(message)
        self._transactions += 1
        recorded = [
            Recorded(
                Envelope(
                    id=new_id(),
                    type=type(event).__name__,
                    schema=event.schema_version,
                    stream=stream,
                    version=expected + number,
                    cursor=Cursor(self._transactions, len(self._log) + number),
                    at=at,
                    correlation_id=causes.correlation_id,
                    causation_id=causes.causation_id,
                    actor=causes.actor,
                    data=data[number - 1],
                ),
                event,
            )
            for number, event in enumerate(events, 1)
        ]
        self._log.extend(one.envelope for one in recorded)
        return recorded

    async def load(self, stream: str, after: int = 0) -> list[Recorded]:
        """See `EventStore.load`."""
        return [
            Recorded(envelope, self._catalogue.decode(envelope.type, envelope.schema, envelope.data))
            for envelope in self._log
            if envelope.stream == stream and envelope.version > after
        ]

    async def read(self, after: Cursor, limit: int) -> list[Envelope]:
        """See `EventStore.read`."""
        return [envelope for envelope in self._log if envelope.cursor > after][:limit]
