"""The scheduler, wired."""

from datetime import timedelta

from libs.chassis.service import Chassis
from libs.events.values import Pacing
from services.scheduler.commands import handlers
from services.scheduler.permissions.tables import PRIVATE_IDS
from services.scheduler.reactions import reactions
from services.scheduler.schedule.tables import SCHEDULES
from services.scheduler.settings import SchedulerSettings
from services.scheduler.tables.adbots import ADBOTS
from services.scheduler.timers import cycles


async def run(settings: SchedulerSettings) -> None:
    """Run the scheduler until it is told to stop."""
    pacing = Pacing(delay_seconds=settings.delay_seconds, jitter_seconds=settings.jitter_seconds)
    patience = timedelta(seconds=settings.cycle_patience_seconds)
    async with Chassis(settings, state_tables=[SCHEDULES, PRIVATE_IDS], read_models=[ADBOTS]) as chassis:
        chassis.serve(handlers(settings.max_groups))
        chassis.read(reactions=reactions)
        chassis.tick(cycles(chassis.engine, pacing, patience))
        await chassis.run()
