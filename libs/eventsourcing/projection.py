"""Tables that are folded from events, each in a Postgres schema of its own."""

import re
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from typing import Any, TypeVar, cast

import asyncpg

from libs.events.base import Event
from libs.eventsourcing.postgres import Connection
from libs.eventsourcing.record import Recorded

EventT = TypeVar("EventT", bound=Event)
Row = asyncpg.Record

_NAME = re.compile(r"^[a-z][a-z0-9_]{0,50}$")


class Sql:
    """The statements of one transaction. Tables are named bare: the search path finds them."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def execute(self, statement: str, *arguments: object) -> int:
        """Run a statement and return how many rows it touched."""
        tag = await self._connection.execute(statement, *arguments)
        count = tag.rpartition(" ")[2]
        return int(count) if count.isdigit() else 0

    async def fetch(self, query: str, *arguments: object) -> list[Row]:
        """Return all rows."""
        return await self._connection.fetch(query, *arguments)

    async def fetchrow(self, query: str, *arguments: object) -> Row | None:
        """Return the first row, or None."""
        return await self._connection.fetchrow(query, *arguments)

    async def fetchval(self, query: str, *arguments: object) -> Any:  # noqa: ANN401 - a column of any type
        """Return the first column of the first row, or None."""
        return await self._connection.fetchval(query, *arguments)


class TableSql(Sql):
    """What a projection's handler writes with; knows the event's envelope."""

    def __init__(self, connection: Connection, recorded: Recorded, table: str) -> None:
        super().__init__(connection)
        self.recorded = recorded
        self._table = table

    @property
    def at(self) -> datetime:
        """When the event was decided."""
        return self.recorded.at

    async def insert(self, **values: object) -> None:
        """Add a row to the table that is named like the projection."""
        columns = ", ".join(values)
        places = ", ".join(f"${index}" for index in range(1, len(values) + 1))
        await self.execute(
            f"insert into {self._table} ({columns}) values ({places})",  # noqa: S608 - names from code
            *values.values(),
        )


Handler = Callable[[EventT, TableSql], Awaitable[None]]


class Projection:
    """A named, versioned set of tables, and how each event changes them.

    Its tables stand in a schema of the projection's name; `ddl` names them bare, and so do queries.
    Raise `version` whenever `ddl` or a handler changes: the tables are then folded anew.
    """

    def __init__(self, name: str, *, version: int, ddl: str) -> None:
        if not _NAME.match(name):
            message = f"{name!r} can't be the name of a projection"
            raise ValueError(message)
        self.name = name
        self.version = version
        self.ddl = ddl
        self._handlers: dict[type[Event], Callable[[Any, TableSql], Awaitable[None]]] = {}

    def on(
        self, kind: type[EventT]
    ) -> Callable[
        [Callable[[EventT, TableSql], Awaitable[None]]], Callable[[EventT, TableSql], Awaitable[None]]
    ]:
        """Make the decorated function what this event does to the tables."""

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

    async def apply(self, recorded: Recorded, connection: Connection) -> None:
        """Change the tables as this event says; nothing if it says nothing to them."""
        handler = self._handlers.get(type(recorded.event))
        if handler is not None:
            await handler(recorded.event, TableSql(connection, recorded, self.name))


async def outdated(connection: Connection, projections: Sequence[Projection]) -> list[Projection]:
    """Return those whose tables are missing in the database, or are of another version."""
    rows = await connection.fetch("select name, version from engine.projections")
    versions = {cast("str", row["name"]): cast("int", row["version"]) for row in rows}
    return [projection for projection in projections if versions.get(projection.name) != projection.version]


async def prepare(connection: Connection, projections: Sequence[Projection]) -> list[Projection]:
    """Make the tables of new and changed projections, empty, and return those that must be folded.

    Runs in the caller's transaction.
    """
    fresh = await outdated(connection, projections)
    for projection in fresh:
        await connection.execute(f'drop schema if exists "{projection.name}" cascade')
        await connection.execute(f'create schema "{projection.name}"')
        await connection.execute(f'set local search_path to "{projection.name}"')
        await connection.execute(projection.ddl)
        await connection.execute(
            "insert into engine.projections values ($1, $2) on conflict (name) do update set version = $2",
            projection.name,
            projection.version,
        )
    return fresh
