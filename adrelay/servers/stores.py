"""Connections to the stores that fail quickly, with the reason."""

import asyncio
from collections.abc import AsyncGenerator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from urllib.parse import urlsplit

import asyncpg

from adrelay.terminal.outcome import Unusable
from adrelay.terminal.reasons import reason_of
from libs.eventsourcing.operations import Connection, holds_store, server_settings

CONNECT_SECONDS = 5.0
APPLICATION = "adrelay events"
"""The `application_name` of these tools' connections."""


@asynccontextmanager
async def connected(
    service: str, url: str, *, writing: bool = False, empty: bool = False
) -> AsyncGenerator[Connection]:
    """Connect to a service's store, read-only unless `writing`.

    Raises `Unusable` if it can't be reached, or has no event store and may not be `empty`.
    """
    settings = server_settings(()) | {"application_name": APPLICATION}
    if not writing:
        settings["default_transaction_read_only"] = "on"
    try:
        connection = await asyncpg.connect(
            url, timeout=CONNECT_SECONDS, command_timeout=300, server_settings=settings
        )
    except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        raise Unusable(
            f"the database of {service} at {server_address(url)} can't be used: {reason_of(error)}"
        ) from error
    try:
        if not empty and not await holds_store(connection):
            raise Unusable(f"the database of {service} at {server_address(url)} holds no event store")
        yield connection
    finally:
        with suppress(asyncpg.PostgresError, asyncpg.InterfaceError, OSError, TimeoutError):
            await connection.close(timeout=2)


@asynccontextmanager
async def stores(
    databases: Mapping[str, str], *, writing: bool = False
) -> AsyncGenerator[dict[str, Connection]]:
    """Connect to several services' stores."""
    async with AsyncExitStack() as stack:
        opened = await asyncio.gather(
            *(
                stack.enter_async_context(connected(service, url, writing=writing))
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
    """Return host, port and database of a URL, without user and password."""
    parts = urlsplit(url)
    port = f":{parts.port}" if parts.port else ""
    return f"{parts.hostname}{port}{parts.path if parts.scheme.startswith('postgres') else ''}"
