"""The decisions about an advertisement: its posts and groups, its group lists, and options of groups."""

from dataclasses import replace

from libs.events.scheduler import AdvertisementSet, GroupOptionSet
from libs.eventsourcing import Refused
from services.scheduler.schedule.adbot import Adbot, owned
from services.scheduler.schedule.commands import ChangeAdvertisement, SetAdvertisement, SetOption
from services.scheduler.schedule.group_options import (
    MOST_REMEMBERED,
    by_group,
    check_named,
    key_of,
)
from services.scheduler.schedule.limits import check_size
from services.scheduler.schedule.private_ids import refuse
from services.scheduler.schedule.state import Advertisement, Schedule
from services.scheduler.schedule.taking_part import merged, options_for


def set_advertisement(command: SetAdvertisement, schedule: Schedule | None) -> list[AdvertisementSet]:
    """Return what sets an advertisement; nothing, if it is set already. Raises `Refused`."""
    adbot = owned(command.adbot, command.account)
    wanted = _wanted(command)
    groups = merged(wanted.groups, command.lists)
    _check_lists(command)
    if not groups:
        raise Refused("no_groups", "the list holds no group")
    check_named(by_group(wanted.group_options), groups)
    return _set(command, adbot, wanted, schedule)


def change_advertisement(command: ChangeAdvertisement, schedule: Schedule | None) -> list[AdvertisementSet]:
    """Return what changes the post or the groups; nothing, if they are so already. Raises `Refused`.

    A post without groups is stored: people set one after the other. Such an adbot can't be started.
    """
    adbot = owned(command.adbot, command.account)
    before = schedule.advertisement if schedule else None
    if command.post is not None:
        before = replace(before or Advertisement(command.post, ()), post=command.post, more_posts=())
    if before is None:
        raise Refused("no_post", "no post is set; set it before the groups, or with them")
    wanted = before if command.groups is None else replace(before, groups=command.groups)
    named = set(map(key_of, merged(wanted.groups, command.lists)))
    if command.groups is not None and not named:
        raise Refused("no_groups", "the list holds no group")
    options = tuple(one for one in wanted.group_options if key_of(one.group) in named)
    return _set(command, adbot, replace(wanted, group_options=options), schedule)


def _set(
    command: SetAdvertisement | ChangeAdvertisement,
    adbot: Adbot,
    wanted: Advertisement,
    schedule: Schedule | None,
) -> list[AdvertisementSet]:
    """Return what sets an advertisement that is whole. Raises `Refused` for what the adbot may not have."""
    groups = merged(wanted.groups, command.lists)
    command.limits.check(adbot, len(groups), len(wanted.posts))
    if forbidden := wanted.forbidden_to(adbot, groups):
        raise refuse(forbidden)
    command.switches.check(wanted.posts, groups)
    if schedule is not None and schedule.advertisement == wanted:
        return []
    event = AdvertisementSet(
        adbot=adbot.adbot,
        post=wanted.post,
        groups=wanted.groups,
        more_posts=wanted.more_posts,
        order=wanted.order,
        lists=wanted.lists,
        group_options=wanted.group_options,
        options=wanted.options,
    )
    if wanted.group_options:  # all else is smaller than the request that it came with
        check_size(event, "advertisement_too_large")
    return [event]


def set_option(command: SetOption, schedule: Schedule | None) -> list[GroupOptionSet]:
    """Return what sets the option of one group; nothing, if nothing changes. Raises `Refused`."""
    adbot, option = owned(command.adbot, command.account), command.option
    advertisement = schedule.advertisement if schedule else None
    groups = merged(advertisement.groups, command.lists) if advertisement else ()
    check_named(by_group([option]), groups)
    key = key_of(option.group)
    own = by_group(advertisement.group_options) if advertisement else {}
    if own.get(key) == option:
        return []
    if key not in options_for(tuple(own.values()), command.lists) and not option.differs:
        return []
    if key not in own and len(own) >= MOST_REMEMBERED:
        detail = f"{len(own)} groups have options, at most {MOST_REMEMBERED} may; set the advertisement anew"
        raise Refused("too_many_group_options", detail)
    return [GroupOptionSet(adbot=adbot.adbot, option=option)]


def _wanted(command: SetAdvertisement) -> Advertisement:
    return Advertisement(
        command.post,
        command.groups,
        command.more_posts,
        command.order,
        tuple(dict.fromkeys(command.list_ids)),
        tuple(by_group(command.group_options).values()),
        command.options,
    )


def _check_lists(command: SetAdvertisement) -> None:
    """Raise `Refused` for lists that the account does not have; another account's are as unknown as any."""
    known = {one.list for one in command.lists}
    if unknown := [str(one) for one in command.list_ids if one not in known]:
        raise Refused("unknown_group_list", f"{', '.join(unknown)}: there is no group list of this id")
