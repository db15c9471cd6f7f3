"""Pure decisions: `decide` returns the events that follow from a command, `evolve` applies one."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar
from uuid import UUID

from libs.eventsourcing.model.event import Event

CommandT = TypeVar("CommandT")
StateT = TypeVar("StateT")
EventT = TypeVar("EventT", bound=Event)


@dataclass(frozen=True)
class Decider(Generic[CommandT, StateT, EventT]):
    """An aggregate: its category (the prefix of its streams) and its two pure functions.

    `decide` returns the events that follow from a command, none for a no-op, or raises `Refused`. `evolve`
    returns the state after an event; None is the state before the first one. The events get the correlation
    id of the command's cause, unless the aggregate declares another one:
    """

    category: str
    decide: Callable[[CommandT, StateT | None], Sequence[EventT]]
    evolve: Callable[[StateT | None, EventT], StateT]
    continues: bool = False
    """The stream's events keep the correlation id of its first one, unless an event caused the command."""
    correlated_with: Callable[[CommandT, str], UUID | str | None] | None = None
    """Returns the correlation id for a command, or the stream that began with it, whatever caused it. None
    leaves it to the rule. Called with the command and its own stream."""

    def fold(self, events: Iterable[EventT], state: StateT | None = None) -> StateT | None:
        """Return the state after all these events."""
        for event in events:
            state = self.evolve(state, event)
        return state

    def stream(self, key: object) -> str:
        """Return the name of the stream that holds the aggregate with this key."""
        return f"{self.category}-{key}"
