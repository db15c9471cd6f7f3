"""Reads the roles of a server from the URLs of its users."""

from collections.abc import Iterator, Mapping, Sequence

from pydantic import SecretStr

from libs.chassis.database_roles import (
    TOOLS_URL,
    RoleName,
    Roles,
    ServiceRole,
    ToolsRole,
    database_of,
    tools_role_of,
    url_variable,
)
from libs.chassis.database_urls import MAINTENANCE, database_in, password_in, user_in
from libs.chassis.settings import at_least
from libs.chassis.url_settings import without_user

LEAST_PASSWORD = 16
MOST_NAME_BYTES = 63
"""PostgreSQL cuts longer names off."""
_EVERY_SERVERS = (MAINTENANCE, "template0", "template1")
_long_enough = at_least(LEAST_PASSWORD)


class InvalidRoles(Exception):
    """The URLs do not name a role for each service; `problems` has a line for each."""

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__("; ".join(problems))
        self.problems = tuple(problems)


def roles_in(services: Mapping[str, str], tools: str) -> Roles:
    """Return the roles that URLs name, by service, and the tools'; raise `InvalidRoles`."""
    problems: list[str] = []
    user, password = _login(TOOLS_URL, tools, problems)
    found: list[ServiceRole] = []
    for service, url in services.items():
        database = database_in(url) or database_of(service)
        reader = ToolsRole(tools_role_of(service, user), password, database)
        found.append(ServiceRole(*_login(url_variable(service), url, problems), service, database, reader))
    roles = Roles(tuple(found))
    names = [user, *(one.name for one in roles.all)]
    if not problems and len(set(names)) < len(names):
        twice = sorted({name for name in names if names.count(name) > 1})
        problems.append(
            f"each service and the tools need a user of their own: several have {', '.join(twice)}"
        )
    problems += _unfit_names(roles)
    if problems:
        raise InvalidRoles(problems)
    return roles


def _unfit_names(roles: Roles) -> Iterator[str]:
    """Yield what is wrong with the names of roles and databases."""
    databases = [one.database for one in roles.services]
    for one in roles.services:
        variable = url_variable(one.service)
        if one.database in _EVERY_SERVERS:
            yield f"{variable} names the database {one.database}, which every server has: leave it out"
        elif databases.count(one.database) > 1:
            yield f"{variable} names the database {one.database} as another one does"
        for name in (one.name, one.tools.name, one.database):
            if len(name.encode()) > MOST_NAME_BYTES or not name.isprintable():
                yield f"{name!a}, by {variable}, is longer than {MOST_NAME_BYTES} bytes, or no text"


def _login(variable: str, url: str, problems: list[str]) -> tuple[RoleName, str]:
    name, password = user_in(url), password_in(url)
    if not name:
        problems += without_user({variable: url})
        return name, password
    try:
        _long_enough(SecretStr(password))
    except ValueError as error:
        problems.append(f"the password in {variable} {error}")
    if not (password.isascii() and password.isprintable()):
        problems.append(f"the password in {variable} is not of ASCII characters only")
    return name, password
