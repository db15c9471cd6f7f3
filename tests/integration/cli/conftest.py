"""One system for all tests of the operator's commands."""

from collections.abc import AsyncIterator

import pytest_asyncio

from adrelay.runtime.nats import EmbeddedNats
from adrelay.runtime.postgres import EmbeddedPostgres
from tests.integration.gateway.shop import Shop, open_shop


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def shop(postgres_server: EmbeddedPostgres, nats_server: EmbeddedNats) -> AsyncIterator[Shop]:
    """Yield a system with stock."""
    async with open_shop(postgres_server, nats_server) as opened:
        await opened.stock(40)
        yield opened
