"""What a service does when it hears an event."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any, TypeVar

from libs.eventsourcing.model.event import Event
from libs.eventsourcing.writing.unit_of_work import UnitOfWork

EventT = TypeVar("EventT", bound=Event)
Reaction = Callable[[EventT, UnitOfWork], Awaitable[None]]
AnyReaction = Callable[[Any, UnitOfWork], Awaitable[None]]


class Reactions:
    """A service's reactions, by event type. Each runs in the reader's transaction, so exactly once."""

    def __init__(self) -> None:
        self._by_type: dict[type[Event], list[AnyReaction]] = {}

    def to(self, kind: type[EventT]) -> Callable[[Reaction[EventT]], Reaction[EventT]]:
        """Make the decorated function a reaction to this event."""

        def register(reaction: Reaction[EventT]) -> Reaction[EventT]:
            self._by_type.setdefault(kind, []).append(reaction)
            return reaction

        return register

    @property
    def events(self) -> frozenset[type[Event]]:
        """The event types that are reacted to."""
        return frozenset(self._by_type)

    def of(self, event: Event) -> Sequence[AnyReaction]:
        """Return what follows this event."""
        return self._by_type.get(type(event), ())
