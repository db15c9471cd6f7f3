"""Creates a service's database; connects with rights that a database's owner has not."""

import asyncio
import time
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING, TypeVar

import asyncpg
import structlog

from libs.chassis.database_roles import quoted
from libs.chassis.database_urls import MAINTENANCE, database_in, in_database
from libs.eventsourcing.errors import OperatorNeeded

if TYPE_CHECKING:
    ServerConnection = asyncpg.Connection[asyncpg.Record]
else:
    ServerConnection = asyncpg.Connection

log = structlog.stdlib.get_logger()

START_SECONDS = 60.0
CONNECT_SECONDS = 5.0
STATEMENT_SECONDS = 120.0
"""How long a server may take for a statement: longer than a lock is waited for."""
SERVER_AWAY = (
    asyncpg.CannotConnectNowError,
    asyncpg.PostgresConnectionError,
    asyncpg.TooManyConnectionsError,
    asyncpg.InternalClientError,
    OSError,
    TimeoutError,
)
"""The errors of a connection that say nothing about its user: the server is not there, or not yet."""
UNUSABLE = (asyncpg.PostgresError, asyncpg.InterfaceError, OSError, TimeoutError)
"""The errors of connecting to a server, and of what it is asked."""
_GUARDED = {
    "search_path": "pg_catalog",
    "role": "none",
    "local_preload_libraries": "",
    "default_transaction_read_only": "off",
    "statement_timeout": "0",
    "lock_timeout": "60s",
    "idle_in_transaction_session_timeout": "0",
    "idle_session_timeout": "0",
}
"""What a database's owner could set for it so that names mean something else, or that nothing works.

A lock is not waited for without an end: the owner could hold it."""
_PREPARE = "`adrelay databases check` says what is missing, `adrelay databases prepare` sets it right"

T = TypeVar("T")


async def ensure_database(url: str) -> None:
    """Create the database of this URL unless it exists; waits up to a minute for the server.

    Raises `OperatorNeeded` if the server does not let this user in, or create it.
    """
    try:
        await waiting(lambda: _ensure(url))
    except (asyncpg.InvalidAuthorizationSpecificationError, asyncpg.InsufficientPrivilegeError) as error:
        raise OperatorNeeded(f"the database {database_in(url)} can't be used: {error}; {_PREPARE}") from error


async def waiting(attempt: Callable[[], Awaitable[T]]) -> T:
    """Return what an attempt returns; it is repeated for up to a minute while the server is not there."""
    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            return await attempt()
        except SERVER_AWAY as error:
            if time.monotonic() > deadline:
                raise
            log.info("database.waiting", error=repr(error))
            await asyncio.sleep(0.25)


@asynccontextmanager
async def guarded_connection(url: str, *, patient: bool = False) -> AsyncGenerator[ServerConnection]:
    """Yield a connection that works, with PostgreSQL's own names, whatever a database's owner has set.

    For roles that have rights which the owner has not. Whoever is `patient` waits up to a minute for the
    server. Raises one of `UNUSABLE`, also if a statement takes longer than `STATEMENT_SECONDS`.
    """

    async def connect() -> ServerConnection:
        return await asyncpg.connect(
            url, timeout=CONNECT_SECONDS, command_timeout=STATEMENT_SECONDS, server_settings=_GUARDED
        )

    connection = await (waiting(connect) if patient else connect())
    try:
        yield connection
    finally:
        with suppress(*UNUSABLE):  # the error before it is the reason
            await connection.close(timeout=CONNECT_SECONDS)


async def _ensure(url: str) -> None:
    try:
        connection = await asyncpg.connect(url, timeout=CONNECT_SECONDS)
    except asyncpg.InvalidCatalogNameError:
        await _create(url)
    else:
        await connection.close()


async def _create(url: str) -> None:
    name = database_in(url)
    connection = await asyncpg.connect(in_database(url, MAINTENANCE), timeout=CONNECT_SECONDS)
    try:
        await connection.execute(f"create database {quoted(name)}")
    except (asyncpg.DuplicateDatabaseError, asyncpg.UniqueViolationError):
        log.debug("database.exists", database=name)
    finally:
        await connection.close()
