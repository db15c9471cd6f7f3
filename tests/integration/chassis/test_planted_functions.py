"""What a service plants in its database gets no rights of the tools that read it."""

import asyncio
from collections.abc import AsyncIterator

import asyncpg
import pytest
import pytest_asyncio

from adrelay.runtime.postgres import EmbeddedPostgres
from adrelay.servers.stores import connected
from libs.chassis.database_roles import role_of, tools_role_of
from tests.support.databases import opened


@pytest_asyncio.fixture(loop_scope="session", name="trap")
async def _trap(cluster: EmbeddedPostgres) -> AsyncIterator[str]:
    """Plant a function in the shop's database, which would use the rights of whoever calls it."""
    async with opened(cluster.url_of("shop")) as shop:
        await shop.execute(
            "create function public.sprung() returns boolean language plpgsql as "
            "$$ begin raise exception 'the trap was sprung by %', current_user; end $$"
        )
        yield f"the trap was sprung by {tools_role_of('shop')}"
        await shop.execute("drop function public.sprung() cascade")


PLANTED = {
    "a policy": (
        "create policy trap on engine.made using (public.sprung())",
        "select * from engine.made",
        "drop policy trap on engine.made",
    ),
    "a view": (
        "create view engine.trap as select public.sprung()",
        "select * from engine.trap",
        "drop view engine.trap",
    ),
    "a function with the name of PostgreSQL's": (
        "create function public.quote_ident(name) returns boolean language sql as 'select public.sprung()'",
        "select quote_ident('a'::name)",
        "drop function public.quote_ident(name)",
    ),
}
"""Statements that plant something, that would run it, and that remove it."""


@pytest.mark.parametrize("trick", PLANTED)
async def test_reading_tools_run_nothing_that_a_service_has_put_into_its_database(
    cluster: EmbeddedPostgres, trap: str, trick: str
) -> None:
    plant, read, remove = PLANTED[trick]
    async with opened(cluster.url_of("shop")) as shop:
        await shop.execute("alter table engine.made enable row level security")
        await shop.execute(plant)
        try:
            async with opened(cluster.tools_url_of("shop")) as naive:
                with pytest.raises(asyncpg.RaiseError, match=trap):
                    await naive.fetch(read)
            async with connected("shop", cluster.tools_url_of("shop")) as tool:
                with_care = await asyncio.gather(tool.fetch(read), return_exceptions=True)
            assert trap not in str(with_care)
        finally:
            await shop.execute(remove)
            await shop.execute("alter table engine.made disable row level security")


@pytest_asyncio.fixture(loop_scope="session", name="hijack")
async def _hijack(cluster: EmbeddedPostgres) -> AsyncIterator[None]:
    """Plant functions in the shop's database that let whoever runs them change their role's password."""
    async with opened(cluster.url_of("shop")) as shop:
        await shop.execute(
            f"""
            create function public.change_password() returns void language plpgsql as $$ begin
                begin
                    perform set_config('transaction_read_only', 'off', true);
                exception when others then null;
                end;
                if current_user <> '{role_of("shop")}' then
                    alter role current_user password 'stolen';
                end if;
            exception when read_only_sql_transaction then null;
            end $$;
            create function public.hijacked() returns boolean immutable language plpgsql as $$ begin
                perform set_config('default_transaction_read_only', 'off', false);
                perform public.change_password();
                return true;
            end $$
            """
        )
        yield
        await shop.execute("drop function public.change_password, public.hijacked() cascade")


RUN_ANYWAY = {
    "the predicate of an index": (
        "create index hijacking on engine.checkpoints (position) where public.hijacked()",
        "select * from engine.checkpoints",
        "drop index engine.hijacking",
    ),
    "a cast": (
        """
        create type public.disguised as (a integer);
        create function public.undisguised(public.disguised) returns text language sql
            as 'select public.hijacked()::text';
        create cast (public.disguised as text) with function public.undisguised(public.disguised);
        alter table engine.made add column hijacking public.disguised;
        insert into engine.made (name, digest, hijacking) values ('hijacking', '', row(1))
        """,
        "select hijacking::text from engine.made",
        """
        delete from engine.made where name = 'hijacking';
        alter table engine.made drop column hijacking;
        drop type public.disguised cascade
        """,
    ),
    "a function of the engine": (
        """
        alter function engine.horizon() rename to kept_horizon;
        create function engine.horizon() returns xid8 language sql
            as 'select public.hijacked(); select engine.kept_horizon()'
        """,
        "select engine.horizon()",
        "drop function engine.horizon(); alter function engine.kept_horizon() rename to horizon",
    ),
}
"""Statements that plant something that reading must run, that run it, and that remove it."""
_PASSWORD = "select rolpassword from pg_authid where rolname = $1"


@pytest.mark.parametrize("trick", RUN_ANYWAY)
@pytest.mark.usefixtures("hijack")
async def test_what_a_service_lets_reading_tools_run_does_not_change_their_password(
    cluster: EmbeddedPostgres, trick: str
) -> None:
    plant, read, remove = RUN_ANYWAY[trick]
    url, tools = cluster.tools_url_of("shop"), tools_role_of("shop")
    async with opened(cluster.url("postgres")) as superuser, opened(cluster.url_of("shop")) as shop:
        password = await superuser.fetchval(_PASSWORD, tools)
        await shop.execute(plant)
        try:
            async with connected("shop", url) as tool:
                for number in range(2):  # the first could change the session for the second
                    await tool.fetch(f"{read} -- planned anew: {number}")
            assert await superuser.fetchval(_PASSWORD, tools) == password
            async with opened(url) as naive:
                await naive.fetch(read)
            assert await superuser.fetchval(_PASSWORD, tools) != password
        finally:
            await superuser.execute(f"alter role {tools} password '{password}'")
            await shop.execute(remove)
