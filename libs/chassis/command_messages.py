"""How commands and their answers look in messages of NATS: alone, or many together."""

import json
from collections.abc import Sequence
from typing import Generic, TypeVar
from uuid import UUID

from libs.chassis.names import HEADER_PREFIX
from libs.events.results import RESULT, Accepted, Failure, Refusal
from libs.eventsourcing import Causes, Command, Contract, owner_of

CommandT = TypeVar("CommandT", bound=Command)

CORRELATION = f"{HEADER_PREFIX}Correlation-Id"
COMMAND = f"{HEADER_PREFIX}Command-Id"
ACTOR = f"{HEADER_PREFIX}Actor"

Answer = Accepted | Refusal | Failure


def subject_of(kind: type[Command], prefix: str = "") -> str:
    """Return the subject on which a command is heard, its causes in headers."""
    return f"{prefix}cmd.{owner_of(kind)}.{kind.__name__}"


def subject_of_many(kind: type[Command], prefix: str = "") -> str:
    """Return the subject on which many commands of one type are heard, each with its causes."""
    return f"{subject_of(kind, prefix)}.many"


class Posted(Contract, Generic[CommandT]):
    """A command among others in a message: one line of JSON."""

    command_id: UUID
    correlation_id: UUID
    actor: str
    command: CommandT

    @property
    def causes(self) -> Causes:
        """What leads to what the command brings about."""
        return Causes(self.correlation_id, self.command_id, self.actor)


def posted_message(commands: Sequence[tuple[Causes, bytes]]) -> bytes:
    """Return the message that brings many commands, each given as JSON: a line for each `Posted`."""
    return b"\n".join(
        f'{{"command_id":"{causes.causation_id}","correlation_id":"{causes.correlation_id}",'
        f'"actor":{json.dumps(causes.actor)},"command":'.encode()
        + body
        + b"}"
        for causes, body in commands
    )


def posted_lines(body: bytes) -> list[bytes]:
    """Return the commands of a message."""
    return body.split(b"\n")


def answers_message(answers: Sequence[Answer]) -> bytes:
    """Return the message that answers many commands, in their order."""
    return b"\n".join(map(RESULT.dump_json, answers))


def answers_in(body: bytes) -> list[Answer]:
    """Return the answers to many commands, in their order."""
    return [RESULT.validate_json(line) for line in body.split(b"\n")]
