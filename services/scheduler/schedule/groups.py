"""Reads a list of groups as people write them, one a line."""

from collections.abc import Iterable, Sequence

from libs.events.commands.scheduler import WrittenGroupOption
from libs.events.scheduler import GroupOption
from libs.events.values import MAX_GROUPS, GroupRef
from libs.eventsourcing import Refused
from libs.telegram_links.groups import parse_group
from libs.telegram_links.links import Malformed, echo

_MOST_NAMED = 100
_LONGEST_DETAIL = 20_000


def parse_groups(
    written: Iterable[str], *, most: int = MAX_GROUPS, least: int = 1, numbered: bool = False
) -> tuple[GroupRef, ...]:
    """Return the groups in their canonical form and order, without duplicates and blank lines.

    Refused: `malformed_groups` names the first hundred malformed lines, `numbered` ones by their numbers too,
    and how many more there are; `no_groups`; `too_many_groups`.
    """
    groups: dict[GroupRef, None] = {}
    bad: set[str] = set()
    count = 0
    problems: list[str] = []
    for position, line in enumerate(written, 1):
        text = line.strip()
        if not text or (text in bad and not numbered):
            continue
        try:
            groups[parse_group(text)] = None
        except Malformed as problem:
            bad.add(text)
            count += 1
            problems += _named(f"line {position}: " if numbered else "", text, problem, problems)
    if count:
        more = count - len(problems)
        raise Refused("malformed_groups", "; ".join(problems) + (f"; and {more} more" if more else ""))
    if len(groups) < least:
        raise Refused("no_groups", "the list holds no group")
    if len(groups) > most:
        raise Refused("too_many_groups", f"{len(groups)} groups, at most {most} are allowed")
    return tuple(groups)


def parse_options(written: Sequence[WrittenGroupOption]) -> tuple[GroupOption, ...]:
    """Return options with their groups in canonical form. Refused: as by `parse_groups`."""
    parse_groups([option.group for option in written], least=0)
    return tuple(parse_option(option) for option in written if option.group.strip())


def parse_option(written: WrittenGroupOption) -> GroupOption:
    """Return an option with its group in canonical form. Refused: `malformed_groups`, `no_groups`."""
    (group,) = parse_groups([written.group])
    return GroupOption(group=group, paused=written.paused, every_seconds=written.every_seconds)


def _named(place: str, text: str, problem: Malformed, before: list[str]) -> list[str]:
    """Return the error text of a line, to follow those in `before`; none, if they are long enough already."""
    if len(before) >= _MOST_NAMED:
        return []
    line = f"{place}{echo(text)}: {problem}"
    return [line] if len(line) + sum(map(len, before)) <= _LONGEST_DETAIL else []
