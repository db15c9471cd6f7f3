"""The base classes of events and commands."""

from collections.abc import Callable, Mapping
from typing import Any, ClassVar

from pydantic import BaseModel, ConfigDict

Upcast = Callable[[dict[str, Any]], dict[str, Any]]
"""Turns the data of one schema into the data of the next one."""


class Contract(BaseModel):
    """An immutable value that services exchange; unknown fields are rejected."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        hide_input_in_errors=True,
        ser_json_bytes="base64",
        val_json_bytes="base64",
    )
    owner: ClassVar[str] = ""
    """The service that publishes this event, or receives this command, if not the one of its module's name.
    """


class Event(Contract):
    """Something that happened. Its meaning is never edited once it has been published."""

    schema_version: ClassVar[int] = 1
    upcasts: ClassVar[Mapping[int, Upcast]] = {}
    """From an old schema's number to what makes the next one of it."""


class Command(Contract):
    """A request to a service, in the imperative."""

    batchable: ClassVar[bool] = False
    """Whether commands sent at the same time may share a message; each has an answer of its own.

    For frequent commands that take little time: a batch is answered when its last command is done."""
    varying: ClassVar[frozenset[str]] = frozenset()
    """Fields that differ each time the same command is written, as what was encrypted does."""


def owner_of(contract: type[Contract]) -> str:
    """Return the service that publishes this event, or receives this command.

    That is the class's `owner`; a class without one belongs to the service that its module is named after.
    """
    return contract.owner or contract.__module__.rpartition(".")[2]
