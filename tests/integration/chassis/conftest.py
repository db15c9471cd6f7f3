"""Fixtures for the chassis: an engine, and a connection to NATS."""
# nats-py leaves parts of its interface untyped
# pyright: reportUnknownMemberType=false

from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager, suppress

import nats
import pytest
import pytest_asyncio
from nats.aio.client import Client
from nats.js.errors import NotFoundError

from adrelay.runtime.postgres import EmbeddedPostgres
from libs.events.catalogue import published
from libs.eventsourcing import Engine
from tests.integration.chassis.shop import retired_table
from tests.support.databases import ENGINE, fresh_database


@asynccontextmanager
async def engine_of(url: str, *, pool_size: int) -> AsyncGenerator[Engine]:
    engine = Engine("shop", url, published(), state_tables=[retired_table()])
    await engine.start(pool_size=pool_size)
    yield engine
    await engine.stop()


async def make_tables(url: str) -> None:
    async with engine_of(url, pool_size=1):
        pass


@pytest_asyncio.fixture(loop_scope="session")
async def database(request: pytest.FixtureRequest, postgres_server: EmbeddedPostgres) -> AsyncIterator[str]:
    """Yield the URL of a fresh database, with the tables of `engine` if the test uses it."""
    made = ("shop", make_tables) if "engine" in request.fixturenames else (ENGINE, None)
    async with fresh_database(postgres_server, made[0], make=made[1]) as url:
        yield url


@pytest_asyncio.fixture(loop_scope="session")
async def engine(database: str) -> AsyncIterator[Engine]:
    """Yield the shop's engine, on a fresh database."""
    async with engine_of(database, pool_size=16) as engine:
        yield engine


@pytest_asyncio.fixture(loop_scope="session")
async def client(nats_url: str, stream_prefix: str) -> AsyncIterator[Client]:
    """Yield a connection to the run's NATS server; the test's stream is deleted afterwards."""
    client = await nats.connect(nats_url)
    yield client
    with suppress(NotFoundError):
        await client.jetstream().delete_stream(f"{stream_prefix}EVENTS")
    await client.close()
