"""A stage of its own for each test."""

from collections.abc import AsyncIterator

import pytest_asyncio

from adrelay.runtime.nats import EmbeddedNats
from adrelay.runtime.postgres import EmbeddedPostgres
from tests.integration.mails.stage import Stage


@pytest_asyncio.fixture(loop_scope="session")
async def stage(postgres_server: EmbeddedPostgres, nats_server: EmbeddedNats) -> AsyncIterator[Stage]:
    """Billing, a mail server, and room for a gateway."""
    async with Stage(nats_server, postgres_server) as stage:
        yield stage
