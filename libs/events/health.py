"""The health of a process, which it answers to whoever asks over NATS. It is no event."""

from datetime import datetime
from typing import Annotated

from pydantic import ConfigDict, Field

from libs.events.operations.tables import Rebuild
from libs.eventsourcing.model.event import Contract

QUESTION = "ask.all.health"
"""The subject of the question, after the prefix; it has no payload, changes nothing, and all processes
answer."""


class _Health(Contract):
    """A part of the answer; unknown fields, of a newer service, are ignored."""

    model_config = ConfigDict(extra="ignore")


class ReaderHealth(_Health):
    """A reader of a service, by the service's database and the stream."""

    name: str
    waiting: Annotated[int, Field(ge=0)]
    """Events of its types that it has not handled."""
    oldest_seconds: float | None
    """The age of the first of them, None without any."""
    dead_letters: Annotated[int, Field(ge=0)]
    active: bool = True
    """A process runs it."""


class RelayHealth(_Health):
    """The relay of a service, by the service's database and the stream."""

    active: bool
    """A process runs it."""
    stored: int
    """Events in the store; estimated, if they are many."""
    behind: int
    """Events that are not on the stream yet."""
    oldest_seconds: float | None
    """The age of the first of them, None without any."""


class DatabaseHealth(_Health):
    """A service's database."""

    bytes: int
    connections: int
    open_seconds: float | None
    """For how long the oldest writing transaction is open anywhere in the cluster, None if none is."""
    holder: str | None
    """Whose transaction that is."""


class TimerHealth(_Health):
    """A timer of a service: what it does at due times."""

    name: str
    late_seconds: float
    """For how long the earliest row that is not handled has been due; 0 if none is."""


class ServiceHealth(_Health):
    """One process of a service."""

    service: str
    relay_seconds: Annotated[float, Field(ge=0)]
    """How long events have waited for the relay in this process; 0 if none do, or another one relays."""
    relay_error: str = ""
    readers: tuple[ReaderHealth, ...]
    version: str = ""
    """Of the program; empty if it is not known."""
    process: str = ""
    """Its machine's name and its process id."""
    started_at: datetime | None = None
    questions_waiting: int = 0
    """Operators' questions that wait for their turn."""
    relay: RelayHealth | None = None
    database: DatabaseHealth | None = None
    timers: tuple[TimerHealth, ...] = ()
    rebuilds: tuple[Rebuild, ...] = ()
    """The rebuilds of tables that this process does or did, the latest first."""
    problems: tuple[str, ...] = ()
    """What is wrong, in words."""
