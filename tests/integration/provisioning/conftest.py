"""Provisioning on real servers, with fakes of billing and the forwarder."""

from collections.abc import AsyncIterator

import pytest_asyncio

from adrelay.runtime.postgres import EmbeddedPostgres
from libs.eventsourcing import EventStream
from tests.integration.provisioning.harness import FakeService, ServiceHarness, fake_service, stream_on
from tests.integration.provisioning.rules import Provisioning, provisioning_at_noon
from tests.support.databases import fresh_database


@pytest_asyncio.fixture(loop_scope="session")
async def database(postgres_server: EmbeddedPostgres) -> AsyncIterator[str]:
    """Yield the URL of a database with provisioning's tables."""
    async with fresh_database(postgres_server, "provisioning") as url:
        yield url


@pytest_asyncio.fixture(loop_scope="session")
async def provisioning(postgres_server: EmbeddedPostgres) -> AsyncIterator[Provisioning]:
    """Yield the service without a broker, its clock at noon."""
    async with provisioning_at_noon(postgres_server) as service:
        yield service


@pytest_asyncio.fixture(loop_scope="session")
async def stream(nats_url: str, stream_prefix: str) -> AsyncIterator[EventStream]:
    """Yield a stream for this test alone."""
    async with stream_on(nats_url, stream_prefix) as stream:
        yield stream


@pytest_asyncio.fixture(loop_scope="session")
async def billing(postgres_server: EmbeddedPostgres, stream: EventStream) -> AsyncIterator[FakeService]:
    """Yield a fake billing."""
    async with fake_service("billing", postgres_server, stream) as billing:
        yield billing


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
