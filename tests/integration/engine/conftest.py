"""The engine of a made-up service, and a stream for each test."""
# nats-py leaves parts of its interface untyped
# pyright: reportUnknownMemberType=false

import shutil
import tempfile
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path

import nats
import pytest
import pytest_asyncio
from nats.aio.client import Client
from nats.js.errors import NotFoundError

from adrelay.runtime.nats import EmbeddedNats
from adrelay.runtime.postgres import EmbeddedPostgres
from libs.eventsourcing import Engine, EventStream
from tests.integration.engine.meters import CATALOGUE, echoes_table, meters_table
from tests.support.engines import database_of, started


def made(url: str) -> Engine:
    return Engine("meters", url, CATALOGUE, state_tables=[meters_table(), echoes_table()])


@pytest_asyncio.fixture(loop_scope="session")
async def database(request: pytest.FixtureRequest, postgres_server: EmbeddedPostgres) -> AsyncIterator[str]:
    """Yield the URL of a fresh database, with the tables of `engine` if the test uses it."""
    async with database_of(request, postgres_server, "meters_and_echoes", made) as url:
        yield url


@pytest_asyncio.fixture(loop_scope="session")
async def engine(database: str) -> AsyncIterator[Engine]:
    """Yield the engine of the made-up service, on a fresh database."""
    async with started(made(database)) as engine:
        yield engine


@pytest_asyncio.fixture(loop_scope="session")
async def client(nats_url: str) -> AsyncIterator[Client]:
    """Yield a connection to the run's NATS server."""
    client = await nats.connect(nats_url)
    yield client
    await client.close()


@pytest_asyncio.fixture(loop_scope="session")
async def stream(client: Client, stream_prefix: str) -> AsyncIterator[EventStream]:
    """Yield a stream for this test alone."""
    stream = EventStream(client, prefix=stream_prefix)
    await stream.ensure()
    yield stream
    with suppress(NotFoundError):
        await client.jetstream().delete_stream(stream.name)


@pytest_asyncio.fixture(loop_scope="session")
async def own_nats() -> AsyncIterator[EmbeddedNats]:
    """Yield a NATS server for this test alone, which it may stop and kill."""
    folder = Path(tempfile.mkdtemp(prefix="adrelay-engine-"))
    server = EmbeddedNats(folder / "nats")
    await server.start()
    yield server
    await server.stop()
    shutil.rmtree(folder, ignore_errors=True)
