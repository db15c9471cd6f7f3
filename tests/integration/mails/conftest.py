"""A stage of its own for each test, or one whose gateway runs for all tests of a file."""

from collections.abc import AsyncIterator

import pytest_asyncio

from adrelay.runtime.nats import EmbeddedNats
from adrelay.runtime.postgres import EmbeddedPostgres
from tests.integration.mails.stage import Stage
from tests.support.waiting import until


@pytest_asyncio.fixture(loop_scope="session")
async def stage(postgres_server: EmbeddedPostgres, nats_server: EmbeddedNats) -> AsyncIterator[Stage]:
    """Billing, a mail server, and room for a gateway."""
    async with Stage(nats_server, postgres_server) as stage:
        yield stage


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def stage_of_the_file(
    postgres_server: EmbeddedPostgres, nats_server: EmbeddedNats
) -> AsyncIterator[Stage]:
    """Billing, a mail server, and a gateway."""
    async with Stage(nats_server, postgres_server) as stage, stage.gateway() as stage.http:
        yield stage


@pytest_asyncio.fixture(loop_scope="session")
async def running(stage_of_the_file: Stage) -> AsyncIterator[Stage]:
    """Billing, a mail server without mails, and a gateway that runs already."""
    await stage_of_the_file.begin()
    yield stage_of_the_file
    await stage_of_the_file.mails.heal()
    nothing_waits = "select not exists (select from outbox.outbox)"
    await until(lambda: stage_of_the_file.row(nothing_waits), why="the test's mails to be sent")
