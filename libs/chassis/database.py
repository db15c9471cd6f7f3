"""Creates a service's database."""

import asyncio
import time
from urllib.parse import urlsplit, urlunsplit

import asyncpg
import structlog

log = structlog.stdlib.get_logger()

START_SECONDS = 60.0
_NOT_YET = (
    asyncpg.CannotConnectNowError,
    asyncpg.PostgresConnectionError,
    asyncpg.TooManyConnectionsError,
    asyncpg.InternalClientError,
    OSError,
    TimeoutError,
)


async def ensure_database(url: str) -> None:
    """Create the database of this URL unless it exists; waits up to a minute for the server."""
    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            return await _ensure(url)
        except _NOT_YET as error:
            if time.monotonic() > deadline:
                raise
            log.info("database.waiting", error=repr(error))
            await asyncio.sleep(0.25)


async def _ensure(url: str) -> None:
    try:
        connection = await asyncpg.connect(url, timeout=5)
    except asyncpg.InvalidCatalogNameError:
        await _create(url)
    else:
        await connection.close()


async def _create(url: str) -> None:
    parts = urlsplit(url)
    name = parts.path.removeprefix("/").replace('"', "")
    connection = await asyncpg.connect(urlunsplit(parts._replace(path="/postgres")), timeout=5)
    try:
        await connection.execute(f'create database "{name}"')
    except (asyncpg.DuplicateDatabaseError, asyncpg.UniqueViolationError):
        log.debug("database.exists", database=name)
    finally:
        await connection.close()
