"""`adrelay databases prepare`: creates roles and databases on a server of one's own."""

import secrets
from collections.abc import Iterable, Mapping, Sequence

import typer

from adrelay.servers.options import checked
from adrelay.servers.settings import postgres_urls
from adrelay.servers.stores import server_address
from adrelay.system import SERVICES
from adrelay.terminal.outcome import Exit, Unusable, remark
from adrelay.terminal.reasons import reason_of
from libs.chassis.database_roles import (
    SUPERUSER_URL,
    TOOLS,
    TOOLS_URL,
    DatabaseName,
    RoleName,
    Roles,
    role_of,
    tools_role_of,
    url_variable,
)
from libs.chassis.database_urls import servers_in, url_for_another
from libs.chassis.plain_text import plain_text_databases
from libs.chassis.prepare_databases import Preparation, PreparationFailed, ServerUnusable, preparing
from libs.chassis.roles_in_urls import InvalidRoles, roles_in
from libs.chassis.url_settings import without_user

PASSWORD_BYTES = 24


async def prepare(chosen: list[str] | None, *, whole_server: bool) -> Exit:
    """Create roles and databases, or set right what differs; print the settings that were not there."""
    names = checked(chosen) if chosen else list(SERVICES)
    users = {url_variable(name): role_of(name) for name in names} | {TOOLS_URL: TOOLS}
    given = postgres_urls([SUPERUSER_URL, *users])
    superuser = given.pop(SUPERUSER_URL, None)
    if superuser is None:
        raise Unusable(
            f"{SUPERUSER_URL} is missing: the server's URL, with a user that may create roles and databases"
        )
    if problems := list(without_user({SUPERUSER_URL: superuser})):
        raise Unusable(*problems)
    missing = {variable: user for variable, user in users.items() if variable not in given}
    fresh = {variable: _fresh_url(superuser, role) for variable, role in missing.items()}
    roles = _roles(names, given | fresh)
    for warning in plain_text_databases({SUPERUSER_URL: superuser, **given}):
        remark(warning)
    try:
        async with preparing(superuser) as preparation:
            await _refuse_existing(preparation, missing)
            await preparation.refuse_unfit(roles)
            for variable, url in fresh.items():  # first, so that no password is lost if something fails
                typer.echo(f"{variable}='{url}'")
            await preparation.prepare(roles, whole_server=whole_server)
            left_open = await preparation.open_databases(roles)
    except ServerUnusable as error:
        raise Unusable(
            f"the server at {server_address(superuser)} can't be used: {reason_of(error)}"
        ) from error
    except PreparationFailed as error:
        raise Unusable(str(error)) from error
    _say_what_is_left(names, superuser, given, left_open)
    return Exit.OK


def _fresh_url(server: str, role: RoleName) -> str:
    return url_for_another(server, role, secrets.token_urlsafe(PASSWORD_BYTES))


def _roles(services: Sequence[str], urls: Mapping[str, str]) -> Roles:
    try:
        return roles_in({name: urls[url_variable(name)] for name in services}, urls[TOOLS_URL])
    except InvalidRoles as error:
        raise Unusable(*error.problems) from error


async def _refuse_existing(preparation: Preparation, missing: Mapping[str, RoleName]) -> None:
    """Raise `Unusable` for roles that the server has, and whose password is another one than a fresh one.

    The tools have one password for all services, also for those that are not prepared now.
    """
    roles = [
        (variable, role)
        for variable, user in missing.items()
        for role in (map(tools_role_of, SERVICES) if variable == TOOLS_URL else [user])
    ]
    existing = await preparation.existing(role for _, role in roles)
    problems = [
        f"{variable} is missing, and there is a role {role}: set the URL, with its password or a new one"
        for variable, role in roles
        if role in existing
    ]
    if problems:
        raise Unusable(*problems)


def _say_what_is_left(
    services: Iterable[str], superuser: str, given: Mapping[str, str], left_open: Sequence[DatabaseName]
) -> None:
    """Print what was prepared, and what was not."""
    remark(f"the roles and databases of {', '.join(services)} are as they should be")
    here = servers_in(superuser)
    for variable, url in given.items():
        if variable != TOOLS_URL and servers_in(url) != here:
            remark(f"{variable} names {servers_in(url)}: that must be the server that was prepared, {here}")
    if left_open:
        remark(
            f"left as they are: {', '.join(left_open)}, to which every role may connect, these too; "
            "--whole-server closes them, if the server is for Adrelay alone"
        )
