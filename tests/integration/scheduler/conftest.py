"""The scheduler on real servers, between provisioning and the forwarder."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from adrelay.runtime.postgres import EmbeddedPostgres
from libs.chassis.command_client import CommandClient
from libs.eventsourcing import EventStream
from tests.deadlines import DEADLINE_SECONDS
from tests.integration.provisioning.neighbours import Neighbour, World, neighbour, stream_on
from tests.support.databases import fresh_database


@pytest_asyncio.fixture(loop_scope="session")
async def database(postgres_server: EmbeddedPostgres) -> AsyncIterator[str]:
    """A database with the scheduler's tables."""
    async with fresh_database(postgres_server, "scheduler") as url:
        yield url


@pytest_asyncio.fixture(loop_scope="session")
async def stream(nats_url: str, stream_prefix: str) -> AsyncIterator[EventStream]:
    """A stream that this test alone uses."""
    async with stream_on(nats_url, stream_prefix) as stream:
        yield stream


@pytest_asyncio.fixture(loop_scope="session")
async def provisioning(postgres_server: EmbeddedPostgres, stream: EventStream) -> AsyncIterator[Neighbour]:
    """Provisioning, reduced to its events."""
    async with neighbour("provisioning", postgres_server, stream) as provisioning:
        yield provisioning


@pytest_asyncio.fixture(loop_scope="session")
async def forwarder(postgres_server: EmbeddedPostgres, stream: EventStream) -> AsyncIterator[Neighbour]:
    """The forwarder, reduced to its events."""
    async with neighbour("forwarder", postgres_server, stream) as forwarder:
        yield forwarder


@pytest_asyncio.fixture(loop_scope="session")
async def world(
    database: str, nats_url: str, stream_prefix: str, stream: EventStream
) -> AsyncIterator[World]:
    """The service's own database, and how to start it."""
    del stream  # made before and deleted after the service runs
    world = World(database, nats_url, stream_prefix)
    yield world
    await world.close()


@pytest.fixture
def client(stream: EventStream, stream_prefix: str) -> CommandClient:
    """A client that sends commands to the service."""
    return CommandClient(stream.nats, prefix=stream_prefix, timeout_seconds=DEADLINE_SECONDS)
