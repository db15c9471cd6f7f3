"""The stage for billing's tests."""
# nats-py leaves parts of its interface untyped
# pyright: reportUnknownMemberType=false

from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from uuid import uuid4

import asyncpg
import nats
import pytest
import pytest_asyncio

from adrelay.runtime.nats import EmbeddedNats
from adrelay.runtime.postgres import EmbeddedPostgres
from libs.chassis.broker import event_stream
from libs.chassis.command_client import CommandClient
from libs.events.values import AdbotId
from sandbox.nowpayments import NowPaymentsControl, NowPaymentsSandbox, SandboxSettings
from tests.deadlines import DEADLINE_SECONDS
from tests.integration.billing.stage import API_KEY, IPN_SECRET, Stage, webhook
from tests.support.databases import fresh_database

SESSIONS = 30
SESSIONS_OF_A_FILE = 200


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def provider() -> AsyncIterator[NowPaymentsSandbox]:
    """The provider, the same for all tests."""
    settings = SandboxSettings(
        api_key=API_KEY, ipn_secret=IPN_SECRET, retry_seconds=0.1, answer_within_seconds=DEADLINE_SECONDS
    )
    async with NowPaymentsSandbox(settings) as sandbox:
        yield sandbox


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def calls(provider: NowPaymentsSandbox) -> AsyncIterator[NowPaymentsControl]:
    """A client of the provider's control, the same for all tests."""
    async with NowPaymentsControl(provider.control_url) as control:
        yield control


@pytest_asyncio.fixture(loop_scope="session")
async def control(calls: NowPaymentsControl) -> AsyncIterator[NowPaymentsControl]:
    """What makes the provider act; it has forgotten the tests before."""
    yield calls
    await calls.reset()


@pytest_asyncio.fixture(loop_scope="session")
async def sold_out(
    postgres_server: EmbeddedPostgres,
    nats_server: EmbeddedNats,
    provider: NowPaymentsSandbox,
    control: NowPaymentsControl,
) -> AsyncIterator[Stage]:
    """Everything around billing, without billing and without stock."""
    async with around_billing(postgres_server, nats_server, provider, control) as stage:
        yield stage


@pytest_asyncio.fixture(loop_scope="session")
async def stage(sold_out: Stage) -> Stage:
    """Everything around billing, without billing; sessions are in stock."""
    await sold_out.stock(SESSIONS)
    return sold_out


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def open_shop(
    postgres_server: EmbeddedPostgres,
    nats_server: EmbeddedNats,
    provider: NowPaymentsSandbox,
    calls: NowPaymentsControl,
) -> AsyncIterator[Stage]:
    """Billing, which runs for all tests of a file; sessions are in stock for each."""
    async with around_billing(postgres_server, nats_server, provider, calls) as stage:
        await stage.stock(SESSIONS_OF_A_FILE)
        async with stage.running():
            yield stage


@pytest.fixture
def shop(open_shop: Stage, control: NowPaymentsControl) -> Stage:
    """Billing, which runs already, and an order number that this test alone uses."""
    del control  # the provider forgets the payments of this test
    return replace(open_shop, number=f"HQADZ-{uuid4().hex[:12].upper()}-WXYZ", adbot=AdbotId(uuid4()))


@asynccontextmanager
async def around_billing(
    postgres_server: EmbeddedPostgres,
    nats_server: EmbeddedNats,
    provider: NowPaymentsSandbox,
    control: NowPaymentsControl,
) -> AsyncGenerator[Stage]:
    """A database with billing's tables, the provider, a webhook, and a stream of its own."""
    client, prefix = await nats.connect(nats_server.url), f"t{uuid4().hex[:8]}"
    commands = CommandClient(client, prefix=prefix, timeout_seconds=DEADLINE_SECONDS)
    async with fresh_database(postgres_server, "billing") as database, webhook(commands) as url:
        connection = await asyncpg.connect(database)
        yield Stage(
            database=database,
            nats_url=nats_server.url,
            prefix=prefix,
            provider_url=provider.url,
            webhook_url=url,
            control=control,
            client=commands,
            stream=event_stream(client, prefix=prefix),
            connection=connection,
        )
        await connection.close()
    await client.close()
