"""Provisioning, wired."""

from libs.chassis.service import Chassis
from services.provisioning.adbot.tables import ADBOTS
from services.provisioning.expiry import expiry
from services.provisioning.reactions import reactions_of
from services.provisioning.session.tables import STOCK
from services.provisioning.settings import ProvisioningSettings


async def run(settings: ProvisioningSettings) -> None:
    """Run provisioning until it is told to stop."""
    async with Chassis(settings, state_tables=[STOCK, ADBOTS]) as chassis:
        chassis.read(reactions=reactions_of(settings.max_sessions_per_pair))
        chassis.tick(expiry(chassis.engine))
        await chassis.run()
