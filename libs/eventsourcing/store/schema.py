"""Creates the engine's tables, and other tables that are created once."""

import hashlib
from importlib.resources import files

import asyncpg

from libs.eventsourcing.store.connections import Connection

_MAKING_ATTEMPTS = 5


_MADE = """
insert into engine.made (name, digest) values ($1, $2)
on conflict (name) do update set digest = excluded.digest, at = now()
"""


async def make_schema(connection: Connection) -> None:
    """Create the engine's tables unless they exist."""
    await make_once(
        connection, "engine", files("libs.eventsourcing.store").joinpath("schema.sql").read_text()
    )


async def make_once(connection: Connection, name: str, statements: str) -> None:
    """Execute statements that create tables unless they exist, unless the same were executed before.

    Where the tables exist nothing is locked: creating them again would block writers at every start of any
    process, and two that start at once could block each other.
    """
    digest = hashlib.sha256(statements.encode()).hexdigest()
    for attempt in range(1, _MAKING_ATTEMPTS + 1):
        try:
            if await _made(connection, name) != digest:
                async with connection.transaction():
                    await connection.execute("select pg_advisory_xact_lock(hashtext('engine.schema'))")
                    await connection.execute(statements)
                    await connection.execute(_MADE, name, digest)
        except asyncpg.DeadlockDetectedError:  # an older program's writer was in the way
            if attempt == _MAKING_ATTEMPTS:
                raise
        else:
            return


async def _made(connection: Connection, name: str) -> str | None:
    """Return the digest of the statements of this name that were executed last."""
    if await connection.fetchval("select to_regclass('engine.made') is null"):
        return None
    made: str | None = await connection.fetchval("select digest from engine.made where name = $1", name)
    return made
