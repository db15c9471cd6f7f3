"""The URLs of an embedded PostgreSQL, whose passwords are in files of its folder."""

from dataclasses import dataclass
from pathlib import Path

from adrelay.runtime.folder import remembered_password
from adrelay.runtime.ports import LOOPBACK
from libs.chassis.database_roles import TOOLS, RoleName, database_of, role_of, tools_role_of

SUPERUSER = "adrelay"
PASSWORD = "password"  # noqa: S105 - a file's name
"""The file of the superuser's password in the server's folder."""
ROLES = "roles"
"""The folder with a file for each other role."""
PLAIN = "?sslmode=disable"
"""Of URLs: this server has no TLS, whatever this machine's settings of PostgreSQL say."""


@dataclass(frozen=True)
class PostgresUrls:
    """The URLs of a server in this folder, with passwords: not for logs."""

    folder: Path
    port: int

    def superuser(self, database: str) -> str:
        """Return the URL of a database with the superuser."""
        return self._url(SUPERUSER, remembered_password(self.folder / PASSWORD), database)

    def of(self, service: str) -> str:
        """Return the URL of a service's database with the service's role."""
        role = role_of(service)
        return self._url(role, password_of(self.folder, role), database_of(service) + PLAIN)

    def tools(self) -> str:
        """Return the URL of the server with the user and password of the tools, see `tools_role_of`."""
        return self._url(TOOLS, password_of(self.folder, TOOLS), PLAIN)

    def tools_of(self, service: str) -> str:
        """Return the URL of a service's database with the tools' role for it."""
        password = password_of(self.folder, TOOLS)
        return self._url(tools_role_of(service), password, database_of(service) + PLAIN)

    def _url(self, user: str, password: str, database: str) -> str:
        return f"postgresql://{user}:{password}@{LOOPBACK}:{self.port}/{database}"


def password_of(folder: Path, role: RoleName) -> str:
    """Return the password of a role, generated at first. ``folder`` is the server's."""
    roles = folder / ROLES
    roles.mkdir(parents=True, exist_ok=True, mode=0o700)
    return remembered_password(roles / role)
