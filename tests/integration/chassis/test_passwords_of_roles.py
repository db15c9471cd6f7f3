"""The passwords of roles are in no statement, and can be changed while a service runs."""

import asyncio
import re
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import asyncpg
import pytest
from nats.aio.client import Client

from adrelay.runtime.postgres import EmbeddedPostgres
from libs.chassis.command_client import CommandClient, CommandFailed
from libs.chassis.database_roles import role_of
from libs.chassis.database_urls import url_with
from libs.chassis.prepare_databases import prepare_databases
from libs.chassis.roles_in_urls import roles_in
from libs.chassis.service import Chassis
from libs.eventsourcing import Causes
from tests.deadlines import DEADLINE_SECONDS
from tests.integration.chassis.shop import Retire, handlers, retired_table, shop_settings
from tests.integration.chassis.two_roles import BAKERY, PASSWORDS, SHOP, clear, roles, url_of
from tests.support.databases import opened
from tests.support.signing import SIGNER
from tests.support.waiting import until

LAST = "the last statement of the test"


async def test_no_password_is_in_statements_or_in_the_servers_log(bare_server: EmbeddedPostgres) -> None:
    async with opened(bare_server.url("postgres")) as superuser:
        await superuser.execute("alter system set log_statement = 'all'")
        await superuser.fetchval("select pg_reload_conf()")
        try:
            await until(lambda: superuser.fetchval("show log_statement"), lambda level: level == "all")
            await prepare_databases(bare_server.url("postgres"), roles(bare_server))
            await superuser.execute(f"select '{LAST}'")
        finally:
            await superuser.execute("alter system reset log_statement")
            await superuser.fetchval("select pg_reload_conf()")
            await clear(bare_server)

    async def logged() -> str:
        return "".join(path.read_text() for path in bare_server.logs)

    logs = await until(logged, lambda text: LAST in text)  # a process of its own writes it
    assert re.search(r"alter role \"adrelay_shop\" with login .*SCRAM-SHA-256", logs)
    assert not any(password in logs for password in PASSWORDS.values())


async def test_a_password_is_changed_while_the_service_runs(
    prepared: EmbeddedPostgres, client: Client, nats_url: str, stream_prefix: str
) -> None:
    commands = CommandClient(client, SIGNER, prefix=stream_prefix, timeout_seconds=DEADLINE_SECONDS)
    old = url_of(prepared, SHOP)
    fresh = url_with(old, role_of(SHOP), "another-password-of-the-shop")
    async with serving(old, nats_url, stream_prefix):
        await commands.send(Retire(code="tea"), Causes.first("test"))
        services = {SHOP: fresh, BAKERY: url_of(prepared, BAKERY)}
        await prepare_databases(prepared.url("postgres"), roles_in(services, url_of(prepared, "tools")))
        await commands.send(Retire(code="tea"), Causes.first("test"))
        with pytest.raises(asyncpg.InvalidPasswordError):
            await asyncpg.connect(old)
        async with opened(prepared.url("postgres")) as superuser:  # as the pool does with unused connections
            await superuser.execute(
                "select pg_terminate_backend(pid) from pg_stat_activity where usename = $1", role_of(SHOP)
            )
        impatient = CommandClient(client, SIGNER, prefix=stream_prefix, timeout_seconds=1)
        with pytest.raises(CommandFailed):
            await impatient.send(Retire(code="tea"), Causes.first("test"))
    async with serving(fresh, nats_url, stream_prefix):
        await commands.send(Retire(code="tea"), Causes.first("test"))
    async with opened(fresh) as shop:
        assert await shop.fetchval("select count(*) from engine.events") == 3


@asynccontextmanager
async def serving(url: str, nats_url: str, prefix: str) -> AsyncGenerator[None]:
    """Run the shop with this URL of its database."""
    settings = shop_settings(url, nats_url, prefix)
    async with Chassis(settings, state_tables=[retired_table()]) as chassis:
        chassis.serve(handlers())
        ran = asyncio.create_task(chassis.run())
        yield
        chassis.stop()
        await ran
