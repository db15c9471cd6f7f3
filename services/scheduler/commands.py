"""The scheduler's command handlers, for clients and admins."""

import asyncio

from libs.events.scheduler import (
    AllowPrivateIds,
    BlockSource,
    BlockTarget,
    CheckPost,
    ConfirmGroup,
    ForbidPrivateIds,
    PauseAll,
    ResumeAll,
    SetAdvertisement,
    SetPacing,
    StartAdbot,
    StopAdbot,
    UnblockSource,
    UnblockTarget,
)
from libs.events.values import GroupRef, Post, TextFormat
from libs.eventsourcing import CommandHandlers, Scope, UnitOfWork
from services.scheduler.confirmations.commands import Confirm
from services.scheduler.confirmations.domain import CONFIRMATIONS
from services.scheduler.context import Context
from services.scheduler.operations import commands as switched
from services.scheduler.operations.domain import ALL, OPERATIONS
from services.scheduler.operations.names import read_source, read_target
from services.scheduler.operations.tables import switches
from services.scheduler.permissions.commands import Allow, Forbid
from services.scheduler.permissions.domain import PERMISSIONS
from services.scheduler.post_checks.commands import Check
from services.scheduler.post_checks.domain import POST_CHECKS
from services.scheduler.schedule import commands as asked
from services.scheduler.schedule.domain import SCHEDULE
from services.scheduler.schedule.groups import parse_groups
from services.scheduler.schedule.posts import parse_posts
from services.scheduler.schedule.state import AdbotPacing
from services.scheduler.tables.adbots import adbot_known

commands = CommandHandlers[Context]()


@commands.outside(SetAdvertisement, context=True)
async def set_advertisement(command: SetAdvertisement, scope: Scope, context: Context) -> None:
    """Set the posts and the groups of an adbot."""
    # in a thread: a long list must delay neither timers nor other commands
    (post, *others), groups = await asyncio.to_thread(_parse, command, context.max_groups)

    async def set_parsed(unit: UnitOfWork) -> None:
        adbot = await adbot_known(unit.flushed, command.adbot)
        now = await switches(unit.flushed)
        wanted = asked.SetAdvertisement(
            adbot, command.account, post, groups, unit.at, now, tuple(others), command.order
        )
        await unit.execute(SCHEDULE, command.adbot, wanted)

    await scope.run(set_parsed, command=scope.causes.causation_id, grouped=True)


@commands.on(SetPacing, context=True)
async def set_pacing(command: SetPacing, unit: UnitOfWork, context: Context) -> None:
    """Set the pacing of an adbot."""
    adbot = await adbot_known(unit.flushed, command.adbot)
    pacing = AdbotPacing(command.delay_seconds, command.jitter_seconds, command.cadence)
    wanted = asked.SetPacing(adbot, command.account, pacing, context.pacing, unit.at)
    await unit.execute(SCHEDULE, command.adbot, wanted)


@commands.on(StartAdbot)
async def start(command: StartAdbot, unit: UnitOfWork) -> None:
    """Start an adbot."""
    adbot = await adbot_known(unit.flushed, command.adbot)
    wanted = asked.Start(adbot, command.account, unit.at, await switches(unit.flushed))
    await unit.execute(SCHEDULE, command.adbot, wanted)


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


@commands.on(PauseAll)
async def pause_all(command: PauseAll, unit: UnitOfWork) -> None:
    """Pause all adbots."""
    await unit.execute(OPERATIONS, ALL, switched.Pause(command.reason))


@commands.on(ResumeAll)
async def resume_all(command: ResumeAll, unit: UnitOfWork) -> None:
    """End the pause of all adbots."""
    await unit.execute(OPERATIONS, ALL, switched.Resume(command.reason))


@commands.on(BlockTarget)
async def block_target(command: BlockTarget, unit: UnitOfWork) -> None:
    """Block a group."""
    await unit.execute(OPERATIONS, ALL, switched.Block(read_target(command.target), command.reason))


@commands.on(UnblockTarget)
async def unblock_target(command: UnblockTarget, unit: UnitOfWork) -> None:
    """Unblock a group."""
    await unit.execute(OPERATIONS, ALL, switched.Unblock(read_target(command.target), command.reason))


@commands.on(BlockSource)
async def block_source(command: BlockSource, unit: UnitOfWork) -> None:
    """Block a channel as a source of posts."""
    wanted = switched.Block(read_source(command.source), command.reason, source=True)
    await unit.execute(OPERATIONS, ALL, wanted)


@commands.on(UnblockSource)
async def unblock_source(command: UnblockSource, unit: UnitOfWork) -> None:
    """Unblock a channel."""
    wanted = switched.Unblock(read_source(command.source), command.reason, source=True)
    await unit.execute(OPERATIONS, ALL, wanted)


@commands.on(ConfirmGroup)
async def confirm_group(command: ConfirmGroup, unit: UnitOfWork) -> None:
    """Confirm that a group is alive."""
    adbot = await adbot_known(unit.flushed, command.adbot)
    (group,) = parse_groups([command.group], most=1)
    await unit.execute(CONFIRMATIONS, command.adbot, Confirm(adbot, command.account, group))


@commands.on(CheckPost)
async def check_post(command: CheckPost, unit: UnitOfWork) -> None:
    """Let each seat look at posts, by default those of the advertisement."""
    adbot = await adbot_known(unit.flushed, command.adbot)
    posts = tuple(parse_posts(command.posts, TextFormat.PLAIN))
    if not posts:
        schedule = await unit.load(SCHEDULE, command.adbot)
        if schedule is not None and schedule.advertisement is not None:
            posts = schedule.advertisement.posts
    now = await switches(unit.flushed)
    wanted = Check(adbot, command.account, command.check, posts, now, unit.at)
    await unit.execute(POST_CHECKS, command.adbot, wanted)


def _parse(command: SetAdvertisement, max_groups: int) -> tuple[list[Post], tuple[GroupRef, ...]]:
    """Parse the posts and the groups of a command; raise `Refused` if they are malformed."""
    return parse_posts([command.post, *command.more_posts], command.format), parse_groups(
        command.groups, most=max_groups
    )
