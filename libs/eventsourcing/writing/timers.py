"""Registers a service's timers."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, Literal, overload

from typing_extensions import TypeVar

from libs.eventsourcing.projections.sql import Sql
from libs.eventsourcing.writing.engine import Engine
from libs.eventsourcing.writing.timer import Timer
from libs.eventsourcing.writing.unit_of_work import UnitOfWork

ContextT = TypeVar("ContextT", default=None)
Earliest = Callable[[Sql], Awaitable[datetime | None]]
EarliestInContext = Callable[[Sql, ContextT], Awaitable[datetime | None]]
Take = Callable[[UnitOfWork], Awaitable[int]]
TakeInContext = Callable[[UnitOfWork, ContextT], Awaitable[int]]


@dataclass(frozen=True)
class Due:
    """A timer bound to its service's context; see `Timer`."""

    name: str
    earliest: Earliest
    take: Take

    def timer(self, engine: Engine) -> Timer:
        """Return the running timer."""
        return Timer(self.name, engine, earliest=self.earliest, take=self.take)


class Timers(Generic[ContextT]):
    """A service's timers, by name.

    Handlers that need more than the database take the service's context as well, to which they are bound when
    the service starts.
    """

    def __init__(self) -> None:
        self._by_name: dict[str, Callable[[Any], Due]] = {}

    @overload
    def due(self, name: str, *, earliest: Earliest) -> Callable[[Take], Take]: ...

    @overload
    def due(
        self, name: str, *, earliest: EarliestInContext[ContextT], context: Literal[True]
    ) -> Callable[[TakeInContext[ContextT]], TakeInContext[ContextT]]: ...

    def due(self, name: str, *, earliest: Any, context: bool = False) -> Callable[[Any], Any]:
        """Register the decorated function: it handles due rows, from the instant on that `earliest` returns.

        With `context`, both get the context too.
        """

        def register(take: Any) -> Any:  # noqa: ANN401 - the overloads say what it may be
            if name in self._by_name:
                message = f"there is already a timer {name}"
                raise ValueError(message)
            self._by_name[name] = lambda known: (
                Due(name, lambda sql: earliest(sql, known), lambda unit: take(unit, known))
                if context
                else Due(name, earliest, take)
            )
            return take

        return register

    @property
    def names(self) -> frozenset[str]:
        """The timers' names."""
        return frozenset(self._by_name)

    def bind(self, context: ContextT) -> Sequence[Due]:
        """Return the timers, bound to this context."""
        return [due(context) for due in self._by_name.values()]
