"""Questions of the event explorer: a service's streams, events and parts of correlated trees."""

from typing import Annotated, ClassVar
from uuid import UUID

from pydantic import AwareDatetime, Field, JsonValue, StringConstraints

from libs.events.questions import Question, Reply

StreamName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z][A-Za-z0-9_]*-[A-Za-z0-9_-]{1,120}$")]
StreamPrefix = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{0,140}$")]
"""What names of streams begin with."""
EventTypeName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z]{1,80}$")]
MOST_NAMES = 300
MOST_TREES = 100
"""How many correlated trees a search finds at most in one service."""
MOST_IN_TREE = 1500
"""How many events of a correlated tree one answer has at most."""
MOST_IN_PAGE = 200
"""How many events of a stream one answer has at most."""


class EventHead(Reply):
    """An event without its data."""

    id: UUID
    type: str
    stream: str
    version: int
    position: int
    """Its position in its service's store; with `at`, the order within a service."""
    at: AwareDatetime
    correlation_id: UUID
    causation_id: UUID
    actor: str


class ShownEvent(Reply):
    """An event with its data, masked; integers that JavaScript can't hold are texts."""

    head: EventHead
    schema_version: int
    data: dict[str, JsonValue]


class ShownStep(ShownEvent):
    """An event and the state after it, masked as well."""

    state_type: str | None = None
    """The name of the state's class; None without a state."""
    state: JsonValue = None
    problem: str | None = None
    """Why there is no state: the stream could not be folded up to here."""


class StreamInStore(Reply):
    """A stream of the asked service."""

    stream: str
    versions: int
    """How many events it has."""


class TreeInStore(Reply):
    """A correlated tree with events in the asked service, and the first of those that were searched for."""

    correlation_id: UUID
    began: AwareDatetime


class FoundInStore(Reply):
    """What the asked service has of the names and ids that are searched for."""

    streams: tuple[StreamInStore, ...] = ()
    trees: tuple[TreeInStore, ...] = ()
    """The latest first."""
    event: EventHead | None = None


class SearchStore(Question[FoundInStore]):
    """Find streams by name, or by id in any of the service's categories; an event; a correlated tree."""

    reply: ClassVar[type[Reply]] = FoundInStore

    names: Annotated[tuple[str, ...], Field(max_length=MOST_NAMES)] = ()
    """Names of streams."""
    key: str = ""
    """What may stand behind a category."""
    id: UUID | None = None
    """What may be an event, or the correlation id of a tree."""


class TreeEvents(Reply):
    """The first events of a correlated tree in one service, in order."""

    events: tuple[EventHead, ...]
    count: int
    """How many there are."""


class ReadTree(Question[TreeEvents]):
    """Read the events of a correlated tree; none, if the service has none of it."""

    reply: ClassVar[type[Reply]] = TreeEvents

    correlation_id: UUID
    limit: Annotated[int, Field(ge=1, le=MOST_IN_TREE)] = MOST_IN_TREE


class StreamPart(Reply):
    """Consecutive events of a stream; as many as fit into one answer."""

    steps: tuple[ShownStep, ...]
    versions: int
    """How many events the stream has."""


class ReadStream(Question[StreamPart]):
    """Read a stream's last events up to a version or a moment, each with the state after it.

    Refused as `unknown_stream`.
    """

    reply: ClassVar[type[Reply]] = StreamPart

    stream: Annotated[str, Field(max_length=200)]
    until: Annotated[int | None, Field(ge=1)] = None
    at: AwareDatetime | None = None
    limit: Annotated[int, Field(ge=1, le=MOST_IN_PAGE)] = MOST_IN_PAGE


class EventInStore(Reply):
    """An event of the asked service, None if it has none of this id."""

    event: ShownEvent | None = None


class ReadEvent(Question[EventInStore]):
    """Read one event with its data."""

    reply: ClassVar[type[Reply]] = EventInStore

    id: UUID
