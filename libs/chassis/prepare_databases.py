"""Creates the services' roles and databases: `python -m libs.chassis.prepare_databases`, for containers.

It is run before services start; `adrelay up` and `adrelay databases prepare` do the same. All of it may be
repeated, also on databases that services made before each had a role.
"""

import asyncio
import os
import sys
from collections.abc import AsyncGenerator, Iterable
from contextlib import asynccontextmanager
from typing import NoReturn

import asyncpg

from libs.chassis import exit_codes
from libs.chassis.database import UNUSABLE, ServerConnection, guarded_connection
from libs.chassis.database_roles import (
    FORBIDDEN_ATTRIBUTES,
    SUPERUSER_URL,
    TOOLS_URL,
    DatabaseName,
    DatabaseRole,
    Roles,
    ServiceRole,
    ToolsRole,
    member_of,
    quoted,
    url_variable,
)
from libs.chassis.database_urls import MAINTENANCE, in_database, with_default_database
from libs.chassis.owned_databases import acting_for, create_closed, hand_over, is_superuser, let_connect
from libs.chassis.private import keep_private
from libs.chassis.role_queries import (
    ATTRIBUTES,
    FOREIGN_OBJECTS,
    GRANTED,
    MEMBER_OF,
    MEMBERS,
    NAMED_BY_OTHERS,
    OPEN_DATABASES,
    OWNER,
)
from libs.chassis.roles_in_urls import InvalidRoles, roles_in
from libs.chassis.scram import ITERATIONS, scram_verifier, verifies
from libs.chassis.settings import InvalidSettings
from libs.chassis.url_settings import postgres_urls_in, without_user
from libs.events.categories import SERVICES
from libs.eventsourcing.operations import holds_store

WHOLE_SERVER = "--whole-server"
LEAST_VERSION = 16
LOCK_SECONDS = 60.0
_LOCK = "select pg_advisory_lock(hashtext('adrelay.databases'))"
_NOBODY = "pg_database_owner"
"""A role that owns at most the schema `public`."""
VARIABLES = (SUPERUSER_URL, TOOLS_URL, *map(url_variable, SERVICES))


class PreparationFailed(Exception):
    """A role or database is not as it should be; the text says why."""


class ServerUnusable(PreparationFailed):
    """The server can't be connected to: nothing was changed. The cause is the error of the connection."""


async def prepare_databases(
    superuser: str,
    roles: Roles,
    *,
    whole_server: bool = False,
    objects_checked: bool = False,
    lock_seconds: float = LOCK_SECONDS,
) -> None:
    """Prepare a server, see `Preparation.prepare`; wait up to a minute for it. Raises `PreparationFailed`."""
    async with preparing(superuser, patient=True, lock_seconds=lock_seconds) as preparation:
        await preparation.prepare(roles, whole_server=whole_server, objects_checked=objects_checked)


@asynccontextmanager
async def preparing(
    superuser: str, *, patient: bool = False, lock_seconds: float = LOCK_SECONDS
) -> AsyncGenerator["Preparation"]:
    """Yield the preparation of the server of the superuser's URL, while no other one is under way there.

    Waits for `lock_seconds` for another one, and if it is `patient` up to a minute for the server. Locks are
    those of the URL's database, else of `postgres`: one with another database there is not noticed. Raises
    `PreparationFailed`.
    """
    url = with_default_database(superuser, MAINTENANCE)
    connected = False
    try:
        async with guarded_connection(url, patient=patient) as connection:
            connected = True
            await _exclude_others(connection, lock_seconds)
            yield Preparation(connection, url)
    except UNUSABLE as error:
        message = f"the databases were not prepared: {str(error) or type(error).__name__}"
        raise (PreparationFailed if connected else ServerUnusable)(message) from error


async def _exclude_others(connection: ServerConnection, seconds: float) -> None:
    """Take the lock of preparing for as long as the connection lives; raise if another one keeps it."""
    await connection.execute(f"set lock_timeout = {round(seconds * 1000)}")
    try:
        await connection.execute(_LOCK)
    except asyncpg.LockNotAvailableError as error:
        message = f"another preparation of this server has not ended for {seconds:g} s: end it, or try again"
        raise PreparationFailed(message) from error


class Preparation:
    """The preparation of a server, with the connection of a superuser that has the lock."""

    def __init__(self, connection: ServerConnection, url: str) -> None:
        self._connection = connection
        self._url = url

    async def existing(self, names: Iterable[str]) -> set[str]:
        """Return those of these roles that the server has."""
        rows = await self._connection.fetch(
            "select rolname from pg_roles where rolname = any($1::text[])", list(names)
        )
        return {row["rolname"] for row in rows}

    async def prepare(
        self, roles: Roles, *, whole_server: bool = False, objects_checked: bool = False
    ) -> None:
        """Give each role its password, its database and nothing else.

        With `whole_server`, nobody but superusers, owners and whoever is named may connect to the server's
        other databases either; else they, and roles that are not given, stay as they are. If the databases'
        objects were `objects_checked` before, those of a database are only looked at where it has another
        owner, or the tools' role was not let in.
        """
        connection = self._connection
        await self.refuse_unfit(roles)
        async with connection.transaction():
            for role in roles.all:
                await _prepare_role(connection, role)
        for role in roles.services:
            await self._prepare_database(role, objects_checked=objects_checked)
        for role in roles.services:
            await _revoke_named(connection, role, role)
            await _revoke_named(connection, role, role.tools)
        if whole_server:
            for database in await self.open_databases(roles):
                await _close(connection, database)

    async def open_databases(self, roles: Roles) -> list[DatabaseName]:
        """Return the databases of others to which everybody may connect, these roles too."""
        ours = [one.database for one in roles.services]
        return [DatabaseName(row["datname"]) for row in await self._connection.fetch(OPEN_DATABASES, ours)]

    async def refuse_unfit(self, roles: Roles) -> None:
        """Raise if the server is too old, or if a role or a database is one that must not be changed."""
        connection = self._connection
        if connection.get_server_version().major < LEAST_VERSION:
            raise PreparationFailed(f"PostgreSQL {LEAST_VERSION} or newer is needed")
        current = await connection.fetchval("select current_user")
        for role in roles.all:
            row = await connection.fetchrow(ATTRIBUTES, role.name)
            if row is not None and row["rolsuper"]:
                raise PreparationFailed(
                    f"{role.name} is a superuser: take another role for a service or tools"
                )
            if role.name == current:
                raise PreparationFailed(
                    f"{role.name} prepares the server, and would lose its rights: take another role for a "
                    "service or tools"
                )
        for service in roles.services:
            owner = await connection.fetchval(OWNER, service.database)
            if owner not in {None, service.name}:
                await self._refuse_strange(service)

    async def _refuse_strange(self, role: ServiceRole) -> None:
        """Raise if a database holds something, and no store of events: another program uses it."""
        async with guarded_connection(in_database(self._url, role.database)) as connection:
            if await connection.fetch(FOREIGN_OBJECTS, _NOBODY) and not await holds_store(connection):
                raise PreparationFailed(
                    f"the database {role.database} is used by another program: it holds no event store. "
                    f"Name another one in {url_variable(role.service)}, or none"
                )

    async def _prepare_database(self, role: ServiceRole, *, objects_checked: bool) -> None:
        connection = self._connection
        async with acting_for(connection, role.name):
            owner = await connection.fetchval(OWNER, role.database)
            if owner is None:
                await create_closed(connection, role.database, role.name)
            if owner != role.name or not objects_checked or not await _may_connect(connection, role.tools):
                await hand_over(in_database(self._url, role.database), role.name, role.tools.name)
            if owner not in {None, role.name}:  # last, so that what was interrupted is done again
                await connection.execute(
                    f"alter database {quoted(role.database)} owner to {quoted(role.name)}"
                )
            await let_connect(connection, role.database, {role.name, role.tools.name})


async def _prepare_role(connection: ServerConnection, role: DatabaseRole) -> None:
    name = quoted(role.name)
    row = await connection.fetchrow(ATTRIBUTES, role.name)
    if row is None:
        await connection.execute(f"create role {name}")
    changes = [f"no{word}" for column, word in FORBIDDEN_ATTRIBUTES.items() if row and row[column]]
    changes += [] if row and row["rolcanlogin"] else ["login"]
    if not await _has_password(connection, role):
        iterations = await connection.fetchval("select current_setting('scram_iterations', true)")
        changes.append(f"password '{scram_verifier(role.password, int(iterations or ITERATIONS))}'")
    if changes:
        await connection.execute(f"alter role {name} with {' '.join(changes)}")
    granted = {
        (one["granted"], one["grantor"]) for one in await connection.fetch(MEMBER_OF, quoted(role.name))
    }
    wanted = member_of(role)
    for other, grantor in granted:
        if other not in wanted:
            await connection.execute(f"revoke {quoted(other)} from {name} granted by {quoted(grantor)}")
    for other in wanted:
        if other not in {one for one, _ in granted}:
            await connection.execute(f"grant {quoted(other)} to {name}")
    for member, grantor in await connection.fetch(MEMBERS, quoted(role.name)):
        await connection.execute(f"revoke {name} from {quoted(member)} granted by {quoted(grantor)}")


async def _has_password(connection: ServerConnection, role: DatabaseRole) -> bool:
    """Return whether a role has its password; only a superuser can know."""
    if not await is_superuser(connection):
        return False
    stored = await connection.fetchval("select rolpassword from pg_authid where rolname = $1", role.name)
    return verifies(stored, role.password)


async def _may_connect(connection: ServerConnection, role: ToolsRole) -> bool:
    """Return whether a role was let into its database by name, which is the last that is done there."""
    granted = await connection.fetch(GRANTED, role.database)
    return (role.name, "CONNECT") in {tuple(row) for row in granted}


async def _revoke_named(connection: ServerConnection, service: ServiceRole, role: DatabaseRole) -> None:
    """Revoke what a role was granted by its name on databases that are not its service's."""
    named = (NAMED_BY_OTHERS, quoted(role.name), quoted(service.name), [service.database])
    for row in await connection.fetch(*named):
        await connection.execute(f"revoke all on database {quoted(row['datname'])} from {quoted(role.name)}")
    left = [row["datname"] for row in await connection.fetch(*named)]  # PostgreSQL says so in a warning only
    if left:
        raise PreparationFailed(
            f"{role.name} may connect to {', '.join(left)}, which only the owner or a superuser can change"
        )


async def _close(connection: ServerConnection, database: DatabaseName) -> None:
    """Let nobody connect to a database for whom it is not allowed by name."""
    await connection.execute(f"revoke all on database {quoted(database)} from public")
    if await _is_open(connection, database):  # PostgreSQL says so in a warning only
        owner = await connection.fetchval(OWNER, database)
        message = f"everybody may connect to {database}, which only {owner} or a superuser can change"
        raise PreparationFailed(message)


async def _is_open(connection: ServerConnection, database: str) -> bool:
    """Return whether everybody may do something with a database."""
    return None in {one["role"] for one in await connection.fetch(GRANTED, database)}


def main() -> None:
    """Prepare the databases that the environment names. Exit codes: 0 done, 1 failed, 2 invalid settings."""
    keep_private()
    try:
        urls = postgres_urls_in(os.environ, VARIABLES)
    except InvalidSettings as error:
        _end(exit_codes.SETTINGS, *error.problems)
    missing = [f"{name} is missing" for name in VARIABLES if name not in urls]
    if problems := [*missing, *without_user(urls)]:
        _end(exit_codes.SETTINGS, *problems)
    try:
        roles = roles_in({name: urls[url_variable(name)] for name in SERVICES}, urls[TOOLS_URL])
        work = prepare_databases(urls[SUPERUSER_URL], roles, whole_server=WHOLE_SERVER in sys.argv[1:])
        asyncio.run(work)
    except InvalidRoles as error:
        _end(exit_codes.SETTINGS, *error.problems)
    except PreparationFailed as error:
        _end(exit_codes.FAILED, str(error))


def _end(code: int, *problems: str) -> NoReturn:
    sys.stderr.writelines(f"prepare_databases: {problem}\n" for problem in problems)
    sys.exit(code)


if __name__ == "__main__":
    main()
