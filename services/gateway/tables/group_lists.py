"""Read model and queries of group lists, which adbots of an account share."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field

from libs.events.chat_ids import chat_of
from libs.events.scheduler import (
    GroupListDeleted,
    GroupListId,
    GroupListSet,
    GroupOption,
    ListGroupOptionSet,
)
from libs.events.values import AccountId
from libs.eventsourcing import Projection, Row, Sql, TableSql
from services.gateway.tables.group_options import options_in, options_json
from services.gateway.tables.paging import Key, KeyType, PagedList, holds, instant
from services.gateway.tables.values import View

GROUP_LISTS = Projection(
    "group_lists",
    version=1,
    ddl="""
    create table group_lists (
        list uuid primary key,
        account uuid not null,
        name text not null,
        groups text[] not null,
        chats text[] not null,
        options jsonb not null,
        made_at timestamptz not null,
        changed_at timestamptz not null
    );
    create index on group_lists (account, made_at);
    """,
)
"""`chats` has the chat of each group, without its topic; `options` one for each group that has one."""


class GroupListLine(View):
    """A group list without its groups."""

    id: UUID
    name: str
    """The name that the client gave it."""
    group_count: int
    """How many groups it has."""
    adbots: Annotated[list[UUID], Field(description="The adbots that use it.")]
    made_at: datetime
    """When it was made."""
    changed_at: datetime
    """When it was changed last."""


class GroupListView(GroupListLine):
    """A group list; groups in their canonical form."""

    groups: list[str]
    group_options: Annotated[
        list[GroupOption],
        Field(description="What differs for single groups; an adbot's own options count before them."),
    ]
    blocked_groups: Annotated[
        list[str],
        Field(description="Those that the operator of this service blocked: nothing is sent there."),
    ]


_ADBOTS = (
    "array(select s.adbot from adbots a join adbot_schedules s using (adbot) "
    "where a.account = l.account and l.list = any(s.lists) order by s.adbot) as adbots"
)
_LINE = f"l.list as id, l.name, cardinality(l.groups) as group_count, l.made_at, l.changed_at, {_ADBOTS}"
GROUP_LIST_LINES = PagedList(
    name="group-lists",
    fields=(
        f"l.list as id, l.name, cardinality(l.groups) as group_count, {_ADBOTS}, "
        f"{instant('l.made_at')} as made_at, {instant('l.changed_at')} as changed_at"
    ),
    source="group_lists l",
    where="l.account = $1",
    sorts={
        "created_at": (Key("l.made_at", KeyType.INSTANT), Key("l.list", KeyType.ID)),
        "name": (Key("l.name", KeyType.TEXT), Key("l.list", KeyType.ID)),
    },
    filters={
        "text": holds("l.name", "array_to_string(l.groups, ' ')"),
        "adbot": "l.list = any(array(select unnest(lists) from adbot_schedules where adbot = {}))",
    },
)
"""The group lists of the account `$1`, of which the scheduler allows a limited number."""


async def group_list_of(sql: Sql, account: AccountId, wanted: GroupListId) -> GroupListView | None:
    """Return a group list of this account, else None."""
    row = await sql.fetchrow(
        f"select {_LINE}, l.groups, l.options::text as options, "  # noqa: S608 - a constant
        "array(select target from unnest(l.groups, l.chats) with ordinality as one (target, chat, place) "
        "join blocked_targets b using (chat) order by place) as blocked "
        "from group_lists l where list = $1 and account = $2",
        wanted,
        account,
    )
    return None if row is None else _view(row)


def _view(row: Row) -> GroupListView:
    fields = dict(row.items())
    options, blocked = fields.pop("options"), fields.pop("blocked")
    return GroupListView(**fields, group_options=options_in(options), blocked_groups=blocked)


@GROUP_LISTS.on(GroupListSet)
async def list_set(event: GroupListSet, sql: TableSql) -> None:
    """Add the list, or change it."""
    await sql.execute(
        "insert into group_lists (list, account, name, groups, chats, options, made_at, changed_at) "
        "values ($1, $2, $3, $4, $5, $6::text::jsonb, $7, $7) on conflict (list) do update set "
        "name = excluded.name, groups = excluded.groups, chats = excluded.chats, "
        "options = excluded.options, changed_at = excluded.changed_at",
        event.list,
        event.account,
        event.name,
        list(event.groups),
        [chat_of(group) for group in event.groups],
        options_json(event.group_options),
        sql.at,
    )


@GROUP_LISTS.on(ListGroupOptionSet)
async def option_set(event: ListGroupOptionSet, sql: TableSql) -> None:
    """Store the option of one group in place of the one that it had; one without any difference goes."""
    option = event.option
    await sql.execute(
        "update group_lists set changed_at = $4, options = (options - $2::text) || $3::text::jsonb "
        "where list = $1",
        event.list,
        option.group,
        options_json([option] if option.differs else []),
        sql.at,
    )


@GROUP_LISTS.on(GroupListDeleted)
async def deleted(event: GroupListDeleted, sql: TableSql) -> None:
    """Delete the list."""
    await sql.execute("delete from group_lists where list = $1", event.list)
