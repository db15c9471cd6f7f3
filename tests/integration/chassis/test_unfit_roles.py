"""What is no role or database for a service is refused before anything is changed, without its password."""

import asyncio
import re

import pytest

from adrelay.runtime.postgres import EmbeddedPostgres
from libs.chassis import exit_codes
from libs.chassis.database_roles import SUPERUSER_URL, TOOLS_URL
from libs.chassis.database_urls import in_database, url_with
from libs.chassis.prepare_databases import VARIABLES, PreparationFailed, prepare_databases
from libs.chassis.roles_in_urls import InvalidRoles, roles_in
from tests.integration.chassis.two_roles import PASSWORDS, SHOP, clear, roles, url_of
from tests.support.databases import opened
from tests.support.forked import environment, module


async def test_a_superuser_is_no_role_for_a_service(bare_server: EmbeddedPostgres) -> None:
    urls = {SHOP: url_with(bare_server.url(""), "adrelay", PASSWORDS[SHOP])}
    before = bare_server.url("postgres")
    with pytest.raises(PreparationFailed, match="adrelay is a superuser: take another role"):
        await prepare_databases(before, roles_in(urls, url_of(bare_server, "tools")))
    async with opened(before):
        pass


async def test_the_user_that_prepares_is_no_role_for_a_service(bare_server: EmbeddedPostgres) -> None:
    async with opened(bare_server.url("postgres")) as superuser:
        await superuser.execute(f"create role manager login createrole createdb password '{PASSWORDS[SHOP]}'")
        await superuser.execute("grant connect on database postgres to manager")
        manager = url_with(bare_server.url(""), "manager", PASSWORDS[SHOP])
        try:
            with pytest.raises(PreparationFailed, match="manager prepares the server, and would lose its"):
                await prepare_databases(manager, roles_in({SHOP: manager}, url_of(bare_server, "tools")))
            assert await superuser.fetchval("select rolcreaterole from pg_roles where rolname = 'manager'")
        finally:
            await superuser.execute("drop owned by manager; drop role manager")


async def test_a_database_of_another_program_is_not_handed_over(bare_server: EmbeddedPostgres) -> None:
    books = await bare_server.ensure_database("books")
    shop = in_database(url_of(bare_server, SHOP), "books")
    try:
        async with opened(books) as superuser:
            await superuser.execute("create table book (title text)")
        with pytest.raises(PreparationFailed, match="the database books is used by another program"):
            await prepare_databases(
                bare_server.url(""), roles_in({SHOP: shop}, url_of(bare_server, "tools")), whole_server=True
            )
        async with opened(books) as superuser:
            assert not await superuser.fetchval("select true from pg_roles where rolname = 'adrelay_shop'")
            await superuser.execute("drop table book")
        await prepare_databases(bare_server.url(""), roles_in({SHOP: shop}, url_of(bare_server, "tools")))
        async with opened(shop) as owner:
            await owner.execute("create table mine (a integer)")
    finally:
        await bare_server.drop_database("books")
        await clear(bare_server)


async def test_a_server_that_stops_answering_is_given_up(
    bare_server: EmbeddedPostgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("libs.chassis.database.STATEMENT_SECONDS", 0.2)
    async with opened(await bare_server.ensure_database("adrelay_shop")) as superuser:
        await superuser.execute("create schema engine; create table engine.events (a integer)")
        async with superuser.transaction():
            await superuser.execute("lock table engine.events")
            with pytest.raises(PreparationFailed, match="the databases were not prepared: TimeoutError"):
                await prepare_databases(bare_server.url(""), roles(bare_server))
    await clear(bare_server)


async def test_a_server_that_refuses_is_one_line(bare_server: EmbeddedPostgres) -> None:
    wrong = url_with(bare_server.url("postgres"), "adrelay", "a-wrong-password")
    with pytest.raises(PreparationFailed, match="the databases were not prepared: password") as raised:
        await prepare_databases(wrong, roles(bare_server))
    assert "a-wrong-password" not in str(raised.value)


@pytest.mark.parametrize(
    ("shop", "tools", "problem"),
    [
        ("postgresql://h", "postgresql://t:long-enough-for-this@h", "ADRELAY_SHOP_POSTGRES_URL has no user"),
        (
            "postgresql://s:short@h",
            "postgresql://t:long-enough-for-this@h",
            "the password in ADRELAY_SHOP_POST",
        ),
        (
            "postgresql://s:%C3%A4%C3%B6%C3%BC-long-enough-for-this@h",
            "postgresql://t:long-enough-for-this@h",
            "is not of ASCII characters only",
        ),
        (
            "postgresql://s:long-enough-for-this@h",
            "postgresql://s:long-enough-for-this@h",
            "need a user of their own: several have s",
        ),
    ],
)
def test_urls_that_name_no_role_each_are_refused(shop: str, tools: str, problem: str) -> None:
    with pytest.raises(InvalidRoles, match=re.escape(problem)):
        roles_in({SHOP: shop}, tools)


@pytest.mark.parametrize(
    "password", ["hunter2/more", "hunter2#more", "123#hunter2", "hunter2?more", "[hunter2"]
)
@pytest.mark.parametrize("variable", [SUPERUSER_URL, TOOLS_URL])
async def test_no_part_of_a_password_that_is_not_escaped_is_shown(variable: str, password: str) -> None:
    settings = dict.fromkeys(VARIABLES, "postgresql://user:long-enough-for-this@127.0.0.1:1")
    process = await asyncio.create_subprocess_exec(
        *await module("libs.chassis.prepare_databases"),
        env=environment(settings | {variable: f"postgresql://user:{password}@127.0.0.1:1"}),
        cwd="/",
        stderr=asyncio.subprocess.PIPE,
    )
    _, err = await process.communicate()
    assert process.returncode == exit_codes.SETTINGS
    assert err.decode().startswith(f"prepare_databases: {variable} ")
    assert not any(part in err.decode() for part in ("hunter2", "123", "more", "Traceback"))
