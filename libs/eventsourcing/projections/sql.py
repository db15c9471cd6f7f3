"""The statements of one transaction, and those of a projection's handlers."""

from datetime import datetime
from itertools import chain, groupby
from operator import itemgetter
from typing import Any

import asyncpg

from libs.eventsourcing.model.envelope import Recorded
from libs.eventsourcing.store.connections import Connection

Row = asyncpg.Record
"""A row of a result, by column name or index."""


class Sql:
    """Runs statements in one transaction. Tables have bare names: the search path finds them."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def execute(self, statement: str, *arguments: object) -> int:
        """Execute a statement and return how many rows it affected."""
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
    """A buffer of statements without results, so that many are sent at once.

    Those of one projection run in their order; projections write to no tables but their own.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._waiting: dict[str, list[tuple[str, tuple[object, ...]]]] = {}
        self.delayed = False
        """The last statement that was sent had been buffered, so that its event is not the latest one."""

    def add(self, projection: str, statement: str, arguments: tuple[object, ...]) -> None:
        """Buffer a statement of a projection; it runs before any read of the tables."""
        self._waiting.setdefault(projection, []).append((statement, arguments))

    async def flush(self) -> None:
        """Execute all buffered statements."""
        waiting, self._waiting = self._waiting, {}
        self.delayed = bool(waiting)
        for statement, run in groupby(chain.from_iterable(waiting.values()), key=itemgetter(0)):
            batch = [arguments for _, arguments in run]
            if len(batch) == 1:
                await self._connection.execute(statement, *batch[0])
            else:
                await self._connection.executemany(statement, batch)
        self.delayed = False

    async def flushed(self) -> Sql:
        """Flush, and return the connection to read with."""
        await self.flush()
        return Sql(self._connection)


class TableSql:
    """The SQL interface of a projection's handler, with the event's envelope.

    Writes may be buffered until equal ones can be sent with them. They are executed before any read.
    """

    def __init__(self, writes: Writes, recorded: Recorded, table: str) -> None:
        self.recorded = recorded
        self._writes = writes
        self._table = table

    async def execute(self, statement: str, *arguments: object) -> None:
        """Buffer a statement."""
        self._writes.add(self._table, statement, arguments)

    async def fetch(self, query: str, *arguments: object) -> list[Row]:
        """See `Sql.fetch`."""
        return await (await self._writes.flushed()).fetch(query, *arguments)

    async def fetchrow(self, query: str, *arguments: object) -> Row | None:
        """See `Sql.fetchrow`."""
        return await (await self._writes.flushed()).fetchrow(query, *arguments)

    async def fetchval(self, query: str, *arguments: object) -> Any:  # noqa: ANN401 - a column of any type
        """See `Sql.fetchval`."""
        return await (await self._writes.flushed()).fetchval(query, *arguments)

    @property
    def at(self) -> datetime:
        """The event's timestamp, UTC-aware."""
        return self.recorded.at

    async def insert(self, **values: object) -> None:
        """Insert a row into the table that is named like the projection."""
        columns = ", ".join(values)
        parameters = ", ".join(f"${index}" for index in range(1, len(values) + 1))
        await self.execute(
            f"insert into {self._table} ({columns}) values ({parameters})",  # noqa: S608 - names from code
            *values.values(),
        )
