"""Connections to PostgreSQL, set up for the engine."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Literal

import asyncpg

from libs.eventsourcing.loops.cancellation import heed_cancellation
from libs.eventsourcing.model.errors import Poison, Transient
from libs.eventsourcing.store.errors import postgres_errors

if TYPE_CHECKING:
    from asyncpg.pool import PoolConnectionProxy

    Connection = asyncpg.Connection[asyncpg.Record] | PoolConnectionProxy[asyncpg.Record]
    Pool = asyncpg.Pool[asyncpg.Record]
else:
    Connection = asyncpg.Connection
    Pool = asyncpg.Pool


ISOLATION: Literal["repeatable_read"] = "repeatable_read"
"""An append must see the store as it was before its transaction got its xid: otherwise it could be
relayed before an event of the same stream that it followed."""


IDLE_IN_TRANSACTION_SECONDS = 30


STANDBY_SECONDS = 10
"""How long one statement waits for a lock, in seconds: as long, its snapshot holds back vacuum."""


IDLE_SECONDS = 60.0
"""How long a pool keeps a connection that nobody uses, in seconds; the one used last is used next."""


APPLICATION = "eventsourcing"
"""The default `application_name` of connections."""


CONNECT_SECONDS = 10.0
"""Timeout of one connection attempt, in seconds; after it the next one begins."""


_TRY_LOCK = "select pg_try_advisory_lock(hashtext($1))"
_NAME_LOCK = "select set_config('eventsourcing.lock', $1, true), set_config('lock_timeout', $2, true)"
_WAIT_FOR_LOCK = """do $$
begin
    perform pg_advisory_lock(hashtext(current_setting('eventsourcing.lock')));
exception when lock_not_available then null;
end
$$"""
"""It catches the timeout itself: else each is an error in the server's log."""


async def connect_pool(
    url: str, *, schemas: Sequence[str] = (), size: int = 8, application: str = APPLICATION
) -> Pool:
    """Return a pool; its connections have these schemas in their search path."""
    return await asyncpg.create_pool(
        url,
        min_size=1,
        max_size=size,
        max_inactive_connection_lifetime=IDLE_SECONDS,
        server_settings=server_settings(schemas, application),
        timeout=CONNECT_SECONDS,
        command_timeout=60,
        reset=_leave_as_it_is,
    )


async def _leave_as_it_is(connection: Connection) -> None:
    """Skip asyncpg's reset and its round trip: nothing here changes a session beyond its transaction."""


async def connect(
    url: str, *, schemas: Sequence[str] = (), application: str = APPLICATION
) -> "asyncpg.Connection[asyncpg.Record]":
    """Return a single connection, set up like those of `connect_pool`."""
    return await asyncpg.connect(
        url,
        server_settings=server_settings(schemas, application),
        timeout=CONNECT_SECONDS,
        command_timeout=60,
    )


async def close(connection: Connection) -> None:
    """Close a connection, whatever state it is in; a server that does not answer within 2 s is left."""
    with suppress(Transient, Poison), postgres_errors():
        await connection.close(timeout=2)


def server_settings(schemas: Sequence[str], application: str = APPLICATION) -> dict[str, str]:
    """Return the session settings that every connection of the engine has."""
    return {
        "application_name": application,
        "idle_in_transaction_session_timeout": f"{IDLE_IN_TRANSACTION_SECONDS}s",
        "jit": "off",
        "search_path": ", ".join([*(f'"{name}"' for name in schemas), "public"]),
        "timezone": "UTC",
    }


async def hold_lock(connection: Connection, name: str, *, waiting: Callable[[], None] = lambda: None) -> None:
    """Wait until this connection holds the advisory lock of that name, for as long as it lives.

    The server gives it to the next who waits as soon as its holder's connection ends. Calls `waiting` if
    another connection holds it.
    """
    if await connection.fetchval(_TRY_LOCK, name):
        return
    waiting()
    while not await _locked_in_time(connection, name):
        heed_cancellation()


async def _locked_in_time(connection: Connection, name: str) -> bool:
    """Wait for a lock for `STANDBY_SECONDS`; return whether this connection holds it."""
    async with connection.transaction():
        await connection.execute(_NAME_LOCK, name, f"{STANDBY_SECONDS}s")
        await connection.execute(_WAIT_FOR_LOCK)  # a lock of the session: it outlasts the transaction
    return bool(await connection.fetchval(_TRY_LOCK, name))
