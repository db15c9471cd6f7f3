"""What differs for single groups: paused ones, and those that no cycle sends to too soon again."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import islice

from libs.events.chat_ids import chat_of, is_private
from libs.events.scheduler import GroupOption
from libs.events.values import GroupRef
from libs.eventsourcing import Refused

MOST_REMEMBERED = 10_000
"""Of how many groups of an adbot it is known when they last took part, and how many may have an option."""
LONGEST_SPACING = timedelta(days=30)
"""The longest `every_seconds`."""


def key_of(group: GroupRef) -> str:
    """Return the one name of a group, its topic included: ids of chats have an older spelling."""
    if not is_private(group):
        return group
    chat, _, topic = group.partition("/")
    return f"{chat_of(chat)}/{topic}" if topic else chat_of(chat)


def by_group(options: Iterable[GroupOption]) -> dict[str, GroupOption]:
    """Return options by their groups' names; of several for one group the last counts."""
    return {key_of(option.group): option for option in options}


def check_named(options: Mapping[str, GroupOption], groups: Iterable[GroupRef]) -> None:
    """Raise `Refused` if a group that has an option is not among the groups."""
    known = set(map(key_of, groups)) if options else set[str]()
    unknown = [option.group for key, option in options.items() if key not in known]
    if unknown:
        more = f" and {len(unknown) - 20} more" if len(unknown) > 20 else ""  # noqa: PLR2004 - enough to see
        raise Refused("unknown_group", f"{', '.join(unknown[:20])}{more}: not among the groups")


def with_option(options: Sequence[GroupOption], option: GroupOption) -> tuple[GroupOption, ...]:
    """Return the options after one of them was set."""
    return tuple(by_group([*options, option]).values())


def is_due(option: GroupOption, last: datetime | None, due_at: datetime) -> bool:
    """Return whether a group with this option takes part in a cycle, which it last did at `last`.

    One in the future was stamped by a wrong clock, and does not count.
    """
    if option.paused:
        return False
    if option.every_seconds is None or last is None or last > due_at:
        return True
    return due_at - last >= timedelta(seconds=option.every_seconds)


def remember(
    before: Mapping[str, datetime], took_part: Sequence[GroupRef], due_at: datetime
) -> dict[str, datetime]:
    """Return when spaced groups last took part, after a cycle: the last at the end, the oldest forgotten."""
    now = dict.fromkeys(map(key_of, took_part), due_at)
    earliest = due_at - LONGEST_SPACING
    kept = {key: at for key, at in before.items() if at > earliest and key not in now} | now
    return dict(islice(kept.items(), max(0, len(kept) - MOST_REMEMBERED), None))
