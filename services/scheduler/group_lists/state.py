"""The state of a group list, folded from its events."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import assert_never

from libs.events.scheduler import (
    GroupListDeleted,
    GroupListId,
    GroupListSet,
    GroupOption,
    ListGroupOptionSet,
)
from libs.events.values import AccountId, GroupRef
from libs.eventsourcing import ImpossibleEvent
from services.scheduler.schedule.group_options import by_group

GroupListEvent = GroupListSet | ListGroupOptionSet | GroupListDeleted


@dataclass(frozen=True)
class GroupList:
    """A group list of an account."""

    list: GroupListId
    account: AccountId
    name: str
    groups: tuple[GroupRef, ...]
    options: tuple[GroupOption, ...] = ()
    deleted: bool = False


def evolve(found: GroupList | None, event: GroupListEvent) -> GroupList:
    """Return the list after an event."""
    match event:
        case GroupListSet():
            return GroupList(event.list, event.account, event.name, event.groups, event.group_options)
        case ListGroupOptionSet() if found is not None:
            return replace(found, options=that_differ([*found.options, event.option]))
        case GroupListDeleted() if found is not None:
            return replace(found, groups=(), options=(), deleted=True)
        case ListGroupOptionSet() | GroupListDeleted():
            message = f"{type(event).__name__} of a group list that was never set"
            raise ImpossibleEvent(message)
        case _:
            assert_never(event)


def that_differ(options: Sequence[GroupOption]) -> tuple[GroupOption, ...]:
    """Return the options without those that say nothing, one for each group."""
    return tuple(one for one in by_group(options).values() if one.differs)
