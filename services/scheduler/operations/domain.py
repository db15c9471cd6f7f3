"""The decisions about the operator's switches: a pause of all adbots, blocked groups and channels."""

from dataclasses import dataclass, replace
from typing import assert_never

from libs.events.scheduler import (
    AllPaused,
    AllResumed,
    SourceBlocked,
    SourceUnblocked,
    TargetBlocked,
    TargetUnblocked,
)
from libs.eventsourcing import Decider
from services.scheduler.operations.commands import Block, Command, Pause, Resume, Unblock

OperationsEvent = AllPaused | AllResumed | TargetBlocked | TargetUnblocked | SourceBlocked | SourceUnblocked

ALL = "all"
"""The key of the only stream."""


@dataclass(frozen=True)
class Operations:
    """The operator's switches."""

    paused: bool = False
    targets: frozenset[str] = frozenset()
    sources: frozenset[str] = frozenset()


def decide(command: Command, operations: Operations | None) -> list[OperationsEvent]:
    """Return the events of a command; none, if nothing changes."""
    now = operations or Operations()
    match command:
        case Pause():
            return [] if now.paused else [AllPaused(reason=command.reason)]
        case Resume():
            return [AllResumed(reason=command.reason)] if now.paused else []
        case Block() | Unblock():
            blocked = command.chat in (now.sources if command.source else now.targets)
            return [] if blocked == isinstance(command, Block) else [_switched(command)]
        case _:
            assert_never(command)


def _switched(command: Block | Unblock) -> OperationsEvent:
    chat, reason = command.chat, command.reason
    if command.source:
        kind = SourceBlocked if isinstance(command, Block) else SourceUnblocked
        return kind(source=chat, reason=reason)
    of_target = TargetBlocked if isinstance(command, Block) else TargetUnblocked
    return of_target(target=chat, reason=reason)


def evolve(operations: Operations | None, event: OperationsEvent) -> Operations:
    """Return the switches after an event."""
    before = operations or Operations()
    match event:
        case AllPaused():
            return replace(before, paused=True)
        case AllResumed():
            return replace(before, paused=False)
        case TargetBlocked():
            return replace(before, targets=before.targets | {event.target})
        case TargetUnblocked():
            return replace(before, targets=before.targets - {event.target})
        case SourceBlocked():
            return replace(before, sources=before.sources | {event.source})
        case SourceUnblocked():
            return replace(before, sources=before.sources - {event.source})
        case _:
            assert_never(event)


OPERATIONS: Decider[Command, Operations, OperationsEvent] = Decider("operations", decide, evolve)
