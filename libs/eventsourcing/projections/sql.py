"""The statements of one transaction, and those of a projection's handlers."""

from datetime import datetime
from itertools import chain, groupby
from operator import itemgetter
from typing import Any

import asyncpg

from libs.eventsourcing.model.envelope import Recorded
from libs.eventsourcing.store.connections import Connection

Row = asyncpg.Record
"""A row that was read: its values by name or by place."""


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
        """Run all statements that were added."""
        waiting, self._waiting = self._waiting, {}
        self.delayed = bool(waiting)
        for statement, run in groupby(chain.from_iterable(waiting.values()), key=itemgetter(0)):
            together = [arguments for _, arguments in run]
            if len(together) == 1:
                await self._connection.execute(statement, *together[0])
            else:
                await self._connection.executemany(statement, together)
        self.delayed = False

    async def flushed(self) -> Sql:
        """Flush, and return what reads."""
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
        return await (await self._writes.flushed()).fetch(query, *arguments)

    async def fetchrow(self, query: str, *arguments: object) -> Row | None:
        """See `Sql.fetchrow`."""
        return await (await self._writes.flushed()).fetchrow(query, *arguments)

    async def fetchval(self, query: str, *arguments: object) -> Any:  # noqa: ANN401 - a column of any type
        """See `Sql.fetchval`."""
        return await (await self._writes.flushed()).fetchval(query, *arguments)

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
