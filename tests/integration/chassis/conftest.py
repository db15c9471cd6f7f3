"""Fixtures for the chassis: an engine, and a connection to NATS."""
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
from libs.events.catalogue import published
from libs.eventsourcing import Engine
from tests.integration.chassis.shop import retired_table
from tests.support.engines import database_of, started


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
