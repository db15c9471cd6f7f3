"""The results of commands."""

from typing import Annotated, Literal

from pydantic import ConfigDict, Field, TypeAdapter

from libs.eventsourcing.model.errors import Refused
from libs.eventsourcing.model.event import Contract


class NotYetKnown(Refused):
    """Refused because no event about the named thing has been read yet.

    A sender that knows of it retries the command soon.
    """


class _Answer(Contract):
    """An answer to a command; unknown fields, of a newer service, are ignored."""

    model_config = ConfigDict(extra="ignore")


class Written(_Answer):
    """The cursor of the last event that a command appended to its service's store."""

    service: str
    xid: int
    position: int


class Accepted(_Answer):
    """The command was executed, now or before. A read model that has reached `written` shows the effect."""

    outcome: Literal["accepted"] = "accepted"
    written: tuple[Written, ...] = ()


class Refusal(_Answer):
    """The command was refused, for a reason that the caller can act on."""

    outcome: Literal["refused"] = "refused"
    code: str
    detail: str = ""
    not_yet_known: Annotated[bool, Field(exclude_if=lambda held: not held)] = False
    """The refusal is a `NotYetKnown`; omitted if false, since earlier programs refuse the field."""

    @classmethod
    def of(cls, error: Refused) -> "Refusal":
        """Return the answer for an error."""
        return cls(code=error.code, detail=error.detail, not_yet_known=isinstance(error, NotYetKnown))

    def error(self) -> Refused:
        """Return the error that the service raised."""
        return (NotYetKnown if self.not_yet_known else Refused)(self.code, self.detail)


class Failure(_Answer):
    """The command failed in the service, whose log contains `reference`."""

    outcome: Literal["failed"] = "failed"
    reference: str
    detail: str = ""


Result = Annotated[Accepted | Refusal | Failure, Field(discriminator="outcome")]
RESULT: TypeAdapter[Accepted | Refusal | Failure] = TypeAdapter(Result)
