"""What clients and admins ask of the scheduler."""

import asyncio

from libs.chassis.commands import CommandHandlers, Scope
from libs.events import scheduler as asked
from libs.events.values import GroupRef, Post
from libs.eventsourcing import UnitOfWork
from services.scheduler.permissions.commands import Allow, Forbid
from services.scheduler.permissions.domain import PERMISSIONS
from services.scheduler.schedule.advertisement import parse_groups, parse_post
from services.scheduler.schedule.commands import SetAdvertisement, Start, Stop
from services.scheduler.schedule.domain import SCHEDULE
from services.scheduler.tables.adbots import adbot_known


def handlers(max_groups: int) -> CommandHandlers:
    """Return the scheduler's command handlers."""
    commands = CommandHandlers()

    @commands.outside(asked.SetAdvertisement)
    async def _(command: asked.SetAdvertisement, scope: Scope) -> None:
        # in a thread: a long list must hold up neither timers nor other commands
        post, groups = await asyncio.to_thread(parse, command, max_groups)

        async def set_advertisement(unit: UnitOfWork) -> None:
            adbot = await adbot_known(unit.flushed, command.adbot)
            wanted = SetAdvertisement(adbot, command.account, post, groups, unit.at)
            await unit.execute(SCHEDULE, command.adbot, wanted)

        await scope.run(set_advertisement, command=scope.causes.causation_id, grouped=True)

    @commands.on(asked.StartAdbot)
    async def _(command: asked.StartAdbot, unit: UnitOfWork) -> None:
        adbot = await adbot_known(unit.flushed, command.adbot)
        await unit.execute(SCHEDULE, command.adbot, Start(adbot, command.account, unit.at))

    @commands.on(asked.StopAdbot)
    async def _(command: asked.StopAdbot, unit: UnitOfWork) -> None:
        adbot = await adbot_known(unit.flushed, command.adbot)
        await unit.execute(SCHEDULE, command.adbot, Stop(adbot, command.account, unit.at))

    @commands.on(asked.AllowPrivateIds)
    async def _(command: asked.AllowPrivateIds, unit: UnitOfWork) -> None:
        await unit.execute(PERMISSIONS, command.account, Allow(command.account, command.reason))

    @commands.on(asked.ForbidPrivateIds)
    async def _(command: asked.ForbidPrivateIds, unit: UnitOfWork) -> None:
        await unit.execute(PERMISSIONS, command.account, Forbid(command.account, command.reason))

    return commands


def parse(command: asked.SetAdvertisement, max_groups: int) -> tuple[Post, tuple[GroupRef, ...]]:
    """Return the post and the groups of a command; raise `Refused` for what can't be read."""
    return parse_post(command.post), parse_groups(command.groups, most=max_groups)
