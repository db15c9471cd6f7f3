"""Read and check the settings of all services for `adrelay up`, from the environment and `.env`."""

import base64
import os
import secrets
from collections.abc import Mapping

from libs.chassis.settings import InvalidSettings, ServiceSettings, load, misspelt
from services.billing.settings import BillingSettings
from services.forwarder.settings import ForwarderSettings
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


def problems(extra: Mapping[str, str]) -> list[str]:
    """Return what is missing or wrong for any service, a line each, with `extra` added to the environment."""
    found: list[str] = []
    before = dict(os.environ)
    os.environ.update(extra)
    try:
        for settings in ALL:
            try:
                load(settings)
            except InvalidSettings as error:
                found.extend(error.problems)
    finally:
        os.environ.clear()
        os.environ.update(before)
    return list(dict.fromkeys(found))


def warnings() -> list[str]:
    """Return a line for each variable in the environment that looks like a setting and is unknown."""
    return misspelt(*ALL, every=True)


def fresh_secrets() -> dict[str, str]:
    """Return newly generated secrets by variable."""
    return {
        "ADRELAY_GATEWAY_JWT_SECRET": secrets.token_urlsafe(48),
        "ADRELAY_GATEWAY_CODE_PEPPER": secrets.token_urlsafe(48),
        "ADRELAY_GATEWAY_ADMIN_TOKEN": secrets.token_urlsafe(48),
        "ADRELAY_FORWARDER_VAULT_KEYS": base64.b64encode(secrets.token_bytes(32)).decode(),
    }
