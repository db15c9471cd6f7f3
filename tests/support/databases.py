"""Databases with a service's tables, copied from a template that is created once per run."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from uuid import uuid4
from weakref import WeakKeyDictionary

import asyncpg

from adrelay.commands.events.tables.folded import tables_of
from adrelay.runtime.postgres import EmbeddedPostgres
from adrelay.system import SERVICES
from libs.chassis.names import APPLICATION
from libs.events.catalogue import published
from libs.eventsourcing import Engine

ENGINE = "engine"
"""The template with the engine's own tables only."""
Make = Callable[[str], Awaitable[None]]
"""Creates the tables of a template, in the empty database at a URL."""


class Templates:
    """The templates of a server, each created when it is first needed."""

    def __init__(self, server: EmbeddedPostgres) -> None:
        self._url = server.url
        self._ensure = server.ensure_database
        self._made = set[str]()
        self._making = asyncio.Lock()

    async def copy(self, name: str, tables: str, make: Make | None) -> str:
        """Create the database `name`, see `new_database`; return its URL."""
        async with self._making:
            if tables not in self._made:
                url = await self._ensure(_template(tables))
                await (_make(tables, url) if make is None else make(url))
                self._made.add(tables)
        connection = await asyncpg.connect(self._url("postgres"))
        try:
            # copying files costs half as much as writing their pages to the log
            await connection.execute(
                f'create database "{name}" template "{_template(tables)}" strategy file_copy'
            )
        finally:
            await connection.close()
        return self._url(name)


async def _make(tables: str, url: str) -> None:
    if tables in SERVICES:
        known = tables_of(tables, url)
        engine = Engine(
            tables,
            url,
            published(),
            state_tables=known.state_tables,
            read_models=known.read_models,
            application=APPLICATION,
        )
    else:
        engine = Engine(tables, url, published())
    await engine.start(pool_size=1)
    await engine.stop()


_TEMPLATES = WeakKeyDictionary[EmbeddedPostgres, Templates]()


async def new_database(
    server: EmbeddedPostgres, tables: str = ENGINE, name: str | None = None, *, make: Make | None = None
) -> str:
    """Create a database with the tables of a service, or only the engine's; return its URL.

    With `make`, `tables` names the template whose tables it creates.
    """
    templates = _TEMPLATES.setdefault(server, Templates(server))
    return await templates.copy(name or f"test_{tables}_{uuid4().hex[:12]}", tables, make)


async def drop(server: EmbeddedPostgres, url: str) -> None:
    """Drop a database, and end its connections."""
    await server.drop_database(url.rpartition("/")[2])


@asynccontextmanager
async def fresh_database(
    server: EmbeddedPostgres, tables: str = ENGINE, *, make: Make | None = None
) -> AsyncGenerator[str]:
    """Yield the URL of a new database, see `new_database`, and drop it."""
    url = await new_database(server, tables, make=make)
    try:
        yield url
    finally:
        await drop(server, url)


def _template(tables: str) -> str:
    return f"template_{tables}"


@asynccontextmanager
async def opened(url: str) -> AsyncGenerator["asyncpg.Connection[asyncpg.Record]"]:
    """Yield a connection to the database of a URL."""
    connection = await asyncpg.connect(url)
    try:
        yield connection
    finally:
        await connection.close()
