"""The decisions about a group list."""

from collections.abc import Sequence
from dataclasses import replace
from typing import assert_never

from libs.events.scheduler import (
    GroupListDeleted,
    GroupListSet,
    GroupOption,
    ListGroupOptionSet,
)
from libs.events.values import AccountId
from libs.eventsourcing import Decider, Refused, Snapshots
from services.scheduler.group_lists.commands import Command, Delete, Set, SetOption
from services.scheduler.group_lists.state import GroupList, GroupListEvent, evolve, that_differ
from services.scheduler.schedule.group_options import by_group, check_named, key_of
from services.scheduler.schedule.limits import check_size
from services.scheduler.schedule.private_ids import private_ids_in, refuse

_NAME = "Groups"
"""The name of a list that was made without one."""


def decide(command: Command, found: GroupList | None) -> Sequence[GroupListEvent]:
    """Return the events of a command; none, if nothing changes."""
    match command:
        case Set(new=True) if found is None:
            return _make(command)
        case Set():
            return _change(command, _owned(found, command.owner.account))
        case SetOption():
            return _set_option(command.option, _owned(found, command.owner.account))
        case Delete():
            found = _owned(found, command.owner.account)
            return [GroupListDeleted(list=found.list, account=found.account)]
        case _:
            assert_never(command)


def _owned(found: GroupList | None, account: AccountId) -> GroupList:
    """Return the list if it is the account's; the refusal is the same for a deleted and an unknown one."""
    if found is None or found.deleted or found.account != account:
        raise Refused("unknown_group_list", "there is no group list of this id")
    return found


def _make(command: Set) -> list[GroupListSet]:
    owner = command.owner
    if owner.lists >= owner.max_lists:
        detail = f"you have {owner.lists} group lists, at most {owner.max_lists} are allowed; delete one"
        raise Refused("too_many_group_lists", detail)
    wanted = GroupList(
        command.list, owner.account, command.name or _NAME, command.groups, that_differ(command.options or ())
    )
    return [_checked(command, wanted)]


def _change(command: Set, found: GroupList) -> list[GroupListSet]:
    options = command.options
    if options is None:
        kept = set(map(key_of, command.groups))
        options = tuple(one for one in found.options if key_of(one.group) in kept)
    wanted = replace(
        found, name=command.name or found.name, groups=command.groups, options=that_differ(options)
    )
    return [] if wanted == found else [_checked(command, wanted)]


def _checked(command: Set, wanted: GroupList) -> GroupListSet:
    """Return the event that makes the list so; raise `Refused` if it may not be."""
    check_named(by_group(command.options or ()), wanted.groups)
    if not command.owner.private_ids and (forbidden := private_ids_in((), wanted.groups)):
        raise refuse(forbidden)
    command.switches.check((), wanted.groups)
    return _event(wanted)


def _set_option(option: GroupOption, found: GroupList) -> list[ListGroupOptionSet]:
    check_named(by_group([option]), found.groups)
    before = by_group(found.options).get(key_of(option.group))
    if before == option or (before is None and not option.differs):
        return []
    event = ListGroupOptionSet(list=found.list, account=found.account, option=option)
    _event(evolve(found, event))  # the next change of the list must fit into an event
    return [event]


def _event(wanted: GroupList) -> GroupListSet:
    event = GroupListSet(
        list=wanted.list,
        account=wanted.account,
        name=wanted.name,
        groups=wanted.groups,
        group_options=wanted.options,
    )
    check_size(event, "group_list_too_large")
    return event


GROUP_LIST: Decider[Command, GroupList, GroupListEvent] = Decider(
    "grouplist", decide, evolve, snapshots=Snapshots(GroupList, version=1)
)
