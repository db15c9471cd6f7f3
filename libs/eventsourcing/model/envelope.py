"""Envelopes: the metadata stored with an event, its causes, and its cursor."""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import NamedTuple
from uuid import UUID

from uuid_utils.compat import uuid7

from libs.eventsourcing.model.event import Event

_DATA = json.JSONEncoder(ensure_ascii=False, allow_nan=False)
_MOST_INTEGER, _MOST_BIGINT = 2**31 - 1, 2**63 - 1
STREAM_NAME = re.compile(r"^[A-Za-z][A-Za-z0-9_]*-[A-Za-z0-9_-]{1,120}\Z")


def new_id() -> UUID:
    """Return a fresh UUIDv7."""
    return uuid7()


def utc_now() -> datetime:
    """Return the current time, UTC-aware."""
    return datetime.now(UTC)


class Cursor(NamedTuple):
    """A position in the order of one store's events: the transaction's xid, then the position within it.

    Positions alone are assigned before their transactions commit. Only the pair is an order in which no event
    can appear before one that a reader has read.
    """

    xid: int
    position: int

    def __str__(self) -> str:
        """Return the text form that message headers carry."""
        return f"{self.xid}.{self.position}"

    @classmethod
    def parse(cls, text: str) -> "Cursor":
        """Parse the text form; raise `ValueError` if it is not one."""
        xid, _, position = text.partition(".")
        return cls(int(xid), int(position))


_NOTHING: frozenset[str] = frozenset()
START = Cursor(0, 0)
"""The cursor before the first event of a store."""


@dataclass(frozen=True, slots=True)
class Causes:
    """The causes of an event: correlation id, causation id, and the actor.

    `actor` is `account:<id>`, `admin`, `provider:<name>` or `service:<name>`.
    """

    correlation_id: UUID
    causation_id: UUID
    actor: str
    correlated: bool = field(default=True, compare=False)
    """Whether events may have this correlation id; False where each append must find its own."""

    @classmethod
    def first(cls, actor: str) -> "Causes":
        """Return causes that start a new correlated tree."""
        request = new_id()
        return cls(request, request, actor)

    @classmethod
    def unprompted(cls, actor: str) -> "Causes":
        """Return the causes of work that a service does on its own, such as a timer: no request led to it.

        An append then names its `Cause`, or its aggregate declares the correlation id.
        """
        request = new_id()
        return cls(request, request, actor, correlated=False)


class Cause(NamedTuple):
    """A cause as a table row keeps it: a correlation id and the id of the causing event."""

    correlation_id: UUID
    causation_id: UUID


@dataclass(frozen=True, slots=True)
class Envelope:
    """A stored event in transit: its metadata, and its data as JSON text."""

    id: UUID
    type: str
    schema: int
    stream: str
    version: int
    cursor: Cursor
    at: datetime
    correlation_id: UUID
    causation_id: UUID
    actor: str
    data: str
    follows: frozenset[str] = field(default=_NOTHING, compare=False)
    """The types of the events that follow in its unit of work, as its relay published in a header."""

    def same_unit(self, other: "Envelope") -> bool:
        """Say whether another event of the same store was appended by the same unit of work.

        A unit's events have one timestamp, that of its beginning, and are stored by one transaction.
        """
        return self.cursor.xid == other.cursor.xid and self.at == other.at

    def to_json(self) -> bytes:
        """Return the message body that carries this event."""
        return (
            f'{{"id":"{self.id}","type":"{self.type}","schema":{self.schema},"stream":"{self.stream}",'
            f'"version":{self.version},"xid":{self.cursor.xid},"position":{self.cursor.position},'
            f'"at":"{self.at.isoformat()}","correlation_id":"{self.correlation_id}",'
            f'"causation_id":"{self.causation_id}","actor":{json.dumps(self.actor)},"data":{self.data}}}'
        ).encode()

    @classmethod
    def from_json(cls, body: bytes | str) -> "Envelope":
        """Parse a message body; raise `ValueError` if it is not an envelope."""
        try:
            fields = json.loads(body)
            at = datetime.fromisoformat(fields["at"])
            envelope = cls(
                id=UUID(fields["id"]),
                type=fields["type"],
                schema=fields["schema"],
                stream=fields["stream"],
                version=fields["version"],
                cursor=Cursor(fields["xid"], fields["position"]),
                at=at,
                correlation_id=UUID(fields["correlation_id"]),
                causation_id=UUID(fields["causation_id"]),
                actor=fields["actor"],
                data=_DATA.encode(fields["data"]),
            )
        except (KeyError, TypeError, AttributeError, RecursionError) as error:
            message = f"not an event's envelope: {error!r}"
            raise ValueError(message) from error
        if at.tzinfo is None or not envelope.fits_columns:
            message = "not an event's envelope: a field has another type, or is out of range"
            raise ValueError(message)
        return envelope

    @property
    def fits_columns(self) -> bool:
        """Whether numbers and names fit the store's columns."""
        xid, position = self.cursor
        return (
            type(xid) is type(position) is type(self.schema) is type(self.version) is int
            and type(self.type) is type(self.stream) is type(self.actor) is str
            and 0 < self.schema <= _MOST_INTEGER
            and 0 < self.version <= _MOST_INTEGER
            and 0 <= xid <= _MOST_BIGINT
            and 0 <= position <= _MOST_BIGINT
        )


def with_following(events: Sequence[Envelope], beyond: frozenset[str] = _NOTHING) -> list[Envelope]:
    """Return these events with `follows` set.

    They are in the store's order, without gaps; `beyond` are the types that follow behind the last one.
    """
    told: list[Envelope] = []
    behind, later = beyond, None
    for event in reversed(events):
        if later is not None:
            if not event.same_unit(later):
                behind = _NOTHING
            elif later.type not in behind:  # else the set is shared: large units have few types
                behind |= {later.type}
        told.append(replace(event, follows=behind) if behind else event)
        later = event
    told.reverse()
    return told


@dataclass(frozen=True, slots=True)
class Recorded:
    """A decoded event with its envelope."""

    envelope: Envelope
    event: Event

    @property
    def cursor(self) -> Cursor:
        """Its position in its store."""
        return self.envelope.cursor

    @property
    def at(self) -> datetime:
        """When the unit of work that decided it began, UTC-aware."""
        return self.envelope.at

    def causes(self, actor: str) -> Causes:
        """Return the causes of what `actor` does in reaction to this event."""
        return Causes(self.envelope.correlation_id, self.envelope.id, actor)
