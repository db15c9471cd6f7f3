"""The NATS messages of commands and their answers, single and batched."""

import json
from collections.abc import Sequence
from typing import Generic, TypeVar
from uuid import UUID

from libs.chassis.names import HEADER_PREFIX
from libs.events.results import RESULT, Accepted, Failure, Refusal
from libs.eventsourcing import Causes, Command
from libs.eventsourcing.hosting import Contract, owner_of

CommandT = TypeVar("CommandT", bound=Command)

CORRELATION = f"{HEADER_PREFIX}Correlation-Id"
COMMAND = f"{HEADER_PREFIX}Command-Id"
ACTOR = f"{HEADER_PREFIX}Actor"

Answer = Accepted | Refusal | Failure


def subject_of(kind: type[Command], prefix: str = "") -> str:
    """Return the subject of a single command, whose ids and actor are in headers."""
    return f"{prefix}cmd.{owner_of(kind)}.{kind.__name__}"


def batch_subject_of(kind: type[Command], prefix: str = "") -> str:
    """Return the subject of batches of one type of command; the suffix is part of the protocol."""
    return f"{subject_of(kind, prefix)}.many"


class BatchedCommand(Contract, Generic[CommandT]):
    """A command in a batch: one line of JSON."""

    command_id: UUID
    correlation_id: UUID
    actor: str
    command: CommandT

    @property
    def causes(self) -> Causes:
        """The correlation id, causation id and actor of the events that it leads to."""
        return Causes(self.correlation_id, self.command_id, self.actor)


def batch_message(commands: Sequence[tuple[Causes, bytes]]) -> bytes:
    """Return the message of a batch, its commands given as JSON: one line for each `BatchedCommand`."""
    return b"\n".join(
        f'{{"command_id":"{causes.causation_id}","correlation_id":"{causes.correlation_id}",'
        f'"actor":{json.dumps(causes.actor)},"command":'.encode()
        + body
        + b"}"
        for causes, body in commands
    )


def batch_lines(body: bytes) -> list[bytes]:
    """Return the lines of a batch."""
    return body.split(b"\n")


def answers_message(answers: Sequence[Answer]) -> bytes:
    """Return the message of a batch's answers, in the commands' order."""
    return b"\n".join(map(RESULT.dump_json, answers))


def answers_in(body: bytes) -> list[Answer]:
    """Return the answers of a batch, in the commands' order."""
    return [RESULT.validate_json(line) for line in body.split(b"\n")]
