"""Projections: tables that are folded from events, each in a PostgreSQL schema of its own."""

import re
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, TypeVar, cast

from libs.eventsourcing.model.envelope import Recorded
from libs.eventsourcing.model.event import Event
from libs.eventsourcing.projections.sql import TableSql, Writes
from libs.eventsourcing.store.connections import Connection

EventT = TypeVar("EventT", bound=Event)

_NAME = re.compile(r"^[a-z][a-z0-9_]{0,50}$")


Handler = Callable[[EventT, TableSql], Awaitable[None]]


class Projection:
    """A named, versioned set of tables, and how each event changes them.

    Its tables are in a schema of the projection's name; `ddl` and queries use their bare names. Raise
    `version` whenever `ddl` or a handler changes: the tables are then folded anew. `undecided` names the
    columns (`table.column`) that no event decides: a check leaves them out, a rebuild copies them.
    """

    def __init__(self, name: str, *, version: int, ddl: str, undecided: Sequence[str] = ()) -> None:
        if not _NAME.match(name):
            message = f"{name!r} can't be the name of a projection"
            raise ValueError(message)
        self.name = name
        self.version = version
        self.ddl = ddl
        self.undecided = frozenset(undecided)
        self._handlers: dict[type[Event], Callable[[Any, TableSql], Awaitable[None]]] = {}

    def on(
        self, kind: type[EventT]
    ) -> Callable[
        [Callable[[EventT, TableSql], Awaitable[None]]], Callable[[EventT, TableSql], Awaitable[None]]
    ]:
        """Register the decorated function: it applies this event to the tables."""

        def register(
            handler: Callable[[EventT, TableSql], Awaitable[None]],
        ) -> Callable[[EventT, TableSql], Awaitable[None]]:
            if kind in self._handlers:
                message = f"{self.name} already has a handler of {kind.__name__}"
                raise ValueError(message)
            self._handlers[kind] = handler
            return handler

        return register

    @property
    def events(self) -> frozenset[type[Event]]:
        """The event types that change these tables."""
        return frozenset(self._handlers)

    async def apply(self, recorded: Recorded, writes: Writes) -> None:
        """Apply an event to the tables once `writes` is flushed; other event types are ignored."""
        handler = self._handlers.get(type(recorded.event))
        if handler is not None:
            await handler(recorded.event, TableSql(writes, recorded, self.name))


async def outdated(connection: Connection, projections: Sequence[Projection]) -> list[Projection]:
    """Return the projections whose tables are missing in the database, or are of another version."""
    rows = await connection.fetch("select name, version from engine.projections")
    versions = {cast("str", row["name"]): cast("int", row["version"]) for row in rows}
    return [projection for projection in projections if versions.get(projection.name) != projection.version]
