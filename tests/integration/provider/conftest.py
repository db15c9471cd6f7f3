"""A fixture for each provider."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.integration.provider.harness import HARNESSES, ProviderHarness


@pytest_asyncio.fixture(params=sorted(HARNESSES), loop_scope="session")
async def harness(request: pytest.FixtureRequest) -> AsyncIterator[ProviderHarness]:
    """Yield the harness of a provider."""
    async with HARNESSES[str(request.param)]() as ready:
        yield ready
