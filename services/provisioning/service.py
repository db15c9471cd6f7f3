"""Provisioning, wired."""

from datetime import timedelta

from libs.chassis.service import Chassis
from services.provisioning.adbot.tables import ADBOTS
from services.provisioning.commands import handlers
from services.provisioning.reactions import reactions_of
from services.provisioning.seating import chooser
from services.provisioning.session.tables import STOCK
from services.provisioning.settings import ProvisioningSettings
from services.provisioning.timers import expiry, releases


async def run(settings: ProvisioningSettings) -> None:
    """Run provisioning until it is told to stop."""
    choose = chooser(settings.max_sessions_per_pair)
    grace = timedelta(days=settings.grace_days)
    async with Chassis(settings, state_tables=[STOCK, ADBOTS]) as chassis:
        chassis.serve(handlers(choose))
        chassis.read(reactions=reactions_of(choose))
        chassis.tick(expiry(chassis.engine))
        chassis.tick(releases(chassis.engine, grace, choose))
        await chassis.run()
