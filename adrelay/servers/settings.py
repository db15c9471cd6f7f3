"""The URLs of the services' stores and of the stream, from the settings."""

from typing import ClassVar

from pydantic import Field, SecretStr

from adrelay.terminal.outcome import Unusable
from libs.chassis.settings import InvalidSettings, ServiceSettings, load


class _StoreSettings(ServiceSettings):
    """The settings that are needed to find a service's database."""

    nats_url: SecretStr = Field(SecretStr("nats://unset.invalid"))


class _BrokerSettings(ServiceSettings):
    """The settings that are needed to find the stream."""

    service: ClassVar[str] = "events"
    postgres_url: SecretStr = Field(SecretStr("postgresql://unset.invalid"))


def database_urls(services: list[str]) -> dict[str, str]:
    """Return the URLs of services' databases; raise `Unusable` with all that is missing or wrong."""
    problems: list[str] = []
    found: dict[str, str] = {}
    for name in services:
        kind = type(f"{name.title()}Store", (_StoreSettings,), {"service": name, "__module__": __name__})
        try:
            found[name] = load(kind).database_url
        except InvalidSettings as error:
            problems.extend(error.problems)
    if problems:
        raise Unusable(*dict.fromkeys(problems))
    return found


def broker_url() -> tuple[str, str]:
    """Return the broker's URL, and the prefix of the stream's name."""
    try:
        settings = load(_BrokerSettings)
    except InvalidSettings as error:
        raise Unusable(*error.problems) from error
    return settings.nats_url.get_secret_value(), settings.nats_prefix
