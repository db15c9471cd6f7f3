"""Where the settings say that the services' stores and the stream are."""

from typing import ClassVar

from pydantic import Field, SecretStr

from adrelay.terminal.outcome import Unusable
from libs.chassis.settings import InvalidSettings, ServiceSettings, load


class _StoreSettings(ServiceSettings):
    """The settings for a service's database, and no others."""

    nats_url: SecretStr = Field(SecretStr("nats://unset.invalid"))


class _BrokerSettings(ServiceSettings):
    """The settings for the broker, and no others."""

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
    """Return the broker's URL, and what the stream's name begins with."""
    try:
        settings = load(_BrokerSettings)
    except InvalidSettings as error:
        raise Unusable(*error.problems) from error
    return settings.nats_url.get_secret_value(), settings.nats_prefix
