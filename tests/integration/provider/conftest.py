"""Each provider in turn."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.integration.provider.benches import BENCHES, Bench


@pytest_asyncio.fixture(params=sorted(BENCHES), loop_scope="session")
async def bench(request: pytest.FixtureRequest) -> AsyncIterator[Bench]:
    """A provider with a server of its own."""
    async with BENCHES[str(request.param)]() as ready:
        yield ready
