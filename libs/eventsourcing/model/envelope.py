"""Envelopes: the metadata stored with an event, its causes, and its cursor."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Annotated, NamedTuple
from uuid import UUID

import msgspec
from uuid_utils.compat import uuid7

from libs.eventsourcing.model.event import Event

_Integer = Annotated[int, msgspec.Meta(gt=0, le=2**31 - 1)]
_BigInt = Annotated[int, msgspec.Meta(ge=0, le=2**63 - 1)]
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


class _Body(msgspec.Struct):
    """A message body, in the order in which it is written; its numbers fit the store's columns."""

    id: UUID
    type: str
    schema: _Integer
    stream: str
    version: _Integer
    xid: _BigInt
    position: _BigInt
    at: Annotated[datetime, msgspec.Meta(tz=True)]
    correlation_id: UUID
    causation_id: UUID
    actor: str
    data: msgspec.Raw


_BODY = msgspec.json.Decoder(_Body)
_ANY = msgspec.json.Decoder()
_ENCODER = msgspec.json.Encoder()
_ZULU, _OFFSET = b'Z","correlation_id":"', b'+00:00","correlation_id":"'


@dataclass(slots=True, unsafe_hash=True)
class Envelope:
    """A stored event in transit: its metadata, and its data as JSON text. Never change one.

    It is not `frozen` because a frozen one takes four to eight times as long to make.
    """

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
        """Return whether another event of the same store was appended by the same unit of work.

        A unit's events have one timestamp, that of its beginning, and are stored by one transaction.
        """
        return self.cursor.xid == other.cursor.xid and self.at == other.at

    def to_json(self) -> bytes:
        """Return the message body that carries this event, with its data as it is spelt."""
        xid, position = self.cursor
        body = _ENCODER.encode(
            _Body(
                self.id,
                self.type,
                self.schema,
                self.stream,
                self.version,
                xid,
                position,
                self.at,
                self.correlation_id,
                self.causation_id,
                self.actor,
                msgspec.Raw(self.data),
            )
        )
        # the instant as all programs so far have written it; no text before it can hold this quoted
        return body.replace(_ZULU, _OFFSET, 1)

    @classmethod
    def from_json(cls, body: bytes | str) -> "Envelope":
        """Parse a message body; raise `ValueError` if it is not an envelope.

        Keeps the data as it is spelt, if it is JSON whose numbers and characters can be stored.
        """
        try:
            read = _BODY.decode(body)
            _ANY.decode(read.data)
        except RecursionError as error:
            message = f"not an event's envelope: {error!r}"
            raise ValueError(message) from error
        return cls(
            read.id,
            read.type,
            read.schema,
            read.stream,
            read.version,
            Cursor(read.xid, read.position),
            read.at,
            read.correlation_id,
            read.causation_id,
            read.actor,
            bytes(read.data).decode(),
        )


def with_following(events: Sequence[Envelope], beyond: frozenset[str] = _NOTHING) -> list[Envelope]:
    """Return these events with `follows` set.

    They are in the store's order, without gaps; `beyond` are the types that follow behind the last one.
    """
    following: list[Envelope] = []
    behind, later = beyond, None
    for event in reversed(events):
        if later is not None:
            if not event.same_unit(later):
                behind = _NOTHING
            elif later.type not in behind:  # else the set is shared: large units have few types
                behind |= {later.type}
        following.append(replace(event, follows=behind) if behind else event)
        later = event
    following.reverse()
    return following


@dataclass(slots=True, unsafe_hash=True)
class Recorded:
    """A decoded event with its envelope; not `frozen`, see `Envelope`."""

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
