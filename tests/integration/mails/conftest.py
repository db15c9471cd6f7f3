"""A harness for each test, or one with a running gateway for all tests of a file."""

from collections.abc import AsyncIterator

import pytest_asyncio

from adrelay.runtime.nats import EmbeddedNats
from adrelay.runtime.postgres import EmbeddedPostgres
from tests.integration.mails.harness import MailHarness
from tests.support.waiting import until


@pytest_asyncio.fixture(loop_scope="session")
async def harness(postgres_server: EmbeddedPostgres, nats_server: EmbeddedNats) -> AsyncIterator[MailHarness]:
    """Yield the harness: billing and a mail sandbox; the gateway is not running."""
    async with MailHarness(nats_server, postgres_server) as harness:
        yield harness


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def shared_harness(
    postgres_server: EmbeddedPostgres, nats_server: EmbeddedNats
) -> AsyncIterator[MailHarness]:
    """Yield the harness with its gateway running, one per file."""
    async with MailHarness(nats_server, postgres_server) as harness, harness.gateway() as harness.http:
        yield harness


@pytest_asyncio.fixture(loop_scope="session")
async def running(shared_harness: MailHarness) -> AsyncIterator[MailHarness]:
    """Yield the file's harness, its gateway running, without mails of other tests."""
    await shared_harness.begin()
    yield shared_harness
    await shared_harness.mails.heal()
    nothing_waits = "select not exists (select from outbox.outbox)"
    await until(lambda: shared_harness.row(nothing_waits), why="the test's mails to be sent")
