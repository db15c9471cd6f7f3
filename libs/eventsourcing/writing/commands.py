"""Registers a service's command handlers."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any, Generic, Literal, overload
from uuid import UUID

from typing_extensions import TypeVar

from libs.eventsourcing.model.envelope import Causes, Cursor
from libs.eventsourcing.model.event import Command
from libs.eventsourcing.writing.engine import Engine
from libs.eventsourcing.writing.unit_of_work import UnitOfWork

T = TypeVar("T")
CommandT = TypeVar("CommandT", bound=Command)
ContextT = TypeVar("ContextT", default=None)


class Scope:
    """The scope of a command with outside effects: several units of work with the same causes."""

    def __init__(self, engine: Engine, causes: Causes) -> None:
        self._engine = engine
        self.causes = causes
        self.written: Cursor | None = None

    async def run(
        self,
        work: Callable[[UnitOfWork], Awaitable[T]],
        *,
        command: UUID | None = None,
        grouped: bool = False,
        actor: str | None = None,
    ) -> T | None:
        """Run one unit of work and return its value, as `Engine.run` does. `actor` replaces the command's."""
        causes = self.causes if actor is None else replace(self.causes, actor=actor)
        done = await self._engine.run(work, causes, command=command, grouped=grouped)
        if done.written is not None:
            self.written = max(self.written or done.written, done.written)
        return done.value

    def changed(self) -> None:
        """Tell those who wait for rows that some have changed without an event; see `Engine.changed`."""
        self._engine.changed()


Handler = Callable[[CommandT, UnitOfWork], Awaitable[None]]
HandlerInContext = Callable[[CommandT, UnitOfWork, ContextT], Awaitable[None]]
OutsideHandler = Callable[[CommandT, Scope], Awaitable[None]]
OutsideHandlerInContext = Callable[[CommandT, Scope, ContextT], Awaitable[None]]
_CarryOutInContext = Callable[[Any, Scope, Any], Awaitable[None]]


class CommandHandlers(Generic[ContextT]):
    """A service's command handlers, one for each command type.

    Handlers that need more than the command and its unit of work take the service's context as well, to which
    they are bound when the service starts.
    """

    def __init__(self) -> None:
        self._by_type: dict[type[Command], _CarryOutInContext] = {}

    @overload
    def on(self, kind: type[CommandT]) -> Callable[[Handler[CommandT]], Handler[CommandT]]: ...

    @overload
    def on(
        self, kind: type[CommandT], *, context: Literal[True]
    ) -> Callable[[HandlerInContext[CommandT, ContextT]], HandlerInContext[CommandT, ContextT]]: ...

    def on(self, kind: type[Command], *, context: bool = False) -> Callable[[Any], Any]:
        """Register the decorated function: it handles a command in one unit of work, once per command id.

        The unit may share its transaction with other commands, so it should wait for nothing else. With
        `context`, the function gets the context too.
        """

        def register(handler: Any) -> Any:  # noqa: ANN401 - the overloads say what it may be
            async def carry_out(command: Command, scope: Scope, known: object) -> None:
                def work(unit: UnitOfWork) -> Awaitable[None]:
                    result: Awaitable[None] = (
                        handler(command, unit, known) if context else handler(command, unit)
                    )
                    return result

                await scope.run(work, command=scope.causes.causation_id, grouped=True)

            self._add(kind, carry_out)
            return handler

        return register

    @overload
    def outside(
        self, kind: type[CommandT]
    ) -> Callable[[OutsideHandler[CommandT]], OutsideHandler[CommandT]]: ...

    @overload
    def outside(
        self, kind: type[CommandT], *, context: Literal[True]
    ) -> Callable[
        [OutsideHandlerInContext[CommandT, ContextT]], OutsideHandlerInContext[CommandT, ContextT]
    ]: ...

    def outside(self, kind: type[Command], *, context: bool = False) -> Callable[[Any], Any]:
        """Register the decorated function: it handles a command with effects outside the database.

        It may run again for the same command: it must resume where it stopped. With `context`, the function
        gets the context too.
        """

        def register(handler: Any) -> Any:  # noqa: ANN401 - the overloads say what it may be
            async def carry_out(command: Command, scope: Scope, known: object) -> None:
                await (handler(command, scope, known) if context else handler(command, scope))

            self._add(kind, carry_out)
            return handler

        return register

    def _add(self, kind: type[Command], handler: _CarryOutInContext) -> None:
        if kind in self._by_type:
            message = f"{kind.__name__} already has a handler"
            raise ValueError(message)
        self._by_type[kind] = handler

    @property
    def commands(self) -> frozenset[type[Command]]:
        """The command types that have a handler."""
        return frozenset(self._by_type)

    def bind(self, context: ContextT) -> "CommandHandlers":
        """Return the handlers, bound to this context."""
        bound = CommandHandlers()
        for kind, handler in self._by_type.items():
            bound._by_type[kind] = _with(handler, context)
        return bound

    def of(self, kind: type[CommandT]) -> Callable[[CommandT, Scope], Awaitable[None]]:
        """Return the handler of a command type."""
        handler = self._by_type[kind]

        async def carry_out(command: CommandT, scope: Scope) -> None:
            await handler(command, scope, None)

        return carry_out


def _with(handler: _CarryOutInContext, context: object) -> _CarryOutInContext:
    async def carry_out(command: Command, scope: Scope, _: object) -> None:
        await handler(command, scope, context)

    return carry_out
