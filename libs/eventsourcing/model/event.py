"""What every event and command is made of."""

from collections.abc import Callable, Mapping
from typing import Any, ClassVar

from pydantic import BaseModel, ConfigDict

Upcast = Callable[[dict[str, Any]], dict[str, Any]]
"""Turns the data of one schema into the data of the next one."""


class Contract(BaseModel):
    """A frozen value that crosses a service border; unknown fields are refused."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        hide_input_in_errors=True,
        ser_json_bytes="base64",
        val_json_bytes="base64",
    )
    owner: ClassVar[str] = ""
    """The service that says this event, or hears this command, where its module is not named after it."""


class Event(Contract):
    """Something that happened. Its meaning is never edited once it has been published."""

    schema_version: ClassVar[int] = 1
    upcasts: ClassVar[Mapping[int, Upcast]] = {}
    """From an old schema's number to what makes the next one of it."""


class Command(Contract):
    """Something that its owner is asked to do."""

    batchable: ClassVar[bool] = False
    """Whether commands sent at the same time may share a message; each has an answer of its own.

    For frequent commands that take little time: a batch is answered when its last command is done."""


def owner_of(contract: type[Contract]) -> str:
    """Return the service that says this event, or hears this command.

    That is the class's `owner`; a class without one belongs to the service that its module is named after.
    """
    return contract.owner or contract.__module__.rpartition(".")[2]
