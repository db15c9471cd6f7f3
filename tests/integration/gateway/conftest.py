"""One gateway with fake services for all tests of this folder."""

from collections.abc import AsyncIterator

import httpx
import pytest
import pytest_asyncio

from adrelay.runtime.nats import EmbeddedNats
from adrelay.runtime.postgres import EmbeddedPostgres
from services.gateway.api.requests.edge import WEBHOOK
from services.gateway.api.webhook import notification
from tests.deadlines import DEADLINE_SECONDS
from tests.integration.gateway.harness import Client, GatewayHarness, operator, running


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def harness(
    postgres_server: EmbeddedPostgres, nats_server: EmbeddedNats
) -> AsyncIterator[GatewayHarness]:
    """Yield the gateway and the services behind it."""
    async with running(nats_server, postgres_server) as harness:
        yield harness


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def with_scheduler(
    postgres_server: EmbeddedPostgres, nats_server: EmbeddedNats
) -> AsyncIterator[GatewayHarness]:
    """Yield a gateway of a module's own, with the scheduler itself."""
    async with running(nats_server, postgres_server, real_scheduler=True) as harness:
        yield harness


@pytest.fixture
def patient_provider(monkeypatch: pytest.MonkeyPatch) -> None:
    """Answer the payment provider also where that takes longer than the provider waits."""
    monkeypatch.setattr(notification, "ANSWER_SECONDS", DEADLINE_SECONDS)
    monkeypatch.setattr(WEBHOOK, "seconds", DEADLINE_SECONDS)


@pytest_asyncio.fixture(loop_scope="session")
async def http(harness: GatewayHarness) -> httpx.AsyncClient:
    """Return an HTTP client without a token."""
    return harness.http


@pytest_asyncio.fixture(loop_scope="session")
async def client(harness: GatewayHarness) -> Client:
    """Return a new client, signed in."""
    return await harness.client()


@pytest_asyncio.fixture(loop_scope="session")
async def admin(harness: GatewayHarness) -> AsyncIterator[httpx.AsyncClient]:
    """Yield an HTTP client with the operator's token."""
    async with operator(harness.http) as admin:
        yield admin
