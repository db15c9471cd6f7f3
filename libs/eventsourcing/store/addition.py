"""Events that are decided and ready to be stored behind a version of their stream."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Self
from uuid import UUID

from libs.eventsourcing.model.envelope import Causes, Cursor, Envelope, Recorded
from libs.eventsourcing.model.event import Event
from libs.eventsourcing.model.limits import check_append


@dataclass(frozen=True, slots=True)
class Addition:
    """Events for one stream, their data as JSON text, and why and when they were decided."""

    stream: str
    expected: int
    """The version that the stream must have before."""
    events: Sequence[Event]
    data: Sequence[str]
    causes: Causes
    at: datetime

    @classmethod
    def of(cls, stream: str, expected: int, events: Sequence[Event], causes: Causes, at: datetime) -> Self:
        """Return the addition of these events; raises `InvalidAppend` if they can't be stored."""
        data = [event.model_dump_json() for event in events]
        check_append(stream, list(zip(events, data, strict=True)))
        return cls(stream, expected, events, data, causes, at)

    def row(self, offset: int, event_id: UUID) -> tuple[object, ...]:
        """Return an event's columns, and the version that its stream must have reached before."""
        event = self.events[offset]
        behind = self.expected + offset
        return (
            event_id,
            self.stream,
            behind + 1,
            type(event).__name__,
            event.schema_version,
            self.at,
            self.causes.correlation_id,
            self.causes.causation_id,
            self.causes.actor,
            self.data[offset],
            behind,
        )

    def recorded(self, offset: int, event_id: UUID, cursor: Cursor) -> Recorded:
        """Return an event as it was stored."""
        event = self.events[offset]
        envelope = Envelope(
            id=event_id,
            type=type(event).__name__,
            schema=event.schema_version,
            stream=self.stream,
            version=self.expected + offset + 1,
            cursor=cursor,
            at=self.at,
            correlation_id=self.causes.correlation_id,
            causation_id=self.causes.causation_id,
            actor=self.causes.actor,
            data=self.data[offset],
        )
        return Recorded(envelope, event)
