"""The results of commands."""

from typing import Annotated, Literal

from pydantic import Field, TypeAdapter

from libs.eventsourcing.model.event import Contract


class Written(Contract):
    """The cursor of the last event that a command appended to its service's store."""

    service: str
    xid: int
    position: int


class Accepted(Contract):
    """The command was executed, now or before. A read model that has reached `written` shows the effect."""

    outcome: Literal["accepted"] = "accepted"
    written: tuple[Written, ...] = ()


class Refusal(Contract):
    """The command was refused, for a reason that the caller can act on."""

    outcome: Literal["refused"] = "refused"
    code: str
    detail: str = ""


class Failure(Contract):
    """The command failed in the service, whose log contains `reference`."""

    outcome: Literal["failed"] = "failed"
    reference: str
    detail: str = ""


Result = Annotated[Accepted | Refusal | Failure, Field(discriminator="outcome")]
RESULT: TypeAdapter[Accepted | Refusal | Failure] = TypeAdapter(Result)
