"""Says which groups of a request a refusal is about, so that pages mark them in place."""

from collections.abc import AsyncGenerator, Collection, Iterable, Iterator
from contextlib import asynccontextmanager
from itertools import islice

from libs.events.chat_ids import chat_of, is_private
from libs.events.commands.scheduler import (
    ChangeAdvertisement,
    ConfirmGroup,
    SetAdvertisement,
    SetGroupList,
    SetGroupOption,
)
from libs.eventsourcing import Command, Refused
from libs.telegram_links.groups import parse_group
from libs.telegram_links.links import Malformed
from services.gateway.api.desk import Desk
from services.gateway.api.requests.problems import FieldProblem, denied_of
from services.gateway.tables.operations import blocked_of

MOST_MARKED = 100
"""The maximum of groups that a refusal marks; its detail says how many there are."""

_Places = Iterable[tuple[str, str]]
"""The field of each group of a request, and the group as it was written."""
_PRIVATE = "it has no public name, which the operator has to allow; use its @name or an invite link"
_BLOCKED = "the operator posts nothing there; leave it out"


@asynccontextmanager
async def marking(command: Command, desk: Desk) -> AsyncGenerator[None]:
    """Let a refusal of a command's groups name their fields: `body.groups.3`, or `line 4` of a file."""
    try:
        yield
    except Refused as refused:
        problems = await _problems(refused.code, list(_places(command)), desk)
        if not problems:
            raise
        denied = denied_of(refused)
        denied.errors = problems
        raise denied from refused


async def _problems(code: str, places: _Places, desk: Desk) -> list[FieldProblem]:
    match code:
        case "malformed_groups":
            found = malformed(places)
        case "private_ids_not_allowed":
            found = _private(places)
        case "blocked_targets":
            chats = {chat_of(group) for _, group in _read(places)}
            found = _blocked(places, await desk.ask(lambda sql: blocked_of(sql, chats)))
        case _:
            return []
    return list(islice(found, MOST_MARKED))


def malformed(places: _Places) -> Iterator[FieldProblem]:
    """Yield the problem of each group that can't be read; blank ones are no groups."""
    for field, written in places:
        try:
            parse_group(written)
        except Malformed as problem:
            yield FieldProblem(field=field, message=str(problem))


def _private(places: _Places) -> Iterator[FieldProblem]:
    for field, group in _read(places):
        if is_private(group):
            yield FieldProblem(field=field, message=_PRIVATE)


def _blocked(places: _Places, chats: Collection[str]) -> Iterator[FieldProblem]:
    for field, group in _read(places):
        if chat_of(group) in chats:
            yield FieldProblem(field=field, message=_BLOCKED)


def _read(places: _Places) -> Iterator[tuple[str, str]]:
    for field, written in places:
        try:
            yield field, parse_group(written)
        except Malformed:
            continue


def _places(command: Command) -> _Places:
    match command:
        case SetGroupList(numbered=True):
            places = [(f"line {number}", group) for number, group in enumerate(command.groups, 1)]
        case SetAdvertisement() | ChangeAdvertisement() | SetGroupList():
            groups = command.groups or ()
            options = () if isinstance(command, ChangeAdvertisement) else command.group_options or ()
            places = [(f"body.groups.{index}", group) for index, group in enumerate(groups)]
            places += [(f"body.group_options.{index}.group", one.group) for index, one in enumerate(options)]
        case SetGroupOption():
            places = [("body.group", command.option.group)]
        case ConfirmGroup():
            places = [("body.group", command.group)]
        case _:
            places = []
    return [(field, text) for field, written in places if (text := written.strip())]
