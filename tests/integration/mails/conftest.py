"""A harness for each test."""

from collections.abc import AsyncIterator

import pytest_asyncio

from adrelay.runtime.nats import EmbeddedNats
from adrelay.runtime.postgres import EmbeddedPostgres
from tests.integration.mails.harness import MailHarness


@pytest_asyncio.fixture(loop_scope="session")
async def harness(postgres_server: EmbeddedPostgres, nats_server: EmbeddedNats) -> AsyncIterator[MailHarness]:
    """Yield the harness: billing and a mail sandbox; the gateway is not running."""
    async with MailHarness(nats_server, postgres_server) as harness:
        yield harness
