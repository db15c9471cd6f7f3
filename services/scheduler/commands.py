"""The scheduler's command handlers, for clients and admins."""

import asyncio

from libs.events.commands.scheduler import (
    AllowPrivateIds,
    BlockSource,
    BlockTarget,
    ChangeAdvertisement,
    CheckPost,
    ConfirmGroup,
    DeleteGroupList,
    ForbidPrivateIds,
    PauseAll,
    ResumeAll,
    SetAdvertisement,
    SetGroupList,
    SetGroupOption,
    SetPacing,
    StartAdbot,
    StopAdbot,
    UnblockSource,
    UnblockTarget,
)
from libs.events.scheduler import GroupOption
from libs.events.values import GroupRef, Post, TextFormat
from libs.eventsourcing import CommandHandlers, Refused, Scope, UnitOfWork
from libs.telegram_links.posts import parse_post, parse_posts
from services.scheduler.confirmations.commands import Confirm
from services.scheduler.confirmations.domain import CONFIRMATIONS
from services.scheduler.context import Context
from services.scheduler.group_lists import commands as listing
from services.scheduler.group_lists.domain import GROUP_LIST
from services.scheduler.group_lists.tables import lists_for, lists_of, owner_of
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
from services.scheduler.schedule.groups import parse_groups, parse_option, parse_options
from services.scheduler.schedule.state import AdbotPacing
from services.scheduler.tables.adbots import adbot_known

commands = CommandHandlers[Context]()


@commands.outside(SetAdvertisement, context=True)
async def set_advertisement(command: SetAdvertisement, scope: Scope, context: Context) -> None:
    """Set the posts and the groups of an adbot."""
    # in a thread: a long list must delay neither timers nor other commands
    (post, *others), groups, group_options = await asyncio.to_thread(_parse, command)

    async def set_parsed(unit: UnitOfWork) -> None:
        adbot = await adbot_known(unit.flushed, command.adbot)
        now = await switches(unit.flushed)
        lists = await lists_of(unit.flushed, adbot.account, command.lists, {}) if adbot else ()
        wanted = asked.SetAdvertisement(
            adbot,
            command.account,
            post,
            groups,
            unit.at,
            now,
            tuple(others),
            command.order,
            command.lists,
            lists,
            group_options,
            command.options,
            context.limits,
        )
        await unit.execute(SCHEDULE, command.adbot, wanted)

    await scope.run(set_parsed, command=scope.causes.causation_id, grouped=True)


@commands.outside(ChangeAdvertisement, context=True)
async def change_advertisement(command: ChangeAdvertisement, scope: Scope, context: Context) -> None:
    """Change the post of an adbot, or its own groups."""

    def parse() -> tuple[Post | None, tuple[GroupRef, ...] | None]:
        post = None if command.post is None else parse_post(command.post, command.format)
        return post, None if command.groups is None else parse_groups(command.groups, least=0)

    post, groups = await asyncio.to_thread(parse)

    async def change_parsed(unit: UnitOfWork) -> None:
        adbot = await adbot_known(unit.flushed, command.adbot)
        lists = await lists_for(unit.flushed, adbot)
        now = await switches(unit.flushed)
        wanted = asked.ChangeAdvertisement(adbot, command.account, post, groups, now, lists, context.limits)
        await unit.execute(SCHEDULE, command.adbot, wanted)

    await scope.run(change_parsed, command=scope.causes.causation_id, grouped=True)


@commands.outside(SetGroupList, context=True)
async def set_group_list(command: SetGroupList, scope: Scope, context: Context) -> None:
    """Make a group list, or change one."""

    def parse() -> tuple[tuple[GroupRef, ...], tuple[GroupOption, ...] | None]:
        found = parse_groups(command.groups, most=context.max_list_groups, numbered=command.numbered)
        return found, None if command.group_options is None else parse_options(command.group_options)

    groups, options = await asyncio.to_thread(parse)

    async def set_parsed(unit: UnitOfWork) -> None:
        owner = await owner_of(unit.flushed, command.account, context.max_group_lists)
        now = await switches(unit.flushed)
        wanted = listing.Set(command.list, owner, command.name, groups, options, command.new, now)
        await unit.execute(GROUP_LIST, command.list, wanted)

    await scope.run(set_parsed, command=scope.causes.causation_id, grouped=True)


@commands.on(DeleteGroupList, context=True)
async def delete_group_list(command: DeleteGroupList, unit: UnitOfWork, context: Context) -> None:
    """Delete a group list."""
    owner = await owner_of(unit.flushed, command.account, context.max_group_lists)
    await unit.execute(GROUP_LIST, command.list, listing.Delete(owner))


@commands.on(SetGroupOption, context=True)
async def set_group_option(command: SetGroupOption, unit: UnitOfWork, context: Context) -> None:
    """Set the option of one group of an adbot or of a list."""
    option = parse_option(command.option)
    if command.adbot is not None:
        adbot = await adbot_known(unit.flushed, command.adbot)
        lists = await lists_for(unit.flushed, adbot)
        wanted = asked.SetOption(adbot, command.account, option, lists)
        await unit.execute(SCHEDULE, command.adbot, wanted)
        return
    if command.list is None or command.account is None:
        raise Refused("unknown_group_list", "neither an adbot nor an account's group list is named")
    owner = await owner_of(unit.flushed, command.account, context.max_group_lists)
    await unit.execute(GROUP_LIST, command.list, listing.SetOption(owner, option))


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
    lists = await lists_for(unit.flushed, adbot)
    wanted = asked.Start(adbot, command.account, unit.at, await switches(unit.flushed), lists)
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


def _parse(
    command: SetAdvertisement,
) -> tuple[list[Post], tuple[GroupRef, ...], tuple[GroupOption, ...]]:
    """Parse posts, groups and options of a command; raise `Refused` if they are malformed."""
    return (
        parse_posts([command.post, *command.more_posts], command.format),
        parse_groups(command.groups, least=0 if command.lists else 1),
        parse_options(command.group_options),
    )
