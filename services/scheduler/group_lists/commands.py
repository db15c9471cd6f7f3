"""The commands to a group list."""

from dataclasses import dataclass

from libs.events.scheduler import GroupListId, GroupOption
from libs.events.values import AccountId, GroupRef
from services.scheduler.schedule.switches import NONE, Switches


@dataclass(frozen=True)
class Owner:
    """The account that gives a command, and what it may do."""

    account: AccountId
    lists: int = 0
    """How many group lists it has."""
    max_lists: int = 1
    private_ids: bool = False


@dataclass(frozen=True)
class Set:
    """Make the list, if it is `new`, or change it; a `name` or `options` of None are as they were."""

    list: GroupListId
    owner: Owner
    name: str | None
    groups: tuple[GroupRef, ...]
    options: tuple[GroupOption, ...] | None = None
    new: bool = False
    switches: Switches = NONE


@dataclass(frozen=True)
class SetOption:
    """Set the option of one group."""

    owner: Owner
    option: GroupOption


@dataclass(frozen=True)
class Delete:
    """Delete the list."""

    owner: Owner


Command = Set | SetOption | Delete
