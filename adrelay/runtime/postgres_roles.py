"""Prepares the roles and databases of an embedded PostgreSQL."""

from collections.abc import Awaitable, Callable, Sequence

from adrelay.runtime.faults import RuntimeFault
from adrelay.runtime.postgres_urls import PASSWORD, PLAIN, PostgresUrls, password_of
from libs.chassis.database_roles import standard_roles

PrepareRoles = Callable[[PostgresUrls, Sequence[str]], Awaitable[None]]
"""Gives each of these services its role and its database on a server; raises `RuntimeFault`."""


async def prepare_roles(server: PostgresUrls, services: Sequence[str]) -> None:
    """Give each service its role, with the password in the server's folder, and its database."""
    import asyncpg

    from libs.chassis.prepare_databases import PreparationFailed, prepare_databases

    roles = standard_roles(services, lambda role: password_of(server.folder, role))
    try:
        await prepare_databases(server.superuser(PLAIN), roles, whole_server=True, objects_checked=True)
    except PreparationFailed as error:
        if isinstance(error.__cause__, asyncpg.InvalidPasswordError):
            raise RuntimeFault(
                f"postgres: the server refuses the password in {server.folder / PASSWORD}"
            ) from error
        raise RuntimeFault(f"postgres: {error}") from error
