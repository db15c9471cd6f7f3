"""Fixtures for billing's tests: databases, the provider's sandbox, the harness."""
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
from tests.integration.billing.harness import API_KEY, IPN_SECRET, BillingHarness, webhook
from tests.support.databases import fresh_database
from tests.support.signing import SIGNER

SESSIONS = 30
SESSIONS_OF_A_FILE = 200


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def provider() -> AsyncIterator[NowPaymentsSandbox]:
    """Yield the provider's sandbox, one for all tests."""
    settings = SandboxSettings(
        api_key=API_KEY, ipn_secret=IPN_SECRET, retry_seconds=0.1, answer_within_seconds=DEADLINE_SECONDS
    )
    async with NowPaymentsSandbox(settings) as sandbox:
        yield sandbox


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def calls(provider: NowPaymentsSandbox) -> AsyncIterator[NowPaymentsControl]:
    """Yield a client of the sandbox's control, one for all tests."""
    async with NowPaymentsControl(provider.control_url) as control:
        yield control


@pytest_asyncio.fixture(loop_scope="session")
async def control(calls: NowPaymentsControl) -> AsyncIterator[NowPaymentsControl]:
    """Yield the sandbox's control; the sandbox was reset."""
    yield calls
    await calls.reset()


@pytest_asyncio.fixture(loop_scope="session")
async def sold_out(
    postgres_server: EmbeddedPostgres,
    nats_server: EmbeddedNats,
    provider: NowPaymentsSandbox,
    control: NowPaymentsControl,
) -> AsyncIterator[BillingHarness]:
    """Yield the harness without stock; billing is not running."""
    async with around_billing(postgres_server, nats_server, provider, control) as harness:
        yield harness


@pytest_asyncio.fixture(loop_scope="session")
async def harness(sold_out: BillingHarness) -> BillingHarness:
    """Return the harness with sessions in stock; billing is not running."""
    await sold_out.stock(SESSIONS)
    return sold_out


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def open_shop(
    postgres_server: EmbeddedPostgres,
    nats_server: EmbeddedNats,
    provider: NowPaymentsSandbox,
    calls: NowPaymentsControl,
) -> AsyncIterator[BillingHarness]:
    """Yield the harness with billing running, one per file; sessions are in stock for every test."""
    async with around_billing(postgres_server, nats_server, provider, calls) as harness:
        await harness.stock(SESSIONS_OF_A_FILE)
        async with harness.running():
            yield harness


@pytest.fixture
def shop(open_shop: BillingHarness, control: NowPaymentsControl) -> BillingHarness:
    """Return the harness with billing running, and with an order number and an adbot of this test."""
    del control  # resets the sandbox after this test
    return replace(open_shop, number=f"HQADZ-{uuid4().hex[:12].upper()}-WXYZ", adbot=AdbotId(uuid4()))


@asynccontextmanager
async def around_billing(
    postgres_server: EmbeddedPostgres,
    nats_server: EmbeddedNats,
    provider: NowPaymentsSandbox,
    control: NowPaymentsControl,
) -> AsyncGenerator[BillingHarness]:
    """Yield a harness with its own database, webhook and stream; billing is not running."""
    client, prefix = await nats.connect(nats_server.url), f"t{uuid4().hex[:8]}"
    commands = CommandClient(client, SIGNER, prefix=prefix, timeout_seconds=DEADLINE_SECONDS)
    async with fresh_database(postgres_server, "billing") as database, webhook(commands) as url:
        connection = await asyncpg.connect(database)
        yield BillingHarness(
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
