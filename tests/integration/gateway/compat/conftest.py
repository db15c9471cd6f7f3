"""The gateway with the scheduler itself; the front ends of a client, and of the operator."""

from collections.abc import AsyncIterator

import pytest_asyncio

from adrelay.runtime.nats import EmbeddedNats
from adrelay.runtime.postgres import EmbeddedPostgres
from tests.integration.gateway.compat.front_end import FrontEnd
from tests.integration.gateway.harness import ADMIN_TOKEN, Client, GatewayHarness, running


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def harness(
    postgres_server: EmbeddedPostgres, nats_server: EmbeddedNats
) -> AsyncIterator[GatewayHarness]:
    """Yield the gateway, the scheduler, and fakes of the other services."""
    async with running(nats_server, postgres_server, real_scheduler=True) as harness:
        yield harness


@pytest_asyncio.fixture(loop_scope="session")
async def front(harness: GatewayHarness, client: Client) -> FrontEnd:
    """Return the front end of the new client."""
    return FrontEnd.of(harness.http, client)


@pytest_asyncio.fixture(loop_scope="session")
async def operators(harness: GatewayHarness) -> FrontEnd:
    """Return the front end of the operator, with the operator's token."""
    return FrontEnd.bearing(harness.http, ADMIN_TOKEN)
