"""The wiring of provisioning."""

from datetime import timedelta

from libs.chassis.service import Chassis
from services.provisioning.context import Context
from services.provisioning.registry import REGISTRY
from services.provisioning.seating import chooser
from services.provisioning.settings import ProvisioningSettings


async def run(settings: ProvisioningSettings) -> None:
    """Run provisioning until it is cancelled."""
    context = Context(chooser(settings.max_sessions_per_pair), timedelta(days=settings.grace_days))
    async with Chassis(
        settings, state_tables=REGISTRY.state_tables, read_models=REGISTRY.read_models
    ) as chassis:
        chassis.take_on(REGISTRY, context)
        await chassis.run()
