"""The scheduler's command handlers, for clients and admins."""

import asyncio

from libs.events.scheduler import (
    AllowPrivateIds,
    ConfirmGroup,
    ForbidPrivateIds,
    SetAdvertisement,
    StartAdbot,
    StopAdbot,
)
from libs.events.values import GroupRef, Post
from libs.eventsourcing import CommandHandlers, Scope, UnitOfWork
from services.scheduler.confirmations.commands import Confirm
from services.scheduler.confirmations.domain import CONFIRMATIONS
from services.scheduler.context import Context
from services.scheduler.permissions.commands import Allow, Forbid
from services.scheduler.permissions.domain import PERMISSIONS
from services.scheduler.schedule import commands as asked
from services.scheduler.schedule.domain import SCHEDULE
from services.scheduler.schedule.groups import parse_groups
from services.scheduler.schedule.posts import parse_post
from services.scheduler.tables.adbots import adbot_known

commands = CommandHandlers[Context]()


@commands.outside(SetAdvertisement, context=True)
async def set_advertisement(command: SetAdvertisement, scope: Scope, context: Context) -> None:
    """Set the post and the groups of an adbot."""
    # in a thread: a long list must delay neither timers nor other commands
    post, groups = await asyncio.to_thread(_parse, command, context.max_groups)

    async def set_parsed(unit: UnitOfWork) -> None:
        adbot = await adbot_known(unit.flushed, command.adbot)
        wanted = asked.SetAdvertisement(adbot, command.account, post, groups, unit.at)
        await unit.execute(SCHEDULE, command.adbot, wanted)

    await scope.run(set_parsed, command=scope.causes.causation_id, grouped=True)


@commands.on(StartAdbot)
async def start(command: StartAdbot, unit: UnitOfWork) -> None:
    """Start an adbot."""
    adbot = await adbot_known(unit.flushed, command.adbot)
    await unit.execute(SCHEDULE, command.adbot, asked.Start(adbot, command.account, unit.at))


@commands.on(StopAdbot)
async def stop(command: StopAdbot, unit: UnitOfWork) -> None:
    """Stop an adbot."""
    adbot = await adbot_known(unit.flushed, command.adbot)
    await unit.execute(SCHEDULE, command.adbot, asked.Stop(adbot, command.account, unit.at))


@commands.on(AllowPrivateIds)
async def allow_private_ids(command: AllowPrivateIds, unit: UnitOfWork) -> None:
    """Allow an account's adbots to name chats by private ids."""
    await unit.execute(PERMISSIONS, command.account, Allow(command.account, command.reason))


@commands.on(ForbidPrivateIds)
async def forbid_private_ids(command: ForbidPrivateIds, unit: UnitOfWork) -> None:
    """Restrict an account's adbots to public names and invite links."""
    await unit.execute(PERMISSIONS, command.account, Forbid(command.account, command.reason))


@commands.on(ConfirmGroup)
async def confirm_group(command: ConfirmGroup, unit: UnitOfWork) -> None:
    """Confirm that a group is alive."""
    adbot = await adbot_known(unit.flushed, command.adbot)
    (group,) = parse_groups([command.group], most=1)
    await unit.execute(CONFIRMATIONS, command.adbot, Confirm(adbot, command.account, group))


def _parse(command: SetAdvertisement, max_groups: int) -> tuple[Post, tuple[GroupRef, ...]]:
    """Parse the post and the groups of a command; raise `Refused` if they are malformed."""
    return parse_post(command.post, command.format), parse_groups(command.groups, most=max_groups)
