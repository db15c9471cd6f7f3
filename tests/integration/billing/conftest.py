"""Fixtures for billing's tests: databases, the provider's sandbox, the harness."""
# nats-py leaves parts of its interface untyped
# pyright: reportUnknownMemberType=false

from collections.abc import AsyncIterator

import asyncpg
import nats
import pytest_asyncio

from adrelay.runtime.postgres import EmbeddedPostgres
from libs.chassis.broker import event_stream
from libs.chassis.command_client import CommandClient
from sandbox.nowpayments import NowPaymentsControl, NowPaymentsSandbox, SandboxSettings
from tests.deadlines import DEADLINE_SECONDS
from tests.integration.billing.harness import API_KEY, IPN_SECRET, BillingHarness, webhook
from tests.support.databases import fresh_database

SESSIONS = 30


@pytest_asyncio.fixture(loop_scope="session")
async def database(postgres_server: EmbeddedPostgres) -> AsyncIterator[str]:
    """Yield the URL of a database with billing's tables."""
    async with fresh_database(postgres_server, "billing") as url:
        yield url


@pytest_asyncio.fixture(loop_scope="session")
async def harness(sold_out: BillingHarness) -> BillingHarness:
    """Yield the harness with sessions in stock; billing is not running."""
    await sold_out.stock(SESSIONS)
    return sold_out


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def provider() -> AsyncIterator[NowPaymentsSandbox]:
    """Yield the provider's sandbox, one for all tests."""
    settings = SandboxSettings(
        api_key=API_KEY, ipn_secret=IPN_SECRET, retry_seconds=0.1, answer_within_seconds=DEADLINE_SECONDS
    )
    async with NowPaymentsSandbox(settings) as sandbox:
        yield sandbox


@pytest_asyncio.fixture(loop_scope="session")
async def control(provider: NowPaymentsSandbox) -> AsyncIterator[NowPaymentsControl]:
    """Yield the sandbox's control; the sandbox was reset."""
    async with NowPaymentsControl(provider.control_url) as control:
        await control.reset()
        yield control
        await control.reset()


@pytest_asyncio.fixture(loop_scope="session")
async def sold_out(
    database: str,
    nats_url: str,
    stream_prefix: str,
    provider: NowPaymentsSandbox,
    control: NowPaymentsControl,
) -> AsyncIterator[BillingHarness]:
    """Yield the harness without stock; billing is not running."""
    connection = await asyncpg.connect(database)
    client = await nats.connect(nats_url)
    commands = CommandClient(client, prefix=stream_prefix, timeout_seconds=DEADLINE_SECONDS)
    async with webhook(commands) as url:
        yield BillingHarness(
            database=database,
            nats_url=nats_url,
            prefix=stream_prefix,
            provider_url=provider.url,
            webhook_url=url,
            control=control,
            client=commands,
            stream=event_stream(client, prefix=stream_prefix),
            connection=connection,
        )
    await client.close()
    await connection.close()
