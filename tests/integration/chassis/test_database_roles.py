"""What each role of PostgreSQL may do, tried on a server as `adrelay up` prepares it."""

import asyncio
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import asyncpg
import pytest
from nats.aio.client import Client

from adrelay.runtime.postgres import EmbeddedPostgres
from adrelay.runtime.postgres_urls import ROLES, SUPERUSER
from adrelay.servers.stores import connected
from adrelay.terminal.outcome import Unusable
from libs.chassis.command_client import CommandClient
from libs.chassis.database_roles import database_of, role_of, tools_role_of
from libs.chassis.database_urls import in_database, url_with
from libs.chassis.health_answers import SAME_SECONDS
from libs.chassis.service import Chassis
from libs.events.categories import SERVICES
from libs.eventsourcing import Causes
from libs.eventsourcing.errors import OperatorNeeded
from libs.eventsourcing.operations import oldest_transaction
from services.gateway.adapters import health as gateway_health
from services.gateway.adapters.health import ask_health
from tests.deadlines import DEADLINE_SECONDS
from tests.integration.chassis.conftest import OWNERS
from tests.integration.chassis.shop import Retire, handlers, retired_table, shop_settings
from tests.support.databases import opened
from tests.support.signing import SIGNER
from tests.support.waiting import until

if TYPE_CHECKING:
    Connection = asyncpg.Connection[asyncpg.Record]
else:
    Connection = asyncpg.Connection

FORBIDDEN = """
create database mine
create role mine
create tablespace mine location '/tmp'
create foreign data wrapper mine
create subscription mine connection 'host=127.0.0.1' publication mine
create event trigger mine on ddl_command_end execute function engine.ahead()
create function mine() returns integer language c as 'mine'
create table pg_catalog.mine (a integer)
alter role {own} superuser
alter role {own} createdb
alter role {own} createrole
alter role {own} bypassrls
alter role {own} replication
alter role {other} password 'stolen'
alter role {tools} password 'stolen'
alter role {superuser} password 'stolen'
alter role all set work_mem = '1GB'
alter system set work_mem = '1GB'
alter database {other} owner to {own}
alter database {other} set work_mem = '1GB'
grant connect on database {other} to {own}
grant connect on database postgres to {own}
grant {other} to {own}
grant {tools} to {own}
grant pg_read_all_data to {own}
grant pg_execute_server_program to {own}
set role {other}
set role {tools}
set role {superuser}
set session authorization {other}
set session authorization {superuser}
set session_replication_role = replica
drop database {other}
drop database postgres
drop role {other}
drop owned by {other}
reassign owned by {other} to {own}
copy (select 1) to program 'true'
copy (select 1) to '/tmp/mine'
copy engine.made from '/etc/passwd'
copy engine.made from program 'true'
checkpoint
select * from pg_authid
select * from pg_shadow
select * from pg_hba_file_rules
select pg_read_file('postgresql.conf')
select pg_read_binary_file('postgresql.conf')
select pg_ls_dir('.')
select pg_ls_logdir()
select pg_stat_file('.')
select lo_import('/etc/passwd')
select lo_export(1, '/tmp/mine')
select pg_reload_conf()
select pg_rotate_logfile()
select pg_switch_wal()
select pg_create_physical_replication_slot('mine')
select pg_terminate_backend({backend})
select pg_cancel_backend({backend})
""".strip().splitlines()
CLOSED = ("postgres", "template1")
TOOLS_WRITE = """
create table public.mine (a integer)
create temporary table mine (a integer)
create schema mine
insert into engine.made values ('mine', 'mine')
update engine.events set actor = 'mine'
delete from engine.events
truncate engine.events
drop table engine.events
alter table engine.events add column mine integer
do $$ begin lock table engine.events in share mode; end $$
select nextval('engine.events_position_seq')
create function engine.mine() returns integer language sql as 'select 1'
comment on table engine.events is 'mine'
alter database {own} set work_mem = '1GB'
set role {own}
copy engine.made from program 'true'
select pg_read_file('postgresql.conf')
select pg_terminate_backend({backend})
alter role {own} password 'stolen'
""".strip().splitlines()


async def not_refused(
    connection: Connection, statements: Sequence[str], service: str, backend: int
) -> list[str]:
    """Execute statements, and return those that are not refused for a lack of rights."""
    other = next(name for name in OWNERS if name != service)
    done: list[str] = []
    for statement in statements:
        named = {
            "own": role_of(service),
            "other": role_of(other),
            "tools": tools_role_of(service),
            "superuser": SUPERUSER,
        }
        try:
            await connection.execute(statement.format(**named, backend=backend))
        except asyncpg.InsufficientPrivilegeError:
            continue
        except asyncpg.PostgresError as error:
            done.append(f"{statement}: {error}")
        else:
            done.append(statement)
    return done


def others(service: str) -> Iterator[str]:
    """Yield the databases that a service has no business in."""
    yield from (database_of(name) for name in OWNERS if name != service)
    yield from CLOSED


@pytest.mark.parametrize("service", OWNERS)
async def test_a_service_connects_to_no_other_database(cluster: EmbeddedPostgres, service: str) -> None:
    own = cluster.url_of(service)
    for database in others(service):
        with pytest.raises(asyncpg.InsufficientPrivilegeError, match="permission denied for database"):
            await asyncpg.connect(own.replace(f"/{database_of(service)}?", f"/{database}?"))


@pytest.mark.parametrize("service", OWNERS)
async def test_a_service_gets_no_rights_beyond_its_database(cluster: EmbeddedPostgres, service: str) -> None:
    async with (
        opened(cluster.url("postgres")) as stranger,
        opened(cluster.url_of(service)) as connection,
    ):
        backend = await stranger.fetchval("select pg_backend_pid()")
        assert await not_refused(connection, FORBIDDEN, service, backend) == []
        with pytest.raises(asyncpg.ObjectInUseError):
            await connection.execute(f"drop database {database_of(service)}")
        assert await stranger.fetchval("select 1") == 1


@pytest.mark.parametrize("service", OWNERS)
async def test_a_service_does_not_see_what_others_execute(cluster: EmbeddedPostgres, service: str) -> None:
    other = next(name for name in OWNERS if name != service)
    async with (
        opened(cluster.url_of(other)) as stranger,
        opened(cluster.url_of(service)) as connection,
    ):
        await stranger.fetchval("select 'a secret of mine'")
        seen = await connection.fetch("select query from pg_stat_activity where usename <> current_user")
        assert seen
        assert {row["query"] for row in seen} <= {"<insufficient privilege>", ""}


@pytest.mark.parametrize("service", OWNERS)
async def test_the_tools_read_all_and_change_nothing(cluster: EmbeddedPostgres, service: str) -> None:
    url = cluster.tools_url_of(service)
    async with opened(cluster.url("postgres")) as stranger, opened(url) as connection:
        assert await connection.fetchval("select count(*) from engine.events") == 0
        backend = await stranger.fetchval("select pg_backend_pid()")
        assert await not_refused(connection, TOOLS_WRITE, service, backend) == []


async def test_what_a_service_sets_for_its_database_does_not_keep_the_server_from_starting(
    cluster: EmbeddedPostgres,
) -> None:
    database = database_of(OWNERS[0])
    async with opened(cluster.url_of(OWNERS[0])) as owner:
        await owner.execute(f"alter database {database} set local_preload_libraries = 'nothing'")
        await owner.execute(f"alter database {database} connection limit 0")
    try:
        await cluster.start()
        assert await cluster.ready()
    finally:
        async with opened(cluster.url("postgres")) as superuser:
            await superuser.execute(f"alter database {database} reset all")
            await superuser.execute(f"alter database {database} connection limit -1")


@pytest.mark.parametrize("service", OWNERS)
async def test_the_tools_role_for_a_service_reaches_nothing_else(
    cluster: EmbeddedPostgres, service: str
) -> None:
    url = cluster.tools_url_of(service)
    for database in others(service):
        with pytest.raises(asyncpg.InsufficientPrivilegeError, match="permission denied for database"):
            await asyncpg.connect(in_database(url, database))
    async with opened(url) as connection:
        for secret in ("pg_authid", "pg_shadow"):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await connection.fetch(f"table {secret}")


async def test_the_tools_read_what_a_service_creates_later(cluster: EmbeddedPostgres) -> None:
    async with (
        opened(cluster.url_of("shop")) as shop,
        opened(cluster.tools_url_of("shop")) as tools,
    ):
        await shop.execute("create schema later; create table later.made (a serial)")
        try:
            assert await tools.fetch("select a from later.made, later.made_a_seq") == []
        finally:
            await shop.execute("drop schema later cascade")


@pytest.mark.parametrize(
    "user", [*map(role_of, SERVICES), *map(tools_role_of, SERVICES), SUPERUSER, "nobody"]
)
async def test_nobody_comes_in_without_the_password(cluster: EmbeddedPostgres, user: str) -> None:
    with pytest.raises(asyncpg.InvalidPasswordError):
        await asyncpg.connect(url_with(cluster.url_of("billing"), user, "wrong"))


def test_the_passwords_are_in_files_of_the_owner_alone(cluster: EmbeddedPostgres) -> None:
    urls = [*map(cluster.url_of, OWNERS), cluster.tools_url(), cluster.url("")]
    assert len({url.split("@")[0] for url in urls}) == len(OWNERS) + 2
    files = [cluster.folder / "password", *(cluster.folder / ROLES).iterdir()]
    assert {path.stat().st_mode & 0o777 for path in files} == {0o600}
    assert len(files) == len(OWNERS) + 2


async def test_a_service_does_all_that_it_must_and_names_who_holds_relays_back(
    cluster: EmbeddedPostgres,
    client: Client,
    nats_url: str,
    stream_prefix: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(gateway_health, "HEALTH_ANSWER_SECONDS", DEADLINE_SECONDS)
    monkeypatch.setattr("libs.chassis.store_metrics.LOOK_SECONDS", 0.5)  # before the server ends it
    settings = shop_settings(cluster.url_of("shop"), nats_url, stream_prefix)
    async with Chassis(settings, state_tables=[retired_table()]) as chassis:
        chassis.serve(handlers())
        ran = asyncio.create_task(chassis.run())
        commands = CommandClient(client, SIGNER, prefix=stream_prefix, timeout_seconds=DEADLINE_SECONDS)
        assert (await commands.send(Retire(code="tea", times=40), Causes.first("test"))).written
        async with opened(cluster.url_of("billing")) as forgotten, forgotten.transaction():
            await forgotten.execute("set application_name = 'a forgotten shell'; select pg_current_xact_id()")

            async def named() -> bool:
                await commands.send(Retire(code="tea"), Causes.first("test"))
                [health] = await ask_health(client, SIGNER, stream_prefix, ["shop"])
                database = health.database
                return bool(
                    database is not None
                    and database.holder
                    and database.holder.startswith("a forgotten shell in adrelay_billing (pid ")
                    and (database.open_seconds or 0) > SAME_SECONDS
                )

            await until(named)
            async with opened(cluster.tools_url_of("shop")) as tools:
                assert ((await oldest_transaction("shop", tools)).open_seconds or 0) > 0
        chassis.stop()
        await ran


async def test_a_service_whose_role_may_not_create_its_database_says_what_does(
    cluster: EmbeddedPostgres, nats_url: str, stream_prefix: str
) -> None:
    for url in (
        cluster.url_of("shop").replace("/adrelay_shop?", "/adrelay_nothing?"),
        cluster.url_of("shop").replace("/adrelay_shop?", "/adrelay_billing?"),
        url_with(cluster.url_of("shop"), "adrelay_shop", "wrong"),
    ):
        with pytest.raises(OperatorNeeded, match="`adrelay databases prepare` sets it right") as raised:
            async with Chassis(shop_settings(url, nats_url, stream_prefix)):
                pass
        assert "wrong" not in str(raised.value)


async def test_a_password_of_the_wrong_role_is_no_answer_to_a_tool(cluster: EmbeddedPostgres) -> None:
    with pytest.raises(Unusable, match="it does not take this user and password"):
        async with connected("shop", url_with(cluster.tools_url_of("shop"), tools_role_of("shop"), "wrong")):
            pass
