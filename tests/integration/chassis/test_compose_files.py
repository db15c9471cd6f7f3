"""The files of `docker compose`: users and roles work; a container is given its own settings alone."""

import os
import re
import sys
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
import yaml  # type: ignore[import-untyped]  # it has no types

from adrelay.configuration import ALL, fresh_passwords, password_variable
from adrelay.runtime.nats import nats_binary
from adrelay.runtime.ports import free_port
from adrelay.runtime.postgres import EmbeddedPostgres
from adrelay.runtime.service import Service
from libs.chassis.broker import NotPermitted, connect_nats, event_stream
from libs.chassis.broker_permissions import OPERATOR
from libs.chassis.check_databases import role_facts, service_problems
from libs.chassis.create_stream import create_stream
from libs.chassis.database_roles import database_of, tools_role_of, url_variable
from libs.chassis.database_urls import in_database
from libs.chassis.settings import names_of
from libs.events.categories import SERVICES

ROOT = Path(__file__).parents[3]
PASSWORDS = fresh_passwords() | {password_variable("billing"): "7e3"}
"""One looks like a number, which NATS would read as such without quotes."""
OWNERS = {**{name: name for name in SERVICES}, "worker": "forwarder"}
SETTINGS = {settings.service: settings for settings in ALL}


def services_in(path: str) -> dict[str, Any]:
    return dict(yaml.safe_load((ROOT / path).read_text())["services"])


def environment_of(container: str) -> dict[str, str]:
    """Return the environment of a container, its values as `docker compose` gives them."""
    found: Mapping[str, str] = services_in("docker-compose.yml")[container]["environment"]
    return {
        name: re.sub(r"\$\{(\w+)[^}]*\}", lambda one: PASSWORDS.get(one[1], ""), value)
        for name, value in found.items()
    }


@pytest_asyncio.fixture(scope="module", loop_scope="session", name="port")
async def _port(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[int]:
    """Yield the port of a server with the files of `docker compose`."""
    folder, port = tmp_path_factory.mktemp("compose"), free_port()
    text = (ROOT / "deploy" / "nats.conf").read_text()
    file = folder / "nats.conf"
    file.write_text(text.replace("store_dir: /data", f"store_dir: '{folder}'"))
    command = [str(nats_binary()), "-c", str(file), "-a", "127.0.0.1", "-p", str(port)]
    command += ["-m", str(free_port())]
    server = Service("nats", command, env=environment_of("nats"), log=folder / "log")
    await server.start()
    await create_stream(f"nats://{OPERATOR}:{PASSWORDS['NATS_PASSWORD']}@127.0.0.1:{port}")
    yield port
    await server.stop(5.0)


@pytest.mark.parametrize("container", OWNERS)
async def test_a_container_has_the_user_of_its_service(port: int, container: str) -> None:
    owner = OWNERS[container]
    url = environment_of(container)[f"ADRELAY_{owner.upper()}_NATS_URL"]
    client = await connect_nats(url.replace("@nats:4222", f"@127.0.0.1:{port}"), owner)
    await event_stream(client).ensure()
    assert await event_stream(client).acquire_token(owner) > 0
    with pytest.raises(NotPermitted):
        await client.request("$JS.API.STREAM.PURGE.EVENTS", b"", timeout=5)
    await client.close()


@pytest.mark.parametrize("container", OWNERS)
def test_a_container_is_given_the_settings_of_its_service_alone(container: str) -> None:
    owner = OWNERS[container]
    made = services_in("docker-compose.yml")[container]
    assert made["extends"] == {"file": "deploy/settings.yml", "service": owner}
    assert "env_file" not in made
    given = {*environment_of(container), *services_in("deploy/settings.yml")[owner]["environment"]}
    assert given <= names_of(SETTINGS[owner])
    assert ("ADRELAY_GATEWAY_COMMAND_KEY" in given) == (owner == "gateway")


@pytest.mark.parametrize(
    ("variable", "holders"),
    [
        ("NATS_PASSWORD", {"nats", "stream"}),
        ("POSTGRES_PASSWORD", {"postgres", "databases"}),
        ("POSTGRES_TOOLS_PASSWORD", {"databases"}),
        ("POSTGRES_BILLING_PASSWORD", {"databases", "billing"}),
        ("POSTGRES_FORWARDER_PASSWORD", {"databases", "forwarder", "worker"}),
    ],
)
def test_a_password_is_given_to_those_who_need_it(variable: str, holders: set[str]) -> None:
    found = {
        name
        for name, one in services_in("docker-compose.yml").items()
        if f"${{{variable}" in str(one.get("environment"))
    }
    assert found == holders


async def test_a_container_finds_its_database_with_a_role_of_its_own(tmp_path: Path) -> None:
    server = EmbeddedPostgres(tmp_path / "postgres", durable=False)
    await server.start()

    def local(url: str) -> str:
        """Return a URL of the containers as one of this server, whose superuser has another name."""
        here = url.replace("@postgres:5432", f"@127.0.0.1:{server.port}")
        return server.url("postgres") if "://postgres:" in url else here

    try:
        made = services_in("docker-compose.yml")["databases"]
        preparing = Service(
            "databases",
            [sys.executable, *made["command"][1:]],
            env={"PATH": os.defpath}
            | {name: local(url) for name, url in environment_of("databases").items()},
            log=tmp_path / "log",
        )
        for _ in range(2):
            await preparing.start()
            assert await preparing.wait() == 0, (tmp_path / "log").read_text()
        assert (tmp_path / "log").read_text() == ""
        urls = {name: local(environment_of(name)[url_variable(name)]) for name in SERVICES}
        urls = {name: in_database(url, database_of(name)) for name, url in urls.items()}
        known = {name: await role_facts(url) for name, url in urls.items()}
        for name in SERVICES:
            assert service_problems(name, known, tools_role_of(name), whole_server=True) == []
    finally:
        await server.stop()
