"""Pages of an adbot's log and groups, for the routes of clients and of the operator."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from fastapi import Depends, Query

from libs.events.values import AdbotId, ResultClass
from libs.eventsourcing.values import utc_now
from services.gateway.api.desk import Desk
from services.gateway.api.requests.cursors import CursorText, decoded, encoded
from services.gateway.api.requests.shapes import Limit, Page, WithoutNul
from services.gateway.tables.delivery_log import (
    LogCursor,
    LoggedLine,
    LogLine,
    LogSearch,
    kept_since,
    log_page,
)
from services.gateway.tables.figures import GroupFigures, GroupState, groups_of

_MOST = 2**63 - 1


def search_of(
    group: Annotated[
        str | None,
        WithoutNul,
        Query(max_length=120, description="Only of this group, in its canonical form.", examples=["@group"]),
    ] = None,
    result: Annotated[ResultClass | None, Query(description="Only with this result.")] = None,
) -> LogSearch:
    """Return the search of the query's parameters, all of which must match."""
    return LogSearch(group.lower() if group is not None and group.startswith("@") else group, result)


def _log_cursor(parts: list[str]) -> LogCursor:
    at, position, line = datetime.fromisoformat(parts[0]), int(parts[1]), int(parts[2])
    if at.tzinfo is None or not (0 <= position <= _MOST and 0 <= line < 2**15):
        raise ValueError("is out of range")
    return LogCursor(at, position, line)


def log_cursor_of(cursor: CursorText = None) -> LogCursor | None:
    """Return the position in a log that a cursor names."""
    return decoded(cursor, 3, _log_cursor)


def group_of(cursor: CursorText = None) -> str | None:
    """Return the group that a cursor names."""
    return decoded(cursor, 1, lambda parts: parts[0])


@dataclass(frozen=True, slots=True)
class LogQuery:
    """The page of a log that a request asks for."""

    search: Annotated[LogSearch, Depends(search_of)]
    after: Annotated[LogCursor | None, Depends(log_cursor_of)]
    limit: Limit = 100


@dataclass(frozen=True, slots=True)
class GroupsQuery:
    """The page of groups that a request asks for."""

    after: Annotated[str | None, Depends(group_of)]
    state: Annotated[GroupState | None, Query(description="Only groups in this state.")] = None
    limit: Limit = 100


LogQueryDep = Annotated[LogQuery, Depends()]
GroupsQueryDep = Annotated[GroupsQuery, Depends()]


class LogPage(Page[LogLine]):
    """A page of an adbot's log."""

    kept_since: datetime | None
    """Lines before this time were deleted, as they are kept for some days; statistics count them on."""


async def log_of_adbot(desk: Desk, adbot: AdbotId, wanted: LogQuery) -> LogPage:
    """Return a page of an adbot's log."""
    limit = wanted.limit
    found = await desk.ask(lambda sql: log_page(sql, adbot, wanted.search, wanted.after, limit + 1))
    since = await desk.ask(kept_since)
    return LogPage(items=[one.line for one in found[:limit]], next=_after(found, limit), kept_since=since)


def _after(found: Sequence[LoggedLine], limit: int) -> str | None:
    if len(found) <= limit:
        return None
    last = found[limit - 1].cursor
    return encoded(last.at.isoformat(), last.position, last.line)


async def groups_of_adbot(desk: Desk, adbot: AdbotId, wanted: GroupsQuery) -> Page[GroupFigures]:
    """Return a page of an adbot's groups."""
    limit = wanted.limit
    found = await desk.view(
        lambda sql: groups_of(sql, adbot, wanted.state, wanted.after, limit + 1, utc_now())
    )
    following = encoded(found[limit - 1].group) if len(found) > limit else None
    return Page[GroupFigures](items=found[:limit], next=following)
