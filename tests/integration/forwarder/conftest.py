"""Fixtures for the forwarder's tests: a database, a Telegram sandbox, the harness."""

import asyncio
import gc
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from adrelay.runtime.ports import free_port
from adrelay.runtime.postgres import EmbeddedPostgres
from libs.eventsourcing import Engine
from sandbox.telegram.crypto import ServerKey
from sandbox.telegram.sandbox import TelegramSandbox
from services.forwarder.settings import ForwarderSettings
from tests.integration.forwarder.harness import ForwarderHarness, engine_of, settings_of
from tests.integration.forwarder.system import System, system_of
from tests.support.databases import fresh_database


@pytest_asyncio.fixture(scope="module", autouse=True, name="no_lost_errors")
async def _no_lost_errors() -> AsyncIterator[None]:
    """After each module: no error of a connection was left for asyncio to log when it collects garbage."""
    gc.collect()  # what other modules left is not this one's
    loop, lost = asyncio.get_running_loop(), list[dict[str, Any]]()
    loop.set_exception_handler(lambda _, context: lost.append(context))
    yield
    gc.collect()
    loop.set_exception_handler(None)
    assert not lost


async def make_all_tables(url: str) -> None:
    async with engine_of(url):
        pass


@pytest_asyncio.fixture(loop_scope="session")
async def database(postgres_server: EmbeddedPostgres) -> AsyncIterator[str]:
    """Yield the URL of a database with the forwarder's tables, its pool's included."""
    async with fresh_database(postgres_server, "forwarder_with_pool", make=make_all_tables) as url:
        yield url


@pytest.fixture(scope="session")
def server_key() -> ServerKey:
    """Return the key of all sandboxes; generating one takes longer than starting a sandbox."""
    return ServerKey()


@pytest_asyncio.fixture(loop_scope="session")
async def telegram(server_key: ServerKey) -> AsyncIterator[TelegramSandbox]:
    async with TelegramSandbox(port=free_port(), key=server_key) as sandbox:
        yield sandbox


@pytest.fixture
def settings(
    database: str, nats_url: str, stream_prefix: str, telegram: TelegramSandbox
) -> ForwarderSettings:
    return settings_of(database, nats_url, stream_prefix, telegram)


@pytest_asyncio.fixture(loop_scope="session")
async def engine(database: str) -> AsyncIterator[Engine]:
    async with engine_of(database) as made:
        yield made


@pytest_asyncio.fixture(loop_scope="session")
async def harness(engine: Engine, telegram: TelegramSandbox, settings: ForwarderSettings) -> ForwarderHarness:
    made = ForwarderHarness(engine, telegram, settings)
    await made.prepare()
    return made


@pytest_asyncio.fixture(loop_scope="session")
async def system(
    harness: ForwarderHarness, settings: ForwarderSettings, tmp_path: Path, postgres_server: EmbeddedPostgres
) -> AsyncIterator[System]:
    async with system_of(harness, settings, tmp_path, postgres_server) as made:
        yield made
