"""The health of a process, which it answers to whoever asks over NATS. It is no event."""

from typing import Annotated

from pydantic import ConfigDict, Field

from libs.eventsourcing.model.event import Contract

QUESTION = "ask.all.health"
"""The subject of the question, after the prefix; it has no payload, changes nothing, and all processes
answer."""


class ReaderHealth(Contract):
    """A reader of a service, by the service's database and the stream; unknown fields are ignored."""

    model_config = ConfigDict(extra="ignore")

    name: str
    waiting: Annotated[int, Field(ge=0)]
    """Events of its types that it has not handled."""
    oldest_seconds: float | None
    """The age of the first of them, None without any."""
    dead_letters: Annotated[int, Field(ge=0)]


class ServiceHealth(Contract):
    """One process of a service; unknown fields are ignored."""

    model_config = ConfigDict(extra="ignore")

    service: str
    relay_seconds: Annotated[float, Field(ge=0)]
    """How long events have waited for the relay in this process; 0 if none do, or another one relays."""
    relay_error: str = ""
    readers: tuple[ReaderHealth, ...]
