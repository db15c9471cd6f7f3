"""Pure decisions: `decide` returns the events that follow from a command, `evolve` applies one."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Generic, TypeVar
from uuid import UUID

from pydantic import TypeAdapter

from libs.eventsourcing.model.event import Event

CommandT = TypeVar("CommandT")
StateT = TypeVar("StateT")
EventT = TypeVar("EventT", bound=Event)


@dataclass(frozen=True)
class Snapshots(Generic[StateT]):
    """How an aggregate's state is stored from time to time, so that long streams are not folded whole.

    A snapshot is never the truth: one of another version, or that can't be read, is ignored, and may be
    deleted at any time.
    """

    state: type[StateT]
    """The state: a dataclass of types that pydantic knows."""
    version: int
    """To be raised when the state's type, `evolve` or an upcast changes: older snapshots are void then."""
    every: int = 100
    """After how many events the next one is stored, in the transaction of the append."""

    def encode(self, state: StateT) -> str:
        """Return a state as JSON."""
        return self._adapter.dump_json(state).decode()

    def decode(self, text: str) -> StateT:
        """Return a state from JSON; raise `ValueError` if it is none."""
        return self._adapter.validate_json(text)

    @cached_property
    def _adapter(self) -> TypeAdapter[StateT]:
        return TypeAdapter(self.state)


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
    snapshots: Snapshots[StateT] | None = None
    """For streams that grow with time; None: each state is folded from the stream's start."""

    def fold(self, events: Iterable[EventT], state: StateT | None = None) -> StateT | None:
        """Return the state after all these events."""
        for event in events:
            state = self.evolve(state, event)
        return state

    def stream(self, key: object) -> str:
        """Return the name of the stream that holds the aggregate with this key."""
        return f"{self.category}-{key}"
