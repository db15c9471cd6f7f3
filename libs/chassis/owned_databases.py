"""Creates databases that a role owns, and gives existing ones to it."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from libs.chassis.database import ServerConnection, guarded_connection
from libs.chassis.database_roles import DatabaseName, RoleName, quoted
from libs.chassis.database_urls import MAINTENANCE, in_database, with_default_database
from libs.chassis.role_queries import (
    CHANGEABLE,
    FOREIGN_OBJECTS,
    GRANTED,
    OWNER,
    READABLE_BY_DEFAULT,
    UNREADABLE,
)

_OPEN_SCHEMA = """
select has_schema_privilege('public', oid, 'create') from pg_namespace where nspname = 'public'
"""
"""Whether everybody may create objects in `public`, as in databases of PostgreSQL 14 and before."""
_BY_DEFAULT = {"r": "select on tables", "S": "select on sequences", "n": "usage on schemas"}
"""What the tools' role is granted on objects that do not exist yet, by the kind of `READABLE_BY_DEFAULT`."""


async def create_database(
    superuser: str, database: DatabaseName, owner: RoleName, reader: RoleName | None
) -> None:
    """Create a database of a role on the superuser's server; besides that, only the reader may connect.

    The superuser may be a user that has created the owner's role. Raises what `guarded_connection` does.
    """
    server = with_default_database(superuser, MAINTENANCE)
    async with guarded_connection(server) as connection, acting_for(connection, owner):
        await create_closed(connection, database, owner)
        await hand_over(in_database(server, database), owner, reader)
        await let_connect(connection, database, {owner} if reader is None else {owner, reader})


async def drop_database(superuser: str, database: DatabaseName, owner: RoleName) -> None:
    """Drop a database that `create_database` created."""
    server = with_default_database(superuser, MAINTENANCE)
    async with guarded_connection(server) as connection, acting_for(connection, owner):
        await connection.execute(f"drop database if exists {quoted(database)}")


async def create_closed(connection: ServerConnection, database: DatabaseName, owner: RoleName) -> None:
    """Create a database of a role, to which only it and superusers may connect."""
    await connection.execute(f"create database {quoted(database)} owner {quoted(owner)} template template0")
    await let_connect(connection, database, set())


async def is_superuser(connection: ServerConnection) -> bool:
    """Return whether the user of a connection is a superuser."""
    return bool(await connection.fetchval("select current_setting('is_superuser') = 'on'"))


@asynccontextmanager
async def acting_for(connection: ServerConnection, role: RoleName) -> AsyncGenerator[None]:
    """Let a user that is no superuser, but made the role, act as this role."""
    if await is_superuser(connection):
        yield
        return
    await connection.execute(f"grant {quoted(role)} to current_user with inherit true, set true")
    try:
        yield
    finally:
        await connection.execute(f"revoke {quoted(role)} from current_user granted by current_user")


async def hand_over(url: str, role: RoleName, reader: RoleName | None) -> None:
    """Let everything in a database belong to a role, and another one read it, and no more."""
    async with guarded_connection(url) as connection, connection.transaction():
        for row in await connection.fetch(FOREIGN_OBJECTS, quoted(role)):
            await connection.execute(f"alter {row['kind']} {row['name']} owner to {quoted(role)}")
        if await connection.fetchval(_OPEN_SCHEMA):
            await connection.execute("revoke create on schema public from public")
        if reader is not None:
            await _let_only_read(connection, role, reader)


async def _let_only_read(connection: ServerConnection, owner: RoleName, reader: RoleName) -> None:
    """Let a role read what is in a database, and what its owner will create there, and change nothing."""
    for row in await connection.fetch(CHANGEABLE, reader):
        await connection.execute(f"revoke {row['privilege']} from public, {quoted(reader)}")
    for row in await connection.fetch(UNREADABLE, reader):
        await connection.execute(f"grant {row['privilege']} to {quoted(reader)}")
    known = {
        row["kind"] for row in await connection.fetch(READABLE_BY_DEFAULT, quoted(owner), quoted(reader))
    }
    for kind, privilege in _BY_DEFAULT.items():
        if kind not in known:
            await connection.execute(
                f"alter default privileges for role {quoted(owner)} grant {privilege} to {quoted(reader)}"
            )


async def let_connect(connection: ServerConnection, database: DatabaseName, allowed: set[RoleName]) -> None:
    """Let these roles connect to a database, and nobody do anything else but the owner."""
    granted = {tuple(row) for row in await connection.fetch(GRANTED, database)}
    owner = await connection.fetchval(OWNER, database)
    wanted = {(name, "CONNECT") for name in allowed if name != owner}
    surplus = {name for name, _ in granted - wanted}
    for role in surplus:
        who = "public" if role is None else quoted(role)
        await connection.execute(f"revoke all on database {quoted(database)} from {who}")
    for role, privilege in wanted:
        if role in surplus or (role, privilege) not in granted:
            await connection.execute(f"grant connect on database {quoted(database)} to {quoted(role)}")
