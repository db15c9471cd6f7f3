"""Provisioning on real servers, between billing and the forwarder."""

from collections.abc import AsyncIterator

import pytest_asyncio

from adrelay.runtime.postgres import EmbeddedPostgres
from libs.eventsourcing import EventStream
from tests.integration.provisioning.neighbours import Neighbour, World, neighbour, stream_on
from tests.integration.provisioning.rules import Provisioning, provisioning_at_noon
from tests.support.databases import fresh_database


@pytest_asyncio.fixture(loop_scope="session")
async def database(postgres_server: EmbeddedPostgres) -> AsyncIterator[str]:
    """A database with provisioning's tables."""
    async with fresh_database(postgres_server, "provisioning") as url:
        yield url


@pytest_asyncio.fixture(loop_scope="session")
async def provisioning(postgres_server: EmbeddedPostgres) -> AsyncIterator[Provisioning]:
    """The service without a broker, at noon."""
    async with provisioning_at_noon(postgres_server) as service:
        yield service


@pytest_asyncio.fixture(loop_scope="session")
async def stream(nats_url: str, stream_prefix: str) -> AsyncIterator[EventStream]:
    """A stream that this test alone uses."""
    async with stream_on(nats_url, stream_prefix) as stream:
        yield stream


@pytest_asyncio.fixture(loop_scope="session")
async def billing(postgres_server: EmbeddedPostgres, stream: EventStream) -> AsyncIterator[Neighbour]:
    """Billing, reduced to its events."""
    async with neighbour("billing", postgres_server, stream) as billing:
        yield billing


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
