"""The wiring of the scheduler."""

from datetime import timedelta

from libs.chassis.service import Chassis
from libs.events.values import Pacing
from services.scheduler.context import Context
from services.scheduler.registry import REGISTRY
from services.scheduler.settings import SchedulerSettings


async def run(settings: SchedulerSettings) -> None:
    """Run the scheduler until it is cancelled."""
    context = Context(
        max_groups=settings.max_groups,
        pacing=Pacing(delay_seconds=settings.delay_seconds, jitter_seconds=settings.jitter_seconds),
        cycle_timeout=timedelta(seconds=settings.cycle_patience_seconds),
        max_posts=settings.max_posts,
        max_list_groups=settings.max_list_groups,
        max_group_lists=settings.max_group_lists,
    )
    async with Chassis(
        settings, state_tables=REGISTRY.state_tables, read_models=REGISTRY.read_models
    ) as chassis:
        chassis.take_on(REGISTRY, context)
        await chassis.run()
