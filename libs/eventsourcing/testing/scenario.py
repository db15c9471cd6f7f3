"""given(events).when(command).then(events): a decision as a sentence."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Generic, TypeVar

from libs.eventsourcing.model.decider import Decider
from libs.eventsourcing.model.errors import Refused
from libs.eventsourcing.model.event import Event

CommandT = TypeVar("CommandT")
StateT = TypeVar("StateT")
EventT = TypeVar("EventT", bound=Event)


@dataclass(frozen=True)
class Scenario(Generic[CommandT, StateT, EventT]):
    """A history, and the commands that are handled one after another upon it."""

    decider: Decider[CommandT, StateT, EventT]
    history: tuple[EventT, ...] = ()
    commands: tuple[CommandT, ...] = ()

    def given(self, *events: EventT) -> "Scenario[CommandT, StateT, EventT]":
        """Return the scenario with more history."""
        return replace(self, history=(*self.history, *events))

    def when(self, *commands: CommandT) -> "Scenario[CommandT, StateT, EventT]":
        """Return the scenario with more commands."""
        return replace(self, commands=(*self.commands, *commands))

    def then(self, *events: EventT) -> None:
        """Fail unless the commands lead to exactly these events."""
        found = self._outcome()
        assert found == list(events), f"expected {list(events)}, found {found}"  # noqa: S101 - a test's assertion

    def refused(self, code: str) -> Refused:
        """Fail unless the commands are refused with this code; return the refusal."""
        found: Sequence[object]
        try:
            found = self._outcome()
        except Refused as refusal:
            if refusal.code == code:
                return refusal
            found = [refusal]
        message = f"expected a refusal {code}, found {found}"
        raise AssertionError(message)

    def state(self) -> StateT | None:
        """Return the state after the history and what the commands add to it."""
        return self.decider.fold([*self.history, *self._outcome()])

    def _outcome(self) -> Sequence[EventT]:
        state = self.decider.fold(self.history)
        happened: list[EventT] = []
        for command in self.commands:
            events = list(self.decider.decide(command, state))
            state = self.decider.fold(events, state)
            happened.extend(events)
        return happened


def scenarios(decider: Decider[CommandT, StateT, EventT]) -> Scenario[CommandT, StateT, EventT]:
    """Return the empty scenario of an aggregate, to build others from."""
    return Scenario(decider)
