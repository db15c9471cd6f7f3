"""The scheduler on real servers, with fakes of provisioning and the forwarder."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from adrelay.runtime.postgres import EmbeddedPostgres
from libs.chassis.command_client import CommandClient
from libs.eventsourcing import EventStream
from tests.deadlines import DEADLINE_SECONDS
from tests.integration.provisioning.harness import FakeService, ServiceHarness, fake_service, stream_on
from tests.support.databases import fresh_database


@pytest_asyncio.fixture(loop_scope="session")
async def database(postgres_server: EmbeddedPostgres) -> AsyncIterator[str]:
    """Yield the URL of a database with the scheduler's tables."""
    async with fresh_database(postgres_server, "scheduler") as url:
        yield url


@pytest_asyncio.fixture(loop_scope="session")
async def stream(nats_url: str, stream_prefix: str) -> AsyncIterator[EventStream]:
    """Yield a stream for this test alone."""
    async with stream_on(nats_url, stream_prefix) as stream:
        yield stream


@pytest_asyncio.fixture(loop_scope="session")
async def provisioning(postgres_server: EmbeddedPostgres, stream: EventStream) -> AsyncIterator[FakeService]:
    """Yield a fake provisioning."""
    async with fake_service("provisioning", postgres_server, stream) as provisioning:
        yield provisioning


@pytest_asyncio.fixture(loop_scope="session")
async def forwarder(postgres_server: EmbeddedPostgres, stream: EventStream) -> AsyncIterator[FakeService]:
    """Yield a fake forwarder."""
    async with fake_service("forwarder", postgres_server, stream) as forwarder:
        yield forwarder


@pytest_asyncio.fixture(loop_scope="session")
async def harness(
    database: str, nats_url: str, stream_prefix: str, stream: EventStream
) -> AsyncIterator[ServiceHarness]:
    """Yield the harness of the service."""
    del stream  # created before the service starts, deleted after it has stopped
    harness = ServiceHarness(database, nats_url, stream_prefix)
    yield harness
    await harness.close()


@pytest.fixture
def client(stream: EventStream, stream_prefix: str) -> CommandClient:
    """Yield a client for the service's commands."""
    return CommandClient(stream.nats, prefix=stream_prefix, timeout_seconds=DEADLINE_SECONDS)
