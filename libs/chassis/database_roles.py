"""Who may do what in PostgreSQL: for each service a role that owns its database, and one of the tools."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import NewType

RoleName = NewType("RoleName", str)
DatabaseName = NewType("DatabaseName", str)

TOOLS = RoleName("adrelay_tools")
"""The user in the tools' URL, where that names no other. Their role for a service has its name added."""
TOOLS_URL = "ADRELAY_EVENTS_POSTGRES_URL"
SUPERUSER_URL = "ADRELAY_SUPERUSER_POSTGRES_URL"
"""The URL with the user that may create roles and databases, which no service is given."""
TOOLS_MEMBER_OF = ("pg_read_all_stats",)
"""The roles of PostgreSQL whose member a role of the tools is, to see whose transaction is open.

It is no member of `pg_read_all_data`, which reads the verifiers of all passwords too. A service's role is no
member of any."""
FORBIDDEN_ATTRIBUTES = {
    "rolsuper": "superuser",
    "rolcreatedb": "createdb",
    "rolcreaterole": "createrole",
    "rolreplication": "replication",
    "rolbypassrls": "bypassrls",
}
"""What none of these roles may be: the column of `pg_roles`, and the word of `ALTER ROLE`."""


@dataclass(frozen=True)
class DatabaseRole:
    """A role that logs in with a password."""

    name: RoleName
    password: str = field(repr=False)


@dataclass(frozen=True)
class ToolsRole(DatabaseRole):
    """The tools' role for a service's database, which reads it."""

    database: DatabaseName


@dataclass(frozen=True)
class ServiceRole(DatabaseRole):
    """The role of a service, which owns a database."""

    service: str
    database: DatabaseName
    tools: ToolsRole


@dataclass(frozen=True)
class Roles:
    """The roles that a server is to have."""

    services: tuple[ServiceRole, ...]

    @property
    def all(self) -> tuple[ServiceRole | ToolsRole, ...]:
        """Every role; each may connect to its database alone."""
        return (*self.services, *(one.tools for one in self.services))


def member_of(role: DatabaseRole) -> tuple[str, ...]:
    """Return the roles of PostgreSQL whose member a role is to be."""
    return TOOLS_MEMBER_OF if isinstance(role, ToolsRole) else ()


def tools_role_of(service: str, tools: RoleName = TOOLS) -> RoleName:
    """Return the name of the tools' role for a service, given the user in the tools' URL."""
    return RoleName(f"{tools}_{service}")


def role_of(service: str) -> RoleName:
    """Return the name of a service's role, where its URL names no other."""
    return RoleName(f"adrelay_{service}")


def database_of(service: str) -> DatabaseName:
    """Return the name of a service's database, where its URL names no other."""
    return DatabaseName(f"adrelay_{service}")


def standard_roles(services: Sequence[str], password_of: Callable[[RoleName], str]) -> Roles:
    """Return the roles of services and of the tools, with the names that they have where URLs give none."""
    return Roles(
        tuple(
            ServiceRole(
                role_of(service),
                password_of(role_of(service)),
                service,
                database_of(service),
                ToolsRole(tools_role_of(service), password_of(TOOLS), database_of(service)),
            )
            for service in services
        )
    )


def url_variable(service: str) -> str:
    """Return the variable with the URL of a service's own role."""
    return f"ADRELAY_{service.upper()}_POSTGRES_URL"


def quoted(name: str) -> str:
    """Return a name as an identifier of SQL."""
    return '"' + name.replace('"', '""') + '"'
