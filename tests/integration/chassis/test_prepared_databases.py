"""Roles and databases are prepared, also where something differs, and what differs is found."""

import asyncio

import asyncpg
import pytest

from adrelay.runtime.postgres import EmbeddedPostgres
from adrelay.servers.new_databases import DatabaseCreator
from libs.chassis.check_databases import role_facts, service_problems, tools_problems
from libs.chassis.database_roles import DatabaseName, quoted, role_of, tools_role_of
from libs.chassis.database_urls import in_database, url_with
from libs.chassis.owned_databases import create_database
from libs.chassis.prepare_databases import PreparationFailed, prepare_databases, preparing
from libs.chassis.roles_in_urls import roles_in
from tests.integration.chassis.two_roles import (
    BAKERY,
    PASSWORDS,
    SHOP,
    clear,
    problems,
    roles,
    tools_url_of,
    url_of,
)
from tests.support.databases import opened
from tests.support.waiting import until


async def test_prepared_twice_nothing_is_wrong_and_nothing_is_lost(prepared: EmbeddedPostgres) -> None:
    async with opened(url_of(prepared, SHOP)) as shop:
        await shop.execute("create table kept as select 1 as one")
    assert await problems(prepared) == []
    async with opened(prepared.url("postgres")) as superuser:
        before = await superuser.fetch(WRITTEN)
        await prepare_databases(prepared.url("postgres"), roles(prepared), whole_server=True)
        assert await superuser.fetch(WRITTEN) == before, "it writes nothing"
    assert await problems(prepared) == []
    async with opened(url_of(prepared, SHOP)) as shop:
        assert await shop.fetchval("select one from kept") == 1


async def test_a_further_database_of_a_role_is_its_own(prepared: EmbeddedPostgres) -> None:
    shop, tools = role_of(SHOP), tools_role_of(SHOP)
    await create_database(prepared.url(""), DatabaseName("look_shop"), shop, tools)
    try:
        assert await problems(prepared) == []
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await asyncpg.connect(in_database(url_of(prepared, BAKERY), "look_shop"))
        async with opened(in_database(tools_url_of(prepared, SHOP), "look_shop")) as reader:
            assert await reader.fetchval("select current_database()") == "look_shop"
    finally:
        await prepared.drop_database("look_shop")


@pytest.mark.parametrize(
    ("statement", "problem"),
    [
        ("alter role adrelay_shop createdb", "adrelay_shop has the attribute createdb"),
        ("alter role adrelay_shop createrole", "adrelay_shop has the attribute createrole"),
        ("alter role adrelay_shop bypassrls", "adrelay_shop has the attribute bypassrls"),
        ("alter role adrelay_tools_shop replication", "adrelay_tools_shop has the attribute replication"),
        ("grant adrelay_bakery to adrelay_shop", "adrelay_shop is a member of adrelay_bakery"),
        ("grant pg_monitor to adrelay_shop", "adrelay_shop is a member of pg_monitor"),
        ("grant adrelay_shop to adrelay_tools_shop", "adrelay_tools_shop is a member of adrelay_shop"),
        (
            "grant pg_read_all_data to adrelay_tools_shop",
            "adrelay_tools_shop is a member of pg_read_all_data",
        ),
        (
            "revoke pg_read_all_stats from adrelay_tools_shop",
            "adrelay_tools_shop is no member of pg_read_all_stats",
        ),
        (
            "grant connect on database adrelay_bakery to adrelay_tools_shop",
            "adrelay_tools_shop may connect to adrelay_bakery",
        ),
        ("grant connect on database postgres to public", "adrelay_bakery may connect to postgres"),
        (
            "grant connect on database adrelay_bakery to public",
            "everybody may connect to adrelay_bakery, or do more there",
        ),
        (
            "grant connect on database adrelay_bakery to adrelay_shop",
            "adrelay_shop may connect to adrelay_bakery",
        ),
        (
            "grant create on database adrelay_shop to adrelay_tools_shop",
            "adrelay_tools_shop may connect to adrelay_shop, or do more there",
        ),
        ("grant adrelay_shop to someone", "someone is a member of adrelay_shop"),
        ("grant connect on database postgres to adrelay_shop", "adrelay_shop may connect to postgres"),
        (
            "grant connect on database postgres to adrelay_tools_shop",
            "adrelay_tools_shop may connect to postgres",
        ),
        (
            "alter database adrelay_shop owner to adrelay",
            "adrelay_shop belongs to adrelay instead of adrelay_shop",
        ),
    ],
)
async def test_what_differs_is_found_and_set_right(
    prepared: EmbeddedPostgres, statement: str, problem: str
) -> None:
    async with opened(prepared.url("postgres")) as superuser:
        await superuser.execute("drop role if exists someone; create role someone")
        await superuser.execute(statement)
        if "owner" in statement:  # the role must be able to say so
            await superuser.execute(
                "grant connect on database adrelay_shop to adrelay_shop, adrelay_tools_shop"
            )
    assert problem in await problems(prepared)
    await prepare_databases(prepared.url("postgres"), roles(prepared), whole_server=True)
    assert await problems(prepared) == []


CHANGES = (
    "grant create on schema public to public",
    "grant insert on table one to adrelay_tools_shop",
    "grant update (a) on table one to public",
    "grant trigger on table one to public",
    "grant usage on sequence two to public",
)


@pytest.mark.parametrize("statement", CHANGES)
async def test_what_the_tools_may_change_is_found_and_set_right(
    prepared: EmbeddedPostgres, statement: str
) -> None:
    async with opened(url_of(prepared, SHOP)) as shop:
        await shop.execute("create table one (a integer); create sequence two")
        await shop.execute(statement)
    assert "adrelay_tools_shop may change 1 objects in adrelay_shop" in await problems(prepared)
    await prepare_databases(prepared.url("postgres"), roles(prepared))
    assert await problems(prepared) == []


OTHERS = """
select datname, datacl::text, pg_get_userbyid(datdba) from pg_database where datname !~ '^adrelay_'
union all select rolname, rolpassword, rolcreatedb::text from pg_authid where rolname !~ '^adrelay_'
union all select pg_get_userbyid(roleid), pg_get_userbyid(member), '' from pg_auth_members
where pg_get_userbyid(member) !~ '^adrelay_'
order by 1, 2, 3
"""


async def test_databases_and_roles_of_others_stay_as_they_are(bare_server: EmbeddedPostgres) -> None:
    await bare_server.ensure_database("books")
    async with opened(bare_server.url("postgres")) as superuser:
        await superuser.execute(
            "create role reader login createdb password 'a-password-of-a-reader'; "
            "create role writer in role pg_monitor; grant connect on database books to reader; "
            "grant connect on database postgres to public"
        )
        try:
            before = await superuser.fetch(OTHERS)
            await prepare_databases(bare_server.url("postgres"), roles(bare_server))
            assert await superuser.fetch(OTHERS) == before
            async with preparing(bare_server.url("")) as preparation:
                left_open = await preparation.open_databases(roles(bare_server))
            assert {"books", "postgres"} <= {*left_open}
            await prepare_databases(bare_server.url("postgres"), roles(bare_server), whole_server=True)
            async with preparing(bare_server.url("")) as preparation:
                assert await preparation.open_databases(roles(bare_server)) == []
            async with opened(
                url_with(bare_server.url("books"), "reader", "a-password-of-a-reader")
            ) as reader:
                assert await reader.fetchval("select current_database()") == "books", "it is let in by name"
        finally:
            await clear(bare_server)
            await bare_server.drop_database("books")
            await superuser.execute("drop role reader, writer")


async def test_odd_names_are_those_of_roles_and_databases(bare_server: EmbeddedPostgres) -> None:
    odd, database = 'o"dd; $$ näme', 'a "base";/%s'
    own = url_with(in_database(url_of(bare_server, SHOP), database), odd, PASSWORDS[SHOP])
    tools = url_with(bare_server.url(""), odd + "s", PASSWORDS["tools"])
    reader = url_with(in_database(own, database), f"{odd}s_shop", PASSWORDS["tools"])
    try:
        for _ in range(2):
            await prepare_databases(bare_server.url(""), roles_in({SHOP: own}, tools), whole_server=True)
        async with opened(own) as shop, opened(reader) as reading:
            await shop.execute('create schema "s; x"; create table "s; x"."t""t" (a serial)')
            assert await reading.fetch('select * from "s; x"."t""t"') == []
        await prepare_databases(bare_server.url(""), roles_in({SHOP: own}, tools))
        known = {SHOP: await role_facts(own)}
        assert service_problems(SHOP, known, f"{odd}s_shop", whole_server=True) == []
        assert tools_problems({SHOP: await role_facts(reader)}, whole_server=True) == []
    finally:
        async with opened(bare_server.url("postgres")) as superuser:
            await superuser.execute(f"drop database if exists {quoted(database)} with (force)")
            await superuser.execute(f"drop role if exists {quoted(odd)}, {quoted(odd + 's_shop')}")


async def test_what_the_tools_can_not_read_is_found_and_set_right(prepared: EmbeddedPostgres) -> None:
    async with opened(url_of(prepared, SHOP)) as shop:
        await shop.execute(
            "alter default privileges revoke select on tables from adrelay_tools_shop; "
            "create table one (a integer)"
        )
        assert "adrelay_tools_shop can't read 1 objects in adrelay_shop" in await problems(prepared)
        await prepare_databases(prepared.url("postgres"), roles(prepared))
        await shop.execute("create table another (a integer)")
    assert await problems(prepared) == []


async def test_databases_from_before_the_tools_had_a_role_for_each_become_readable(
    prepared: EmbeddedPostgres,
) -> None:
    async with opened(url_of(prepared, SHOP)) as shop:
        await shop.execute("create table one (a integer)")
    async with opened(prepared.url("adrelay_shop")) as superuser:
        await superuser.execute("drop owned by adrelay_tools_shop; drop role adrelay_tools_shop")
    await prepare_databases(prepared.url("postgres"), roles(prepared), objects_checked=True)
    assert await problems(prepared) == []


HOSTILE = (
    "local_preload_libraries = 'nothing'",
    "statement_timeout = '1ms'",
    "lock_timeout = '1ms'",
    "default_transaction_read_only = on",
    "role = 'adrelay_shop'",
    "search_path = 'engine'",
)


async def test_what_an_owner_sets_for_its_database_hinders_nobody(prepared: EmbeddedPostgres) -> None:
    async with opened(url_of(prepared, SHOP)) as shop:
        for setting in HOSTILE:
            await shop.execute(f"alter database adrelay_shop set {setting}")
        await shop.execute("alter database adrelay_shop connection limit 0")
    async with opened(prepared.url("postgres")) as superuser:
        await superuser.execute("alter database adrelay_shop owner to adrelay")
    await prepare_databases(prepared.url("postgres"), roles(prepared), whole_server=True)
    async with opened(prepared.url("postgres")) as superuser:
        await superuser.execute("alter database adrelay_shop connection limit -1")
    assert await problems(prepared) == []
    assert await prepared.ready()


WRITTEN = """
select xmin::text, oid from pg_authid union all select xmin::text, oid from pg_database
union all select xmin::text, oid from pg_auth_members order by 1, 2
"""
"""Which transactions have written the roles, the databases and the memberships."""
EARLIER = """
create schema engine;
create type engine.mood as enum ('good');
create domain engine.positive as integer check (value > 0);
create type engine.pair as (one integer, two integer);
create table engine.events (position bigint generated always as identity primary key, mood engine.mood);
create table engine."Odd name" (at timestamptz) partition by range (at);
create table engine.old_day partition of engine."Odd name" for values from ('2020-01-01') to ('2020-01-02');
create sequence engine.alone;
create view engine.seen as select 1 as one;
create materialized view engine.stored as select 1 as one;
create function engine.horizon() returns integer language sql as 'select 1';
create function public.quote_ident(name) returns text language plpgsql as $$ begin raise 'sprung'; end $$;
"""
USED = """
insert into engine.events (mood) values ('good');
alter table engine."Odd name" add column more integer;
drop table engine.old_day;
alter sequence engine.alone restart;
drop view engine.seen;
drop materialized view engine.stored;
drop domain engine.positive;
drop type engine.pair;
create or replace function engine.horizon() returns integer language sql as 'select 2';
create schema another;
"""


async def test_a_database_that_the_superuser_made_is_handed_over(bare_server: EmbeddedPostgres) -> None:
    async with opened(await bare_server.ensure_database("adrelay_shop")) as superuser:
        await superuser.execute(EARLIER)
    try:
        await prepare_databases(bare_server.url("postgres"), roles(bare_server))
        async with opened(url_of(bare_server, SHOP)) as shop:
            await shop.execute(USED)
            await shop.execute("drop schema public cascade")
        await prepare_databases(bare_server.url("postgres"), roles(bare_server))
    finally:
        await clear(bare_server)


async def test_objects_of_others_are_found_and_handed_over(prepared: EmbeddedPostgres) -> None:
    async with opened(prepared.url("adrelay_shop")) as superuser:
        await superuser.execute(EARLIER)
    assert "12 objects in adrelay_shop do not belong to adrelay_shop" in await problems(prepared)
    await prepare_databases(prepared.url("postgres"), roles(prepared), objects_checked=True)
    assert any("do not belong" in problem for problem in await problems(prepared))
    await prepare_databases(prepared.url("postgres"), roles(prepared))
    assert await problems(prepared) == []


async def test_a_preparation_that_was_interrupted_is_finished(bare_server: EmbeddedPostgres) -> None:
    async with opened(await bare_server.ensure_database("adrelay_shop")) as superuser:
        await superuser.execute(EARLIER)
        preparing = asyncio.create_task(
            prepare_databases(bare_server.url("postgres"), roles(bare_server), objects_checked=True)
        )
        async with superuser.transaction():
            await superuser.execute("lock table engine.events")
            waits = "select exists (select from pg_locks where not granted)"
            await until(lambda: superuser.fetchval(waits))
            preparing.cancel()
            await asyncio.wait([preparing])
    try:
        await prepare_databases(bare_server.url("postgres"), roles(bare_server), objects_checked=True)
        assert await problems(bare_server) == []
    finally:
        await clear(bare_server)


async def test_another_preparation_is_not_waited_for_without_an_end(bare_server: EmbeddedPostgres) -> None:
    async with opened(bare_server.url("postgres")) as other:
        await other.execute("select pg_advisory_lock(hashtext('adrelay.databases'))")
        with pytest.raises(PreparationFailed, match=r"another preparation .* has not ended for 0\.01 s"):
            await prepare_databases(bare_server.url("postgres"), roles(bare_server), lock_seconds=0.01)


async def test_a_user_that_may_create_roles_and_databases_is_enough(bare_server: EmbeddedPostgres) -> None:
    async with opened(bare_server.url("postgres")) as superuser:
        await superuser.execute(
            "create role manager login createrole createdb password 'a-password-of-the-manager'; "
            "grant connect on database postgres to public; "
            "grant pg_read_all_stats to manager with admin option"
        )
    manager = url_with(bare_server.url("postgres"), "manager", "a-password-of-the-manager")
    try:
        for _ in range(2):
            await prepare_databases(manager, roles(bare_server))
        with pytest.raises(
            PreparationFailed, match="may connect to postgres, which only adrelay or a superuser"
        ):
            await prepare_databases(manager, roles(bare_server), whole_server=True)
        found = await problems(bare_server)
        assert {one for one in found if "postgres" not in one and "template1" not in one} == set()
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await asyncpg.connect(in_database(manager, "adrelay_shop"))
        creator = DatabaseCreator(lambda: in_database(manager, ""), url_of(bare_server, "tools"))
        further = in_database(url_of(bare_server, SHOP), "look_shop")
        assert await creator.create_missing(SHOP, further)
        async with (
            opened(further) as shop,
            opened(in_database(tools_url_of(bare_server, SHOP), "look_shop")) as tools,
        ):
            await shop.execute("create table made (a integer)")
            assert await tools.fetch("select * from made") == []
        await creator.drop(SHOP, further)
        with pytest.raises(asyncpg.InvalidCatalogNameError):
            await asyncpg.connect(further)
    finally:
        async with opened(bare_server.url("postgres")) as superuser:
            await superuser.execute("reassign owned by manager to adrelay; drop owned by manager cascade")
        await clear(bare_server)
        async with opened(bare_server.url("postgres")) as superuser:
            await superuser.execute("revoke connect on database postgres from public; drop role manager")
