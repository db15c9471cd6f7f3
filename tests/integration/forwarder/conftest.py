"""A stage for each test."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from adrelay.runtime.ports import free_port
from adrelay.runtime.postgres import EmbeddedPostgres
from libs.events.catalogue import published
from libs.eventsourcing import Engine
from sandbox.telegram.crypto import ServerKey
from sandbox.telegram.sandbox import TelegramSandbox
from services.forwarder.registry import REGISTRY
from services.forwarder.schema import make_tables
from services.forwarder.settings import ForwarderSettings
from tests.integration.forwarder.stage import Stage, vault_key
from tests.integration.forwarder.system import System, system_of
from tests.support.databases import fresh_database


@pytest_asyncio.fixture(loop_scope="session")
async def database(postgres_server: EmbeddedPostgres) -> AsyncIterator[str]:
    """A database with the forwarder's tables."""
    async with fresh_database(postgres_server, "forwarder") as url:
        yield url


@pytest.fixture(scope="session")
def server_key() -> ServerKey:
    """The key of all sandboxes: to make one takes longer than to start a sandbox."""
    return ServerKey()


@pytest_asyncio.fixture(loop_scope="session")
async def telegram(server_key: ServerKey) -> AsyncIterator[TelegramSandbox]:
    async with TelegramSandbox(port=free_port(), key=server_key) as sandbox:
        yield sandbox


@pytest.fixture
def settings(
    database: str, nats_url: str, stream_prefix: str, telegram: TelegramSandbox
) -> ForwarderSettings:
    return ForwarderSettings.model_validate(
        {
            "postgres_url": database,
            "nats_url": nats_url,
            "nats_prefix": stream_prefix,
            "vault_keys": vault_key(),
            "telegram_host": telegram.host,
            "telegram_port": telegram.port,
            "telegram_dc": telegram.dc_id,
            "lease_seconds": 3,
            "poll_seconds": 0.1,
            "request_seconds": 5,
            "connect_seconds": 5,
            "backoff_seconds": 0.05,
            "idle_seconds": 5,
            "max_wait_in_cycle_seconds": 5,
        }
    )


@pytest_asyncio.fixture(loop_scope="session")
async def engine(database: str) -> AsyncIterator[Engine]:
    made = Engine(
        "forwarder",
        database,
        published(),
        state_tables=REGISTRY.state_tables,
        read_models=REGISTRY.read_models,
    )
    await made.start(pool_size=10)
    await make_tables(made)
    yield made
    await made.stop()


@pytest_asyncio.fixture(loop_scope="session")
async def stage(engine: Engine, telegram: TelegramSandbox, settings: ForwarderSettings) -> Stage:
    made = Stage(engine, telegram, settings)
    await made.prepare()
    return made


@pytest_asyncio.fixture(loop_scope="session")
async def system(
    stage: Stage, settings: ForwarderSettings, tmp_path: Path, postgres_server: EmbeddedPostgres
) -> AsyncIterator[System]:
    async with system_of(stage, settings, tmp_path, postgres_server) as made:
        yield made
