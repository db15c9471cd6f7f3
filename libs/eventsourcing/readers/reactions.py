"""Registers a service's reactions to events."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, Literal, overload

from typing_extensions import TypeVar

from libs.eventsourcing.model.event import Event
from libs.eventsourcing.writing.unit_of_work import UnitOfWork

EventT = TypeVar("EventT", bound=Event)
ContextT = TypeVar("ContextT", default=None)
Reaction = Callable[[EventT, UnitOfWork], Awaitable[None]]
ReactionInContext = Callable[[EventT, UnitOfWork, ContextT], Awaitable[None]]
AnyReaction = Callable[[Any, UnitOfWork], Awaitable[None]]


@dataclass(frozen=True)
class _Unbound:
    """A reaction that is not bound to its service's context yet."""

    reaction: Callable[[Any, UnitOfWork, Any], Awaitable[None]]

    async def __call__(self, event: Event, unit: UnitOfWork) -> None:
        del event, unit
        message = f"{self.reaction.__qualname__} works with a context: bind the reactions to it first"
        raise TypeError(message)

    def bind(self, context: object) -> AnyReaction:
        async def react(event: Event, unit: UnitOfWork) -> None:
            await self.reaction(event, unit, context)

        return react


class Reactions(Generic[ContextT]):
    """A service's reactions, by event type. Each runs in the reader's transaction, so exactly once.

    Reactions that need more than the event and its unit of work take the service's context as well, to which
    they are bound when the service starts.
    """

    def __init__(self) -> None:
        self._by_type: dict[type[Event], list[AnyReaction]] = {}

    @overload
    def to(self, kind: type[EventT]) -> Callable[[Reaction[EventT]], Reaction[EventT]]: ...

    @overload
    def to(
        self, kind: type[EventT], *, context: Literal[True]
    ) -> Callable[[ReactionInContext[EventT, ContextT]], ReactionInContext[EventT, ContextT]]: ...

    def to(self, kind: type[Event], *, context: bool = False) -> Callable[[Any], Any]:
        """Register the decorated function as a reaction; with `context`, it gets the context too."""

        def register(reaction: Any) -> Any:  # noqa: ANN401 - the overloads say what it may be
            self._by_type.setdefault(kind, []).append(_Unbound(reaction) if context else reaction)
            return reaction

        return register

    def bind(self, context: ContextT) -> "Reactions":
        """Return the reactions, bound to this context."""
        bound = Reactions()
        for kind, reactions in self._by_type.items():
            bound._by_type[kind] = [
                reaction.bind(context) if isinstance(reaction, _Unbound) else reaction
                for reaction in reactions
            ]
        return bound

    @property
    def events(self) -> frozenset[type[Event]]:
        """The event types that are reacted to."""
        return frozenset(self._by_type)

    def of(self, event: Event) -> Sequence[AnyReaction]:
        """Return the reactions to this event."""
        return self._by_type.get(type(event), ())
