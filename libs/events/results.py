"""What a command's sender hears back."""

from typing import Annotated, Literal

from pydantic import Field, TypeAdapter

from libs.eventsourcing.model.event import Contract


class Written(Contract):
    """The place of the last event that a command wrote in its service's store."""

    service: str
    xid: int
    position: int


class Accepted(Contract):
    """It is done, or was done already. A read model that has reached `written` shows it."""

    outcome: Literal["accepted"] = "accepted"
    written: tuple[Written, ...] = ()


class Refusal(Contract):
    """It was understood and is not done, for a reason that the caller can act on."""

    outcome: Literal["refused"] = "refused"
    code: str
    detail: str = ""


class Failure(Contract):
    """It broke on the service's side; `reference` finds it in the service's log."""

    outcome: Literal["failed"] = "failed"
    reference: str
    detail: str = ""


Result = Annotated[Accepted | Refusal | Failure, Field(discriminator="outcome")]
RESULT: TypeAdapter[Accepted | Refusal | Failure] = TypeAdapter(Result)
