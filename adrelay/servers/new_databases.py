"""Creates and drops databases that a tool fills."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass

import asyncpg

from adrelay.servers.stores import connected
from adrelay.terminal.outcome import Unusable, complain
from adrelay.terminal.reasons import reason_of
from libs.chassis.database import UNUSABLE
from libs.chassis.database_roles import SUPERUSER_URL, quoted, tools_role_of
from libs.chassis.database_urls import MAINTENANCE, database_in, in_database, user_in
from libs.chassis.owned_databases import create_database, drop_database
from libs.eventsourcing.operations import Connection


@dataclass(frozen=True)
class DatabaseCreator:
    """Creates databases as the superuser; if none is known, as the service's user, who may be allowed to."""

    superuser_url: Callable[[], str | None]
    """Returns the URL of the server with the superuser; it is called once a database is missing."""
    tools: str | None
    """The URL of the server with the tools' user, whose role is to read the databases too."""

    async def create_missing(self, service: str, url: str) -> bool:
        """Create the database of a URL for the user of that URL, unless it exists; return whether it did not.

        Raises `Unusable`.
        """
        try:
            async with connected(service, url, empty=True):
                return False
        except Unusable as error:
            if not isinstance(error.__cause__, asyncpg.InvalidCatalogNameError):
                raise
        database, owner = database_in(url), user_in(url)
        superuser = self.superuser_url()
        try:
            if superuser is None:
                async with self._as_owner(service, url) as server:
                    await server.execute(f"create database {quoted(database)}")
            else:
                reader = None if self.tools is None else tools_role_of(service, user_in(self.tools))
                await create_database(superuser, database, owner, reader)
        except (Unusable, *UNUSABLE) as error:
            raise Unusable(
                f"{database} does not exist, and can't be created: {reason_of(error)}; "
                f"set {SUPERUSER_URL} for this command"
            ) from error
        return True

    async def drop(self, service: str, url: str) -> None:
        """Drop a database that was created here; say so if that fails."""
        database = database_in(url)
        try:
            superuser = self.superuser_url()
            if superuser is None:
                async with self._as_owner(service, url) as server:
                    await server.execute(f"drop database if exists {quoted(database)}")
            else:
                await drop_database(superuser, database, user_in(url))
        except (Unusable, *UNUSABLE) as error:
            complain(f"{database} was made for this, and could not be dropped again: {reason_of(error)}")

    def _as_owner(self, service: str, url: str) -> AbstractAsyncContextManager[Connection]:
        return connected(service, in_database(url, MAINTENANCE), writing=True, empty=True)
