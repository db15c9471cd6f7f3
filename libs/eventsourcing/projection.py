"""Tables that are folded from events, each in a Postgres schema of its own."""

import re
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from itertools import chain, groupby
from operator import itemgetter
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


class Writes:
    """Statements whose results nobody asked for, so that many can travel at once.

    Those of one projection run in their order; projections touch no tables but their own.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._waiting: dict[str, list[tuple[str, tuple[object, ...]]]] = {}
        self.delayed = False
        """Whether the last thing that was sent had waited, so that its event is not the latest one."""

    def add(self, projection: str, statement: str, arguments: tuple[object, ...]) -> None:
        """Have a statement of a projection run before anything else that is asked of the tables."""
        self._waiting.setdefault(projection, []).append((statement, arguments))

    async def flush(self) -> None:
        """Have run all that was added."""
        waiting, self._waiting = self._waiting, {}
        self.delayed = bool(waiting)
        for statement, run in groupby(chain.from_iterable(waiting.values()), key=itemgetter(0)):
            together = [arguments for _, arguments in run]
            if len(together) == 1:
                await self._connection.execute(statement, *together[0])
            else:
                await self._connection.executemany(statement, together)
        self.delayed = False

    async def settled(self) -> Sql:
        """Have run all that was added, and return what reads."""
        await self.flush()
        return Sql(self._connection)


class TableSql:
    """What a projection's handler writes with; knows the event's envelope.

    What it is told to write may wait for more of the same. It is written before anything is read.
    """

    def __init__(self, writes: Writes, recorded: Recorded, table: str) -> None:
        self.recorded = recorded
        self._writes = writes
        self._table = table

    async def execute(self, statement: str, *arguments: object) -> None:
        """Have a statement run, in its turn."""
        self._writes.add(self._table, statement, arguments)

    async def fetch(self, query: str, *arguments: object) -> list[Row]:
        """See `Sql.fetch`."""
        return await (await self._writes.settled()).fetch(query, *arguments)

    async def fetchrow(self, query: str, *arguments: object) -> Row | None:
        """See `Sql.fetchrow`."""
        return await (await self._writes.settled()).fetchrow(query, *arguments)

    async def fetchval(self, query: str, *arguments: object) -> Any:  # noqa: ANN401 - a column of any type
        """See `Sql.fetchval`."""
        return await (await self._writes.settled()).fetchval(query, *arguments)

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
    Raise `version` whenever `ddl` or a handler changes: the tables are then folded anew. `undecided` names
    the columns (`table.column`) that no event decides: a check leaves them out, a rebuild carries them over.
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

    async def apply(self, recorded: Recorded, writes: Writes) -> None:
        """Change the tables as this event says, if it says anything to them, once `writes` is flushed."""
        handler = self._handlers.get(type(recorded.event))
        if handler is not None:
            await handler(recorded.event, TableSql(writes, recorded, self.name))


async def outdated(connection: Connection, projections: Sequence[Projection]) -> list[Projection]:
    """Return those whose tables are missing in the database, or are of another version."""
    rows = await connection.fetch("select name, version from engine.projections")
    versions = {cast("str", row["name"]): cast("int", row["version"]) for row in rows}
    return [projection for projection in projections if versions.get(projection.name) != projection.version]
