"""Repeated queries to a database over one connection."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

import asyncpg

from libs.eventsourcing.store.connections import connect


class Queries:
    """A connection that is opened with the first query; use as `async with queries.connection()`."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._one_at_a_time = asyncio.Lock()
        self._connection: asyncpg.Connection[asyncpg.Record] | None = None

    @asynccontextmanager
    async def connection(self) -> "AsyncGenerator[asyncpg.Connection[asyncpg.Record]]":
        """Yield the connection for exclusive use."""
        async with self._one_at_a_time:
            if self._connection is None or self._connection.is_closed():
                self._connection = await connect(self._url)
            yield self._connection

    async def value(self, query: str, *arguments: object) -> Any:  # noqa: ANN401 - a column of any type
        """Return a single value."""
        async with self.connection() as connection:
            return await connection.fetchval(query, *arguments)

    async def rows(self, query: str, *arguments: object) -> list[asyncpg.Record]:
        """Return all rows."""
        async with self.connection() as connection:
            return await connection.fetch(query, *arguments)

    async def close(self) -> None:
        """Close the connection, if there is one."""
        if self._connection is not None:
            await self._connection.close()
