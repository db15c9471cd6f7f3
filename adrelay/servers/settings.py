"""The URLs of the services' stores and of the stream, from the settings."""

import os
from collections.abc import Sequence

from pydantic import Field, SecretStr

from adrelay.terminal.outcome import Unusable
from libs.chassis.broker_tls import BrokerTls
from libs.chassis.create_stream import StreamSettings
from libs.chassis.database_roles import TOOLS_URL, database_of, tools_role_of, url_variable
from libs.chassis.database_urls import at_server_of, database_in, in_database, password_in, url_with, user_in
from libs.chassis.settings import InvalidSettings, ServiceSettings, load
from libs.chassis.url_settings import postgres_urls_in


class _StoreSettings(ServiceSettings):
    """The settings that are needed to find a service's database."""

    nats_url: SecretStr = Field(SecretStr("nats://unset.invalid"))
    command_public_key: str = ""


def database_urls(services: Sequence[str], *, writing: bool) -> dict[str, str]:
    """Return the URLs of services' databases; raise `Unusable` with all that is missing or wrong.

    With the tools' role if it has a URL, unless it is for `writing`: then each with the service's own user.
    """
    tools = None if writing else postgres_url(TOOLS_URL)
    problems: list[str] = []
    found: dict[str, str] = {}
    for name in services:
        try:
            found[name] = _own_url(name) if tools is None else _for_tools(tools, name)
        except InvalidSettings as error:
            problems.extend(error.problems)
    if problems and writing and postgres_url(TOOLS_URL) is not None:
        problems.append(f"{TOOLS_URL} is not enough: its user only reads, and this command writes too")
    if problems:
        raise Unusable(*dict.fromkeys(problems))
    return found


def postgres_url(variable: str) -> str | None:
    """Return the PostgreSQL URL in this variable; None if it is not set. Raises `Unusable` if it is wrong."""
    return postgres_urls([variable]).get(variable)


def postgres_urls(variables: Sequence[str]) -> dict[str, str]:
    """Return the PostgreSQL URLs in these variables, as far as they are set; raise `Unusable`."""
    try:
        return postgres_urls_in(os.environ, variables)
    except InvalidSettings as error:
        raise Unusable(*error.problems) from error


def _own_url(service: str) -> str:
    settings: type[_StoreSettings] = type(
        f"{service.title()}Store", (_StoreSettings,), {"service": service, "__module__": __name__}
    )
    return load(settings, whole=False).database_url


def _for_tools(tools: str, service: str) -> str:
    """Return the tools' URL for a service's database, whose name and server its own URL may give."""
    own = postgres_url(url_variable(service))
    server = tools if own is None else at_server_of(own, tools)
    url = in_database(server, database_in(own or "") or database_of(service))
    return url_with(url, tools_role_of(service, user_in(tools)), password_in(tools))


def broker_url() -> tuple[str, str, BrokerTls]:
    """Return the broker's URL for tools, the prefix of the stream's name, and the files of TLS."""
    try:
        settings = load(StreamSettings)
    except InvalidSettings as error:
        raise Unusable(*error.problems) from error
    return settings.nats_url.get_secret_value(), settings.nats_prefix, settings.nats_tls
