"""What a command's sender hears back."""

from typing import Annotated, Literal

from pydantic import ConfigDict, Field, TypeAdapter

from libs.eventsourcing.model.errors import Refused
from libs.eventsourcing.model.event import Contract


class NotYetKnown(Refused):
    """Refused because no event about what was named has been read here: it may still be on its way.

    A sender that knows better sends the command again soon.
    """


class _Answer(Contract):
    """An answer to a command; fields that only a newer service knows are passed over."""

    model_config = ConfigDict(extra="ignore")


class Written(_Answer):
    """The place of the last event that a command wrote in its service's store."""

    service: str
    xid: int
    position: int


class Accepted(_Answer):
    """It is done, or was done already. A read model that has reached `written` shows it."""

    outcome: Literal["accepted"] = "accepted"
    written: tuple[Written, ...] = ()


class Refusal(_Answer):
    """It was understood and is not done, for a reason that the caller can act on."""

    outcome: Literal["refused"] = "refused"
    code: str
    detail: str = ""
    not_yet_known: Annotated[bool, Field(exclude_if=lambda held: not held)] = False
    """Whether this is a `NotYetKnown`. Left out of the message unless it is: senders of before refuse it."""

    @classmethod
    def of(cls, error: Refused) -> "Refusal":
        """Return the answer that says what was raised."""
        return cls(code=error.code, detail=error.detail, not_yet_known=isinstance(error, NotYetKnown))

    def error(self) -> Refused:
        """Return what was raised where the command was decided."""
        return (NotYetKnown if self.not_yet_known else Refused)(self.code, self.detail)


class Failure(_Answer):
    """It broke on the service's side; `reference` finds it in the service's log."""

    outcome: Literal["failed"] = "failed"
    reference: str
    detail: str = ""


Result = Annotated[Accepted | Refusal | Failure, Field(discriminator="outcome")]
RESULT: TypeAdapter[Accepted | Refusal | Failure] = TypeAdapter(Result)
