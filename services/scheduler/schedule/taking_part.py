"""Which groups take part in a cycle: the advertisement's own, then those of its lists, without duplicates."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import chain

from libs.events.scheduler import GroupListId, GroupOption, SkipReason
from libs.events.values import GroupRef
from services.scheduler.schedule.group_options import by_group, is_due, key_of
from services.scheduler.schedule.switches import Switches

_MOST_BYTES = 380_000
"""How much of an event the groups of a cycle may take up: the store accepts half a megabyte."""


@dataclass(frozen=True)
class GroupList:
    """A group list as it is when a schedule decides."""

    list: GroupListId
    groups: tuple[GroupRef, ...]
    options: tuple[GroupOption, ...] = ()


@dataclass(frozen=True)
class TakingPart:
    """The groups of a cycle, those of them that are spaced, and how many the limit left out.

    `skip` is the reason if there is none.
    """

    groups: tuple[GroupRef, ...] = ()
    spaced: tuple[GroupRef, ...] = ()
    beyond_limit: int = 0
    skip: SkipReason | None = None


def merged(own: tuple[GroupRef, ...], lists: Sequence[GroupList]) -> tuple[GroupRef, ...]:
    """Return an advertisement's own groups, and those of its lists behind them, without duplicates."""
    if not lists:
        return own
    found: dict[str, GroupRef] = {}
    for group in chain(own, *(one.groups for one in lists)):
        found.setdefault(key_of(group), group)
    return tuple(found.values())


def options_for(own: Sequence[GroupOption], lists: Sequence[GroupList]) -> dict[str, GroupOption]:
    """Return the option of each group that has one: the advertisement's, else that of the first list."""
    found: dict[str, GroupOption] = {}
    for options in reversed((own, *(one.options for one in lists))):
        found |= by_group(options)
    return found


def counted(own: tuple[GroupRef, ...], everything: tuple[GroupRef, ...], most: int) -> tuple[GroupRef, ...]:
    """Return the first groups, as many as the adbot may have; its own ones were checked when they were set.

    Paused ones count too: else which groups are left out would change from cycle to cycle.
    """
    return everything[: max(most, len(own))]


def taking_part(
    groups: tuple[GroupRef, ...],
    options: Mapping[str, GroupOption],
    switches: Switches,
    last: Mapping[str, datetime],
    due_at: datetime,
) -> TakingPart:
    """Return those of these groups that are neither blocked nor paused, nor due again later."""
    allowed = switches.allowed_in(groups)
    if not allowed:
        return TakingPart(skip=SkipReason.TARGETS_BLOCKED)
    if not options:
        return TakingPart(allowed)
    active: list[GroupRef] = []
    spaced: list[GroupRef] = []
    for group in allowed:
        key = key_of(group)
        option = options.get(key)
        if option is None:
            active.append(group)
        elif is_due(option, last.get(key), due_at):
            active.append(group)
            if option.every_seconds is not None:
                spaced.append(group)
    if not active:
        return TakingPart(skip=SkipReason.GROUPS_NOT_DUE)
    return TakingPart(tuple(active), tuple(spaced))


def that_fit(part: TakingPart) -> TakingPart:
    """Return the first groups of a cycle, as many as an event can hold."""
    spaced, size = set(part.spaced), 0
    for number, group in enumerate(part.groups):
        size += (len(group) + 3) * (2 if group in spaced else 1)
        if size > _MOST_BYTES:
            kept, left_out = part.groups[:number], len(part.groups) - number
            return replace(
                part,
                groups=kept,
                spaced=tuple(one for one in kept if one in spaced),
                beyond_limit=part.beyond_limit + left_out,
            )
    return part
