"""`adrelay databases` on a server of one's own."""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from pathlib import Path

import asyncpg
import pytest
import pytest_asyncio

from adrelay.env_file import values_in
from adrelay.runtime.postgres import EmbeddedPostgres
from libs.chassis.database_roles import SUPERUSER_URL, TOOLS_URL, tools_role_of, url_variable
from libs.chassis.database_urls import url_with
from libs.events.categories import SERVICES
from tests.integration.events_cli.program import CommandResult
from tests.support.databases import opened
from tests.support.forked import command, environment
from tests.support.waiting import until

ONLY_READ = "read one service's each, change nothing there, and reach no other database on its server"
TOOLS_ROLES = ", ".join(map(tools_role_of, SERVICES))
VARIABLES = {TOOLS_URL, *map(url_variable, SERVICES)}


@pytest_asyncio.fixture(scope="module", loop_scope="session", name="server")
async def _server(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[EmbeddedPostgres]:
    server = EmbeddedPostgres(tmp_path_factory.mktemp("own") / "postgres", durable=False)
    await server.start()
    yield server
    await server.stop()


async def ran(settings: Mapping[str, str], *arguments: str) -> CommandResult:
    """Run `adrelay databases`; return its output and exit code."""
    process = await asyncio.create_subprocess_exec(
        *await command("databases", *arguments),
        env=environment(settings),
        cwd="/",
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, err = await process.communicate()
    return CommandResult(process.returncode or 0, out.decode(), err.decode())


@pytest_asyncio.fixture(scope="module", loop_scope="session", name="prepared")
async def _prepared(server: EmbeddedPostgres, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Prepare the server; return the settings that were printed."""
    result = await ran({SUPERUSER_URL: server.url("")}, "prepare", "--whole-server")
    assert result.code == 0, result.err
    return printed(result.out, tmp_path_factory.mktemp("printed") / ".env")


def printed(settings: str, env_file: Path) -> dict[str, str]:
    """Return settings as they are read from a file."""
    env_file.write_text(settings)
    return values_in(env_file)


async def test_the_printed_settings_are_those_of_roles_that_reach_nothing_else(
    prepared: dict[str, str],
) -> None:
    assert prepared.keys() == VARIABLES
    assert len({url.split("@")[0] for url in prepared.values()}) == len(VARIABLES)
    result = await ran(prepared, "check", "--whole-server")
    assert result.code == 0, result.out
    assert result.out.splitlines() == [
        *(
            f"✓ {name}: adrelay_{name} owns adrelay_{name}, and reaches no other database on its server"
            for name in SERVICES
        ),
        f"✓ tools: {TOOLS_ROLES} {ONLY_READ}",
    ]
    assert result.err == ""


async def test_prepared_again_with_these_settings_nothing_is_printed_or_changed(
    server: EmbeddedPostgres, prepared: dict[str, str]
) -> None:
    result = await ran({**prepared, SUPERUSER_URL: server.url("")}, "prepare")
    assert (result.code, result.out) == (0, "")
    assert (await ran(prepared, "check")).code == 0


async def test_the_superusers_url_is_read_where_it_is_needed_alone(prepared: dict[str, str]) -> None:
    result = await ran({**prepared, f"{SUPERUSER_URL}_FILE": "/no/such/file"}, "check")
    assert (result.code, result.err) == (0, "")
    result = await ran({**prepared, f"{SUPERUSER_URL}_FILE": "/no/such/file"}, "prepare")
    assert (result.code, result.out) == (2, "")
    assert result.err == f"✗ {SUPERUSER_URL}_FILE names /no/such/file: No such file or directory\n"


async def test_of_a_server_that_does_not_answer_nothing_is_claimed(prepared: dict[str, str]) -> None:
    away = url_with("postgresql://127.0.0.1:1", "adrelay_gateway", "long-enough-for-this")
    settings = {**prepared, url_variable("gateway"): away}
    result = await ran(settings, "check")
    assert result.code == 2
    lines = result.out.splitlines()
    refused = "the server at 127.0.0.1:1/adrelay_gateway can't be used: nothing listens there"
    assert f"✗ gateway: {refused}" in lines
    assert "✗ gateway: adrelay_gateway not checked" in lines
    assert f"✗ tools: {refused}" in lines
    assert "✗ tools: adrelay_tools_gateway not checked" in lines
    checked = [line for line in lines if line.startswith("✓")]
    assert [line.split(":")[0] for line in checked] == [
        *(f"✓ {name}" for name in SERVICES if name != "gateway"),
        "✓ tools",
    ]
    assert "gateway" not in checked[-1]
    assert "prepare" not in result.err, "it would set nothing right"
    found = await ran(settings, "check", "--json")
    gateway = next(one for one in found.document if one["role_of"] == "gateway")
    assert (found.code, gateway["checked"], gateway["not_checked"], gateway["problems"]) == (
        2,
        [],
        ["adrelay_gateway"],
        [refused],
    )


async def test_a_database_of_a_service_that_was_not_looked_at_is_none_to_reach(
    server: EmbeddedPostgres, prepared: dict[str, str]
) -> None:
    async with opened(server.url("postgres")) as superuser:
        await superuser.execute("grant connect on database adrelay_gateway to adrelay_billing")
    try:
        result = await ran(prepared, "check", "--service", "billing")
        assert result.code == 1
        assert "✗ billing: adrelay_billing may connect to adrelay_gateway" in result.out
    finally:
        assert (await ran({**prepared, SUPERUSER_URL: server.url("")}, "prepare")).code == 0
    assert (await ran(prepared, "check")).code == 0


async def test_what_others_have_open_is_named_and_closed_only_if_that_is_wanted(
    server: EmbeddedPostgres, prepared: dict[str, str]
) -> None:
    settings = {**prepared, SUPERUSER_URL: server.url("")}
    async with opened(server.url("postgres")) as superuser:
        await superuser.execute("grant connect on database postgres to public")
    result = await ran(settings, "prepare")
    assert result.code == 0
    assert "left as they are: postgres, to which every role may connect" in result.err
    result = await ran(prepared, "check")
    assert result.code == 0
    assert "✓ billing: adrelay_billing owns adrelay_billing, and reaches no other service's on" in result.out
    assert "these roles may also connect to postgres" in result.err
    result = await ran(prepared, "check", "--whole-server")
    assert result.code == 1
    assert "✗ billing: adrelay_billing may connect to postgres" in result.out
    assert "✗ tools: adrelay_tools_billing may connect to postgres" in result.out
    result = await ran(settings, "prepare", "--whole-server")
    assert result.code == 0
    assert "left as they are" not in result.err
    result = await ran(prepared, "check", "--whole-server")
    assert (result.code, result.err) == (0, "")


async def test_of_two_preparations_at_once_one_is_refused_and_the_others_settings_work(
    tmp_path: Path,
) -> None:
    server = EmbeddedPostgres(tmp_path / "postgres", durable=False)
    await server.start()
    try:
        settings = {SUPERUSER_URL: server.url("")}
        async with opened(server.url("postgres")) as other:
            await other.execute("select pg_advisory_lock(hashtext('adrelay.databases'))")
            both = [asyncio.create_task(ran(settings, "prepare", "--service", "billing")) for _ in range(2)]
            waiting = "select count(*) = 2 from pg_locks where locktype = 'advisory' and not granted"
            await until(lambda: other.fetchval(waiting))
        done, refused = sorted(await asyncio.gather(*both), key=lambda result: result.code)
        assert (done.code, refused.code, refused.out) == (0, 2, "")
        assert "there is a role adrelay_billing: set the URL" in refused.err
        assert (await ran(printed(done.out, tmp_path / ".env"), "check", "--service", "billing")).code == 0
    finally:
        await server.stop()


async def test_a_service_on_another_server_than_the_prepared_one_is_named(
    server: EmbeddedPostgres, prepared: dict[str, str]
) -> None:
    own = prepared[url_variable("billing")].replace("@127.0.0.1:", "@localhost:")
    settings = {**prepared, url_variable("billing"): own, SUPERUSER_URL: server.url("")}
    result = await ran(settings, "prepare")
    assert result.code == 0
    assert f"{url_variable('billing')} names localhost:{server.port}: that must be the server" in result.err


async def test_a_new_password_in_a_url_is_set(server: EmbeddedPostgres, prepared: dict[str, str]) -> None:
    variable = url_variable("billing")
    login, _, rest = prepared[variable].partition("@")
    fresh = f"{login}x@{rest}"
    result = await ran({**prepared, SUPERUSER_URL: server.url(""), variable: fresh}, "prepare")
    assert result.code == 0, result.err
    found = await ran(prepared, "check", "--json")
    assert found.code == 1
    problems = {one["role_of"]: one["problems"] for one in found.document}
    assert problems["billing"] == [
        "nothing can be asked as adrelay_billing: it does not take this user and password"
    ]
    assert not any(problems[name] for name in problems if name != "billing")
    await ran({**prepared, SUPERUSER_URL: server.url("")}, "prepare")
    assert (await ran(prepared, "check")).code == 0


async def test_the_password_of_a_role_that_exists_is_not_changed_unasked(
    server: EmbeddedPostgres, prepared: dict[str, str]
) -> None:
    lost = {name: url for name, url in prepared.items() if name != url_variable("billing")}
    result = await ran({**lost, SUPERUSER_URL: server.url("")}, "prepare")
    assert (result.code, result.out) == (2, "")
    assert result.err == (
        "✗ ADRELAY_BILLING_POSTGRES_URL is missing, and there is a role adrelay_billing: "
        "set the URL, with its password or a new one\n"
    )
    assert (await ran(prepared, "check")).code == 0


async def test_settings_are_printed_only_for_roles_that_can_be_prepared(tmp_path: Path) -> None:
    server = EmbeddedPostgres(tmp_path / "postgres", durable=False)
    await server.start()
    try:
        superuser = url_with(server.url(""), "adrelay", "a-password-of-the-superuser")
        settings = {SUPERUSER_URL: server.url(""), url_variable("billing"): superuser}
        result = await ran(settings, "prepare")
        assert (result.code, result.out) == (2, "")
        assert result.err == "✗ adrelay is a superuser: take another role for a service or tools\n"
        assert (await ran({SUPERUSER_URL: server.url("")}, "prepare")).code == 0, "nothing was changed"
    finally:
        await server.stop()


async def test_the_tools_password_is_not_changed_for_a_part_of_the_services(
    server: EmbeddedPostgres, prepared: dict[str, str]
) -> None:
    lost = {name: url for name, url in prepared.items() if name != TOOLS_URL}
    result = await ran({**lost, SUPERUSER_URL: server.url("")}, "prepare", "--service", "billing")
    assert (result.code, result.out) == (2, "")
    assert f"{TOOLS_URL} is missing, and there is a role adrelay_tools_gateway" in result.err


async def test_one_user_for_all_services_is_found(server: EmbeddedPostgres, prepared: dict[str, str]) -> None:
    del prepared
    result = await ran({"ADRELAY_POSTGRES_URL": server.url("")}, "check", "--json", "--service", "billing")
    assert result.code == 1
    billing, tools = (one["problems"] for one in json.loads(result.out))
    assert "adrelay has the attribute superuser" in billing
    assert "adrelay_billing belongs to adrelay_billing instead of adrelay" in billing
    assert tools == ["ADRELAY_EVENTS_POSTGRES_URL is not set, so that tools that only read may write too"]


@pytest.mark.parametrize(
    ("settings", "problem"),
    [
        ({}, "✗ ADRELAY_SUPERUSER_POSTGRES_URL is missing: the server's URL"),
        (
            {SUPERUSER_URL: "postgresql://someone:hushhush@127.0.0.1:1"},
            "✗ the server at 127.0.0.1:1 can't be used: nothing listens there",
        ),
        ({SUPERUSER_URL: "someone:hushhush"}, "✗ ADRELAY_SUPERUSER_POSTGRES_URL is no URL"),
        (
            {SUPERUSER_URL: "postgresql://someone:123#hushhush@127.0.0.1:1"},
            "✗ ADRELAY_SUPERUSER_POSTGRES_URL has no user (in a password # is %23, ? is %3F)",
        ),
    ],
)
async def test_a_server_that_can_not_be_used_is_one_line(settings: dict[str, str], problem: str) -> None:
    result = await ran(settings, "prepare")
    assert (result.code, result.out) == (2, "")
    assert result.err.startswith(problem)
    assert "hushhush" not in result.err


async def test_two_services_can_not_have_one_user(server: EmbeddedPostgres, prepared: dict[str, str]) -> None:
    settings = {**prepared, url_variable("billing"): prepared[url_variable("gateway")]}
    result = await ran({**settings, SUPERUSER_URL: server.url("")}, "prepare")
    assert result.code == 2
    assert "each service and the tools need a user of their own: several have adrelay_gateway" in result.err
    connection = await asyncpg.connect(f"{prepared[url_variable('billing')]}adrelay_billing")
    await connection.close()
