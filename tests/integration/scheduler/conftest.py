"""The scheduler on real servers, with fakes of provisioning and the forwarder."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from adrelay.runtime.postgres import EmbeddedPostgres
from libs.chassis.command_client import CommandClient
from libs.events.catalogue import published
from libs.eventsourcing import EventStream
from libs.eventsourcing.testing import StreamEvent, service_on
from services.scheduler.context import Context
from services.scheduler.registry import REGISTRY
from tests.deadlines import DEADLINE_SECONDS
from tests.integration.provisioning.harness import FakeService, ServiceHarness, fake_service, stream_on
from tests.integration.scheduler.acts import DAY, NOON, PACING, SEATLESS, Scheduler, of
from tests.integration.scheduler.publishing import A, provisioned
from tests.support.databases import fresh_database
from tests.support.signing import SIGNER


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
    return CommandClient(stream.nats, SIGNER, prefix=stream_prefix, timeout_seconds=DEADLINE_SECONDS)


@pytest_asyncio.fixture(loop_scope="session")
async def scheduler(postgres_server: EmbeddedPostgres) -> AsyncIterator[Scheduler]:
    """The service at noon, with an adbot of one seat and another of none."""
    context = Context(max_groups=2, pacing=PACING, cycle_timeout=DAY, max_list_groups=3, max_group_lists=2)
    async with (
        fresh_database(postgres_server, "scheduler") as url,
        service_on(url, REGISTRY, published(), context, at=NOON) as service,
    ):
        await service.remember(of(provisioned(A, at=NOON)))
        await service.remember(StreamEvent(f"adbot-{SEATLESS}", provisioned(at=NOON, adbot=SEATLESS)))
        yield service
