"""A made-up service that counts its meters' turns, and a stream for each test."""
# nats-py leaves parts of its interface untyped
# pyright: reportUnknownMemberType=false

from collections.abc import AsyncIterator
from contextlib import suppress

import nats
import pytest
import pytest_asyncio
from nats.js.errors import NotFoundError

from adrelay.runtime.postgres import EmbeddedPostgres
from libs.eventsourcing import Engine, EventStream
from tests.integration.engine.meters import CATALOGUE
from tests.integration.engine_tools.counting import meters, tally
from tests.support.engines import database_of, started


def made(url: str) -> Engine:
    return Engine("meters", url, CATALOGUE, state_tables=[meters()], read_models=[tally()])


@pytest_asyncio.fixture(loop_scope="session")
async def database(request: pytest.FixtureRequest, postgres_server: EmbeddedPostgres) -> AsyncIterator[str]:
    """Yield the URL of a fresh database, with the tables of `engine` if the test uses it."""
    async with database_of(request, postgres_server, "meters_and_tally", made) as url:
        yield url


@pytest_asyncio.fixture(loop_scope="session")
async def engine(database: str) -> AsyncIterator[Engine]:
    """Yield the engine of the made-up service, on a fresh database."""
    async with started(made(database)) as engine:
        yield engine


@pytest_asyncio.fixture(loop_scope="session")
async def stream(nats_url: str, stream_prefix: str) -> AsyncIterator[EventStream]:
    """Yield a stream for this test alone."""
    client = await nats.connect(nats_url)
    stream = EventStream(client, prefix=stream_prefix)
    await stream.ensure()
    yield stream
    with suppress(NotFoundError):
        await client.jetstream().delete_stream(stream.name)
    await client.close()
