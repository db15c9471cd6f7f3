"""Read and check the settings of all services for `adrelay up`, from the environment and `.env`."""

import base64
import os
import secrets
from collections.abc import Generator, Iterable, Mapping
from contextlib import contextmanager

from pydantic import SecretStr

from adrelay.command_keys import pair
from libs.chassis.broker_permissions import OPERATOR
from libs.chassis.secret_files import SecretFileError, is_set, value_of
from libs.chassis.settings import (
    PREFIX,
    InvalidSettings,
    ServiceSettings,
    environment_of,
    load,
    misspelt,
    variable,
)
from libs.events.categories import SERVICES
from libs.sealing import PrivateKeys, public_key_of
from services.billing.settings import BillingSettings
from services.forwarder.settings import ForwarderSettings, decode_keys
from services.gateway.settings import GatewaySettings
from services.provisioning.settings import ProvisioningSettings
from services.scheduler.settings import SchedulerSettings

ALL: tuple[type[ServiceSettings], ...] = (
    BillingSettings,
    ProvisioningSettings,
    SchedulerSettings,
    ForwarderSettings,
    GatewaySettings,
)
VAULT_PUBLIC_KEY = variable(GatewaySettings, "vault_public_key")
"""The variable that tells the gateway the vault's public key."""


def settings_of(services: Iterable[str], environment: Mapping[str, str]) -> dict[str, str]:
    """Return the variables of an environment that set something of these services, by their own classes."""
    wanted = set(services)
    return {
        name: value
        for settings in ALL
        if settings.service in wanted
        for name, value in environment_of(settings, environment).items()
    }


def problems(extra: Mapping[str, str]) -> list[str]:
    """Return what is missing or wrong for any service, a line each, with `extra` added to the environment."""
    found: list[str] = []
    with _added(extra):
        for settings in ALL:
            try:
                load(settings)
            except InvalidSettings as error:
                found.extend(error.problems)
        if not found:
            found.extend(_foreign_key(load(GatewaySettings), load(ForwarderSettings)))
    return list(dict.fromkeys(found))


def _foreign_key(gateway: GatewaySettings, forwarder: ForwarderSettings) -> list[str]:
    """Return a line if the gateway would seal secrets to a key that is none of the vault's."""
    keys = PrivateKeys(decode_keys(forwarder.vault_keys))
    if gateway.vault_key is None or keys.opens(gateway.vault_key):
        return []
    of_vault = variable(ForwarderSettings, "vault_keys")
    return [f"{VAULT_PUBLIC_KEY} belongs to none of {of_vault}: leave it out, or set {keys.public}"]


def public_key_settings() -> dict[str, str]:
    """Return the setting with the vault's public key, unless the environment has it.

    The gateway is told this key, and not the vault's keys from which it is derived. Raises `InvalidSettings`.
    """
    given = is_set(_names(GatewaySettings, "vault_public_key"), os.environ)
    return {} if given else {VAULT_PUBLIC_KEY: public_key_in_use()}


def public_key_in_use() -> str:
    """Return the public key of the vault's first key in the environment; raise `InvalidSettings`.

    No other setting is needed.
    """
    names = _names(ForwarderSettings, "vault_keys")
    try:
        given = value_of(names, os.environ)
    except SecretFileError as error:
        raise InvalidSettings([str(error)]) from None
    if given is None:
        raise InvalidSettings([f"{names[0]} is missing"])
    name, keys = given
    try:
        return str(PrivateKeys(decode_keys(SecretStr(keys))).public)
    except ValueError as error:
        raise InvalidSettings([f"{name}: {error}"]) from None


def _names(settings: type[ServiceSettings], field: str) -> tuple[str, str]:
    """Return the variables that set a field: the service's own comes before the one for all."""
    return variable(settings, field), f"{PREFIX}{field.upper()}"


@contextmanager
def _added(extra: Mapping[str, str]) -> Generator[None]:
    """Add variables to the environment for a block."""
    before = dict(os.environ)
    os.environ.update(extra)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


def warnings() -> list[str]:
    """Return a line for each variable in the environment that looks like a setting and is unknown."""
    return misspelt(*ALL, every=True)


def password_variable(user: str) -> str:
    """Return the variable of `.env` with the broker's password of a user."""
    return "NATS_PASSWORD" if user == OPERATOR else f"NATS_{user.upper()}_PASSWORD"


def role_password_variable(owner: str) -> str:
    """Return the variable of `.env` with the password of a PostgreSQL role: of a service, or of `tools`."""
    return f"POSTGRES_{owner.upper()}_PASSWORD"


def fresh_passwords() -> dict[str, str]:
    """Return newly generated passwords for `docker compose` by variable: of users of NATS and of roles."""
    users = [password_variable(user) for user in (OPERATOR, *SERVICES)]
    roles = [role_password_variable(owner) for owner in ("tools", *SERVICES)]
    return {variable: secrets.token_urlsafe(24) for variable in (*users, *roles)}


def fresh_secrets() -> dict[str, str]:
    """Return newly generated secrets by variable, and the public key that belongs to the vault's."""
    vault_key = secrets.token_bytes(32)
    return {
        **pair(),
        "ADRELAY_GATEWAY_JWT_SECRET": secrets.token_urlsafe(48),
        "ADRELAY_GATEWAY_CODE_PEPPER": secrets.token_urlsafe(48),
        "ADRELAY_GATEWAY_ADMIN_TOKEN": secrets.token_urlsafe(48),
        "ADRELAY_FORWARDER_VAULT_KEYS": base64.b64encode(vault_key).decode(),
        VAULT_PUBLIC_KEY: str(public_key_of(vault_key)),
    }
