"""What provisioning reads from its environment."""

from typing import ClassVar

from pydantic import Field

from libs.chassis.settings import ServiceSettings


class ProvisioningSettings(ServiceSettings):
    """Provisioning's settings; every one has a default."""

    service: ClassVar[str] = "provisioning"

    max_sessions_per_pair: int = Field(
        7, ge=1, le=1000, description="How many sessions one Telegram application serves at most"
    )
    grace_days: float = Field(
        7.0,
        ge=0,
        le=365,
        allow_inf_nan=False,
        description="How long an expired adbot keeps its sessions, before these go back to stock",
    )
