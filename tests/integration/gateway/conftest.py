"""One gateway with its neighbours for all tests here."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from uuid import uuid4

import httpx
import pytest_asyncio

from adrelay.runtime.nats import EmbeddedNats
from adrelay.runtime.postgres import EmbeddedPostgres
from tests.integration.gateway.world import Client, World, operator


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
    async with operator(world.http) as admin:
        yield admin
