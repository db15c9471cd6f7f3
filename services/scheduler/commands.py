"""What clients and admins ask of the scheduler."""

from libs.chassis.commands import CommandHandlers
from libs.events import scheduler as asked
from libs.events.values import AdbotId
from libs.eventsourcing.unit import UnitOfWork
from services.scheduler.adbots.tables import adbot_known, story_of
from services.scheduler.schedule.domain import SCHEDULE, Adbot, SetAdvertisement, Start, Stop


def handlers(max_groups: int) -> CommandHandlers:
    """Return the scheduler's command handlers."""
    commands = CommandHandlers()

    @commands.on(asked.SetAdvertisement)
    async def _(command: asked.SetAdvertisement, unit: UnitOfWork) -> None:
        adbot = await known(command.adbot, unit)
        wanted = SetAdvertisement(adbot, command.account, command.post, command.groups, max_groups, unit.at)
        await unit.execute(SCHEDULE, command.adbot, wanted)

    @commands.on(asked.StartAdbot)
    async def _(command: asked.StartAdbot, unit: UnitOfWork) -> None:
        adbot = await known(command.adbot, unit)
        await unit.execute(SCHEDULE, command.adbot, Start(adbot, command.account, unit.at))

    @commands.on(asked.StopAdbot)
    async def _(command: asked.StopAdbot, unit: UnitOfWork) -> None:
        adbot = await known(command.adbot, unit)
        await unit.execute(SCHEDULE, command.adbot, Stop(adbot, command.account, unit.at))

    return commands


async def known(adbot: AdbotId, unit: UnitOfWork) -> Adbot | None:
    """Return what is known of an adbot, and have the unit continue the story of its order."""
    story = await story_of(unit.sql, adbot)
    if story is not None:
        unit.follow(story)
    return await adbot_known(unit.sql, adbot)
