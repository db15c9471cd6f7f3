"""The environment variables of provisioning."""

from typing import ClassVar

from pydantic import Field

from libs.chassis.settings import ServiceSettings


class ProvisioningSettings(ServiceSettings):
    """The settings of provisioning; all have defaults."""

    service: ClassVar[str] = "provisioning"

    max_sessions_per_pair: int = Field(
        7,
        ge=1,
        le=1000,
        description="The maximum number of sessions per Telegram application",
    )
    grace_days: float = Field(
        7.0,
        ge=0,
        le=365,
        allow_inf_nan=False,
        description="How long an expired adbot keeps its sessions before they return to stock",
    )
