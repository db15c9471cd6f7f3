"""Fixtures for the chassis: an engine, a connection to NATS, and servers of PostgreSQL to prepare."""
# nats-py leaves parts of its interface untyped
# pyright: reportUnknownMemberType=false

from collections.abc import AsyncIterator
from contextlib import suppress

import nats
import pytest
import pytest_asyncio
from nats.aio.client import Client
from nats.js.errors import NotFoundError

from adrelay.runtime.postgres import EmbeddedPostgres
from libs.chassis.prepare_databases import prepare_databases
from libs.events.catalogue import published
from libs.events.categories import SERVICES
from libs.eventsourcing import Engine
from tests.integration.chassis import two_roles
from tests.integration.chassis.shop import retired_table
from tests.support.engines import database_of, started

OWNERS = (*SERVICES, "shop")
"""The services, and the one that these tests run: each has a role on `cluster`."""


def made(url: str) -> Engine:
    return Engine("shop", url, published(), state_tables=[retired_table()])


@pytest_asyncio.fixture(loop_scope="session")
async def database(request: pytest.FixtureRequest, postgres_server: EmbeddedPostgres) -> AsyncIterator[str]:
    """Yield the URL of a fresh database, with the tables of `engine` if the test uses it."""
    async with database_of(request, postgres_server, "shop", made) as url:
        yield url


@pytest_asyncio.fixture(loop_scope="session")
async def engine(database: str) -> AsyncIterator[Engine]:
    """Yield the shop's engine, on a fresh database."""
    async with started(made(database)) as engine:
        yield engine


@pytest_asyncio.fixture(loop_scope="session")
async def client(nats_url: str, stream_prefix: str) -> AsyncIterator[Client]:
    """Yield a connection to the run's NATS server; the test's stream is deleted afterwards."""
    client = await nats.connect(nats_url)
    yield client
    with suppress(NotFoundError):
        await client.jetstream().delete_stream(f"{stream_prefix}EVENTS")
    await client.close()


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def bare_server(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[EmbeddedPostgres]:
    """Yield a PostgreSQL server of the test's module, without roles."""
    server = EmbeddedPostgres(tmp_path_factory.mktemp("bare") / "postgres", durable=False)
    await server.start()
    yield server
    await server.stop()


@pytest_asyncio.fixture(loop_scope="session")
async def prepared(bare_server: EmbeddedPostgres) -> AsyncIterator[EmbeddedPostgres]:
    """Yield the server with the roles of two services; they are gone afterwards, with their databases."""
    roles = two_roles.roles(bare_server)
    await prepare_databases(bare_server.url("postgres"), roles, whole_server=True)
    yield bare_server
    await two_roles.clear(bare_server)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def cluster(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[EmbeddedPostgres]:
    """Yield a PostgreSQL server as `adrelay up` prepares it, with the tables of each service's engine."""
    folder = tmp_path_factory.mktemp("up") / "postgres"
    server = EmbeddedPostgres(folder, durable=False, services=OWNERS)
    await server.start()
    for service in OWNERS:
        engine = Engine(service, server.url_of(service), published())
        await engine.start(pool_size=1)
        await engine.stop()
    yield server
    await server.stop()
