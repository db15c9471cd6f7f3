"""State tables of group lists, and of the adbots that use some."""

from collections.abc import Mapping, Sequence

from pydantic import TypeAdapter

from libs.events.scheduler import (
    AdvertisementSet,
    GroupListDeleted,
    GroupListId,
    GroupListSet,
    GroupOption,
    ListGroupOptionSet,
)
from libs.events.values import AccountId, AdbotId
from libs.eventsourcing import Projection, Row, Sql, TableSql
from services.scheduler.group_lists.commands import Owner
from services.scheduler.schedule.adbot import Adbot
from services.scheduler.schedule.group_options import key_of
from services.scheduler.schedule.taking_part import GroupList

GROUP_LISTS = Projection(
    "group_lists",
    version=1,
    ddl="""
    create table group_lists (
        list    uuid primary key,
        account uuid not null,
        groups  text[] not null
    );
    create index group_lists_of_accounts on group_lists (account);
    create table group_list_options (
        list     uuid not null references group_lists on delete cascade,
        chat     text not null,
        option   text not null,
        primary key (list, chat)
    );
    create table lists_of_adbots (
        adbot uuid primary key,
        lists uuid[] not null
    );
    """,
)
"""`group_list_options` has the options by their groups' names (`key_of`), as JSON.

`lists_of_adbots` has a row for each adbot whose advertisement names a list, also a deleted one: at a due time
nothing more is read for the others.
"""

_OPTION: TypeAdapter[GroupOption] = TypeAdapter(GroupOption)


async def lists_used(sql: Sql, adbots: Sequence[AdbotId]) -> dict[AdbotId, tuple[GroupListId, ...]]:
    """Return the lists in the advertisements of those of these adbots that use any, in one statement."""
    rows = await sql.fetch("select adbot, lists from lists_of_adbots where adbot = any($1)", adbots)
    return {AdbotId(row["adbot"]): tuple(GroupListId(one) for one in row["lists"]) for row in rows}


async def lists_of(
    sql: Sql, account: AccountId, wanted: Sequence[GroupListId], known: dict[GroupListId, GroupList]
) -> tuple[GroupList, ...]:
    """Return those of these lists that the account has, in their order; `known` are ones that were read."""
    missing = [one for one in wanted if one not in known]
    if missing:
        rows = await sql.fetch(
            "select list, groups, array(select option from group_list_options o where o.list = l.list) "
            "as options from group_lists l where list = any($1) and account = $2",
            missing,
            account,
        )
        known.update({one.list: one for one in map(_read, rows)})
    return tuple(known[one] for one in wanted if one in known)


async def lists_for(sql: Sql, adbot: Adbot | None) -> tuple[GroupList, ...]:
    """Return the lists that one adbot uses."""
    if adbot is None:
        return ()
    used = await lists_used(sql, [adbot.adbot])
    return await lists_of(sql, adbot.account, used.get(adbot.adbot, ()), {})


async def owner_of(sql: Sql, account: AccountId, max_lists: int) -> Owner:
    """Return the facts about an account that a command to one of its lists needs."""
    row = await sql.fetchrow(
        "select (select count(*) from group_lists where account = $1) as lists, "
        "exists (select from private_ids where account = $1) as private_ids",
        account,
    )
    assert row is not None  # noqa: S101 - it has no `from`
    return Owner(account, row["lists"], max_lists, row["private_ids"])


@GROUP_LISTS.on(GroupListSet)
async def list_set(event: GroupListSet, sql: TableSql) -> None:
    """Store the list and its options."""
    await sql.execute(
        "insert into group_lists (list, account, groups) values ($1, $2, $3) "
        "on conflict (list) do update set groups = excluded.groups",
        event.list,
        event.account,
        list(event.groups),
    )
    await sql.execute("delete from group_list_options where list = $1", event.list)
    if event.group_options:
        options: Mapping[str, str] = {
            key_of(option.group): option.model_dump_json() for option in event.group_options
        }
        await sql.execute(
            "insert into group_list_options (list, chat, option) "
            "select $1, * from unnest($2::text[], $3::text[])",
            event.list,
            list(options),
            list(options.values()),
        )


@GROUP_LISTS.on(ListGroupOptionSet)
async def option_set(event: ListGroupOptionSet, sql: TableSql) -> None:
    """Store the option, or delete one that says nothing any more."""
    key = key_of(event.option.group)
    await sql.execute("delete from group_list_options where list = $1 and chat = $2", event.list, key)
    if event.option.differs:
        await sql.execute(
            "insert into group_list_options (list, chat, option) values ($1, $2, $3)",
            event.list,
            key,
            event.option.model_dump_json(),
        )


@GROUP_LISTS.on(GroupListDeleted)
async def deleted(event: GroupListDeleted, sql: TableSql) -> None:
    """Delete the list."""
    await sql.execute("delete from group_lists where list = $1", event.list)


@GROUP_LISTS.on(AdvertisementSet)
async def advertisement_set(event: AdvertisementSet, sql: TableSql) -> None:
    """Store which lists the adbot uses, if any."""
    if event.lists:
        await sql.execute(
            "insert into lists_of_adbots (adbot, lists) values ($1, $2) "
            "on conflict (adbot) do update set lists = excluded.lists",
            event.adbot,
            list(event.lists),
        )
    else:
        await sql.execute("delete from lists_of_adbots where adbot = $1", event.adbot)


def _read(row: Row) -> GroupList:
    options = tuple(_OPTION.validate_json(option) for option in row["options"])
    return GroupList(GroupListId(row["list"]), tuple(row["groups"]), options)
