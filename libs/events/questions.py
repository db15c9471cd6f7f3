"""Questions to a service about its store and its work, over NATS. They and their answers are no events."""

from typing import Annotated, ClassVar, Generic, Literal, TypeVar

from pydantic import ConfigDict, Field, TypeAdapter

from libs.events.results import Failure, Refusal
from libs.eventsourcing.model.event import Contract


class Reply(Contract):
    """The content of an answer; unknown fields, of a newer service, are ignored."""

    model_config = ConfigDict(extra="ignore")


ReplyT = TypeVar("ReplyT", bound=Reply)


class Question(Contract, Generic[ReplyT]):
    """What one process of the asked service answers.

    A subclass names the type of its answer twice: as `Question[Kind]` for checkers, and as `reply`.
    """

    reply: ClassVar[type[Reply]]


class Answered(Contract):
    """The answer to a question, as JSON."""

    model_config = ConfigDict(extra="ignore")

    outcome: Literal["answered"] = "answered"
    reply: dict[str, object]


ANSWER: TypeAdapter[Answered | Refusal | Failure] = TypeAdapter(
    Annotated[Answered | Refusal | Failure, Field(discriminator="outcome")]
)


def subject_of(kind: type[Question[ReplyT]], service: str, prefix: str = "") -> str:
    """Return the subject on which a service is asked."""
    return f"{prefix}ask.{service}.{kind.__name__}"
