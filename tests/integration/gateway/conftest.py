"""One gateway with its neighbours for all tests here."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from uuid import uuid4

import httpx
import pytest_asyncio

from adrelay.runtime.nats import EmbeddedNats
from adrelay.runtime.postgres import EmbeddedPostgres
from tests.integration.gateway.world import ADMIN_TOKEN, Client, World
from tests.patience import PATIENCE_SECONDS


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def world(postgres_server: EmbeddedPostgres, nats_server: EmbeddedNats) -> AsyncIterator[World]:
    """The gateway and its neighbours."""
    async with AsyncExitStack() as stack:
        world = World(nats_server, postgres_server, f"t{uuid4().hex[:8]}")
        await world.enter(stack)
        yield world


@pytest_asyncio.fixture(loop_scope="session")
async def http(world: World) -> httpx.AsyncClient:
    """A caller without a token."""
    return world.http


@pytest_asyncio.fixture(loop_scope="session")
async def client(world: World) -> Client:
    """A client with an account of its own."""
    return await world.client()


@pytest_asyncio.fixture(loop_scope="session")
async def admin(world: World) -> AsyncIterator[httpx.AsyncClient]:
    """The operator."""
    headers = {"Authorization": f"Bearer {ADMIN_TOKEN}"}
    base_url = world.http.base_url.join("/api/v1/admin/")
    async with httpx.AsyncClient(base_url=base_url, headers=headers, timeout=PATIENCE_SECONDS) as admin:
        yield admin
