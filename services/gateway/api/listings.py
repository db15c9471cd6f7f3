"""Pages of lists as answers, and the lists that clients and the operator share: an adbot's log and groups."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Literal

import msgspec
from fastapi import Query, Request
from pydantic import AfterValidator, Field, TypeAdapter
from starlette.responses import Response

from libs.events.values import AdbotId, PlanCode, ResultClass
from libs.eventsourcing import Row, Sql
from libs.eventsourcing.values import utc_now
from services.gateway.api.desk import Desk
from services.gateway.api.requests.cursors import continued, cursor_at
from services.gateway.api.requests.queries import (
    LONGEST_PAGE,
    ByAge,
    From,
    Moment,
    PageQuery,
    Sort,
    Text,
    To,
    Word,
)
from services.gateway.api.requests.shapes import Lower, Page
from services.gateway.api.requests.tags import tagged
from services.gateway.tables.adbot_states import AdbotStatus
from services.gateway.tables.delivery_log import LogLine
from services.gateway.tables.figure_queries import GROUPS
from services.gateway.tables.figures import GroupFigures, GroupState, groups_in
from services.gateway.tables.paging import PagedList, PageRequest, items_of, page_of

Items = Callable[[Sql, Sequence[Row]], Awaitable[bytes]]
"""Returns the JSON of a page's items, an array."""


@dataclass(frozen=True, slots=True)
class RenderedPage:
    """A page of a list: its items as a JSON array, and the cursor of the next page as JSON."""

    items: bytes
    next: bytes
    page_fields: bytes = b"{}"
    """What it has besides them, a JSON object."""

    @property
    def empty(self) -> bool:
        """The page has no items."""
        return self.items == b"[]"

    def json(self, name: str = "items") -> bytes:
        """Return the page as an object, in which the items are called `name`."""
        others = b"}" if self.page_fields == b"{}" else b"," + self.page_fields[1:]
        return b"".join((b'{"', name.encode(), b'":', self.items, b',"next":', self.next, others))


async def rendered_page(
    sql: Sql, listed: PagedList, wanted: PageRequest, items: Items | None = None
) -> RenderedPage:
    """Return a page of a list; `items` renders what the list itself does not."""
    page_fields = b"{}"
    if items is None:
        page = await items_of(sql, listed, wanted)
        rendered, last, page_fields = f"[{page.items}]".encode(), page.last, page.page_fields.encode()
    else:
        found = await page_of(sql, listed, wanted)
        rendered, last = await items(sql, found.rows), found.last
    following = None if last is None else cursor_at(listed, wanted, last)
    return RenderedPage(rendered, msgspec.json.encode(following), page_fields)


async def answer_page(
    request: Request,
    desk: Desk,
    listed: PagedList,
    asked: PageQuery,
    *scope: object,
    items: Items | None = None,
) -> Response:
    """Return the answer with a page of a list, as `asked_page` does."""
    return tagged(request, (await asked_page(desk, listed, asked, *scope, items=items)).json())


async def asked_page(
    desk: Desk, listed: PagedList, asked: PageQuery, *scope: object, items: Items | None = None
) -> RenderedPage:
    """Return the page of a list that is asked for; raise `Denied` for a cursor of another list.

    With `items`, which may run further queries, all see one snapshot of the tables.
    """
    wanted = continued(listed, asked.of(*scope), asked.cursor)
    if items is None:
        return await desk.ask(lambda sql: rendered_page(sql, listed, wanted))
    return await desk.view(lambda sql: rendered_page(sql, listed, wanted, items))


class LogPage(Page[LogLine]):
    """A page of an adbot's log."""

    kept_since: datetime | None
    """Lines before this time were deleted, as they are kept for some days; statistics count them on."""


def _canonical(group: str) -> str:
    return group.lower() if group.startswith("@") else group


class LogQuery(PageQuery, frozen=True):
    """The page of a log that is asked for."""

    sort: ByAge = "-created_at"
    group: Annotated[
        Annotated[Word, AfterValidator(_canonical)] | None,
        Field(description="Only of this group, in its canonical form.", examples=["@group"]),
    ] = None
    result: Annotated[ResultClass | None, Field(description="Only with this result.")] = None
    session: Annotated[
        Word | None, Field(description="Only by this session: its number as the log shows it, or its id.")
    ] = None
    from_: From = None
    to: To = None


class GroupsQuery(PageQuery, frozen=True):
    """The page of an adbot's groups that is asked for."""

    sort: Annotated[Literal["group", "-group", "last_at", "-last_at"], Sort] = "group"
    state: Annotated[GroupState | None, Field(description="Only groups in this state.")] = None
    result: Annotated[ResultClass | None, Field(description="Only those whose last result is this.")] = None
    advertised: Annotated[
        bool | None,
        Field(description="Only those that the advertisement names, or only those of earlier ones."),
    ] = None
    text: Text = None


class AdbotsQuery(PageQuery, frozen=True):
    """The page of adbots that is asked for."""

    limit: Annotated[int, Field(ge=1, le=LONGEST_PAGE, description="The maximum of items.")] = LONGEST_PAGE
    sort: Annotated[Literal["created_at", "-created_at", "valid_until", "-valid_until"], Sort] = "created_at"
    status: Annotated[AdbotStatus | None, Field(description="Only with this status.")] = None
    plan: Annotated[PlanCode | None, Lower, Field(description="The code of the adbot's plan.")] = None
    text: Text = None
    expiring_before: Annotated[
        Moment | None, Field(description="Only those whose validity ends before this instant.")
    ] = None


LogQueryDep = Annotated[LogQuery, Query()]
GroupsQueryDep = Annotated[GroupsQuery, Query()]

_GROUPS: TypeAdapter[list[GroupFigures]] = TypeAdapter(list[GroupFigures])


async def groups_of_adbot(request: Request, desk: Desk, adbot: AdbotId, asked: GroupsQuery) -> Response:
    """Return the answer with a page of an adbot's groups."""

    async def items(sql: Sql, rows: Sequence[Row]) -> bytes:
        return _GROUPS.dump_json(await groups_in(sql, adbot, rows, utc_now()))

    return await answer_page(request, desk, GROUPS, asked, adbot, items=items)
