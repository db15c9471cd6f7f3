"""Engines of made-up services, each on a database whose tables are copied from a template."""

from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager

import pytest

from adrelay.runtime.postgres import EmbeddedPostgres
from libs.eventsourcing import Engine
from tests.support.databases import fresh_database

Made = Callable[[str], Engine]
"""Returns the engine of a made-up service on the database at a URL, not started."""


@asynccontextmanager
async def started(engine: Engine, *, pool_size: int = 16) -> AsyncGenerator[Engine]:
    """Yield the engine while it runs."""
    await engine.start(pool_size=pool_size)
    yield engine
    await engine.stop()


@asynccontextmanager
async def database_of(
    request: pytest.FixtureRequest, server: EmbeddedPostgres, tables: str, made: Made
) -> AsyncGenerator[str]:
    """Yield the URL of a fresh database, with the tables of the made-up service if the test uses `engine`.

    `tables` names their template.
    """

    async def make(url: str) -> None:
        async with started(made(url), pool_size=1):
            pass

    used = "engine" in request.fixturenames
    fresh = fresh_database(server, tables, make=make) if used else fresh_database(server)
    async with fresh as url:
        yield url
