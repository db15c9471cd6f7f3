"""A store of the gateway without a gateway, an account in it, and a receiver."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from pydantic import SecretStr

from adrelay.runtime.postgres import EmbeddedPostgres
from libs.eventsourcing import Engine
from services.gateway.account.keyed_hash import KeyedHash
from services.gateway.account.sealing import Sealer
from tests.integration.hooks.receiver import Receiver, receiving
from tests.integration.hooks.sending import Sending, gateway_engine, opened_account
from tests.support.databases import fresh_database


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def engine(postgres_server: EmbeddedPostgres) -> AsyncIterator[Engine]:
    """Yield the gateway's engine on a fresh database."""
    async with fresh_database(postgres_server, "gateway") as url:
        engine = gateway_engine(url)
        await engine.start()
        yield engine
        await engine.stop()


@pytest_asyncio.fixture(loop_scope="session")
async def receiver() -> AsyncIterator[Receiver]:
    """Yield a receiver on loopback."""
    async with receiving() as receiver:
        yield receiver


@pytest_asyncio.fixture(loop_scope="session")
async def sending(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Sending]:
    """Yield an account's webhooks; pauses and polls are short, time-outs long."""
    sealer = Sealer(KeyedHash([SecretStr("pepper of the tests")]), "webhook secret")
    sending = Sending(engine, sealer, await opened_account(engine))
    await sending.hooks.make_tables()
    sending.be_quick(monkeypatch)
    yield sending
    await sending.end()
