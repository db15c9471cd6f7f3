"""Questions about the dead letters of a service's readers, and what is to become of them."""

from datetime import datetime
from typing import Annotated, ClassVar
from uuid import UUID

from pydantic import Field, JsonValue

from libs.events.questions import Question, Reply

MOST_STREAMS = 100
MOST_LETTERS = 50


class Letter(Reply):
    """An event that a reader does not handle for now."""

    id: UUID
    type: str
    version: int
    """In its stream."""
    at: datetime
    """When it happened."""
    failed_at: datetime
    error: str
    """Shortened."""
    actor: str
    correlation_id: UUID
    data: JsonValue
    """Masked and shortened."""


class BlockedStream(Reply):
    """A stream that one reader does not handle beyond its first dead letter."""

    reader: str
    source: str
    """The service whose events they are."""
    stream: str
    letters: Annotated[int, Field(ge=1)]
    """The first dead letter and those that follow it."""
    retry_requested: bool
    """The reader has not done it yet; it does as soon as it runs."""
    first: Letter


class BlockedStreams(Reply):
    """The blocked streams of a service's readers, those blocked for longest first."""

    streams: tuple[BlockedStream, ...]
    more: bool
    """There are others."""


class ListBlockedStreams(Question[BlockedStreams]):
    """Which streams are blocked for readers of the service."""

    reply: ClassVar[type[Reply]] = BlockedStreams

    limit: Annotated[int, Field(ge=1, le=MOST_STREAMS)] = MOST_STREAMS


class LettersOfStream(Reply):
    """A blocked stream's dead letters, in order; the last ones are left out of a long list."""

    letters: tuple[Letter, ...]
    more: bool


class ShowLetters(Question[LettersOfStream]):
    """Which dead letters a reader has of a stream. Refused with `unknown_dead_letter` if there are none."""

    reply: ClassVar[type[Reply]] = LettersOfStream

    reader: str
    source: str
    stream: str
    limit: Annotated[int, Field(ge=1, le=MOST_LETTERS)] = MOST_LETTERS


class RetryRequested(Reply):
    """A retry was requested of so many streams: their readers do it within a second, if they run."""

    streams: int


class RetryStream(Question[RetryRequested]):
    """Request that a reader handles a blocked stream from its first dead letter on.

    Refused with `unknown_dead_letter` if the stream is not blocked for it.
    """

    reply: ClassVar[type[Reply]] = RetryRequested

    reader: str
    source: str
    stream: str


class RetryAll(Question[RetryRequested]):
    """Request that all readers of the service retry all their blocked streams."""

    reply: ClassVar[type[Reply]] = RetryRequested


class LettersDropped(Reply):
    """So many dead letters were dropped; a retry of what follows them was requested."""

    letters: int


class DropLetters(Question[LettersDropped]):
    """Drop a dead letter, with `rest` also those behind it: their reader will never handle them.

    The events stay in their store and on the stream. Refused with `unknown_dead_letter`.
    """

    reply: ClassVar[type[Reply]] = LettersDropped

    reader: str
    source: str
    stream: str
    event: UUID
    rest: bool = False
