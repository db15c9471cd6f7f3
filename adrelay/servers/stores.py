"""Connections to the stores that fail quickly, with the reason."""

import asyncio
from collections.abc import AsyncGenerator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from urllib.parse import urlsplit

import asyncpg

from adrelay.terminal.outcome import Unusable
from adrelay.terminal.reasons import reason_of
from libs.chassis.database_urls import servers_in
from libs.eventsourcing.operations import Connection, close, holds_store, server_settings

CONNECT_SECONDS = 5.0
APPLICATION = "adrelay events"
"""The `application_name` of these tools' connections."""
_COMMAND_SECONDS = 300
_ONLY_READING = {
    "default_transaction_read_only": "on",
    "idle_in_transaction_session_timeout": f"{_COMMAND_SECONDS}s",  # while another store is read
    "search_path": "pg_catalog",
    "row_security": "off",
}
_PLAIN_TABLES_ONLY = """
select set_config(name, 'view, foreign-table', false) from pg_settings
where name = 'restrict_nonsystem_relation_kind'
"""
"""The setting is of later minor versions of PostgreSQL: it can't be given with the connection."""

_BEGIN = "begin read only"
"""A default could be changed by planted code; this transaction can't become one that writes."""


@asynccontextmanager
async def connected(
    service: str, url: str, *, writing: bool = False, empty: bool = False, snapshots: bool = False
) -> AsyncGenerator[Connection]:
    """Connect to a service's store, in a read-only transaction until the end unless `writing`.

    What reads runs no policies or views of the store's service. Functions in the predicates of its indexes
    and in its casts do run: the transaction keeps them from changing anything, roles' passwords included.
    Who takes `snapshots` begins read-only transactions itself. Raises `Unusable` if the store can't be
    reached, or has no event store and may not be `empty`.
    """
    settings = server_settings(()) | {"application_name": APPLICATION}
    if not writing:
        settings |= _ONLY_READING
    try:
        connection = await asyncpg.connect(
            url, timeout=CONNECT_SECONDS, command_timeout=_COMMAND_SECONDS, server_settings=settings
        )
    except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        raise Unusable(
            f"the database of {service} at {server_address(url)} can't be used: {reason_of(error)}"
        ) from error
    try:
        if not writing:
            await connection.execute(_PLAIN_TABLES_ONLY)
            await connection.execute(_BEGIN)
        if not empty and not await holds_store(connection):
            raise Unusable(f"the database of {service} at {server_address(url)} holds no event store")
        if snapshots:
            await connection.execute("rollback")
        yield connection
    finally:
        await close(connection)


@asynccontextmanager
async def stores(
    databases: Mapping[str, str], *, writing: bool = False, snapshots: bool = False
) -> AsyncGenerator[dict[str, Connection]]:
    """Connect to several services' stores, see `connected`."""
    async with AsyncExitStack() as stack:
        opened = await asyncio.gather(
            *(
                stack.enter_async_context(connected(service, url, writing=writing, snapshots=snapshots))
                for service, url in databases.items()
            ),
            return_exceptions=True,
        )
        problems = [problem for one in opened if isinstance(one, Unusable) for problem in one.problems]
        if problems:
            raise Unusable(*problems)
        connections: dict[str, Connection] = {}
        for service, one in zip(databases, opened, strict=True):
            if isinstance(one, BaseException):
                raise one
            connections[service] = one
        yield connections


def server_address(url: str) -> str:
    """Return hosts, ports and database of a URL, without user and password."""
    parts = urlsplit(url)
    return f"{servers_in(url)}{parts.path if parts.scheme.startswith('postgres') else ''}"
