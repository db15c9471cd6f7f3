"""A worker that is told to stop does so, also while the database does not answer."""

import asyncio

import pytest

from libs.eventsourcing.model.errors import Unavailable
from tests.deadlines import DEADLINE_SECONDS
from tests.integration.forwarder.harness import ForwarderHarness


@pytest.mark.parametrize("method", ["leases.Leases.take", "pool.arm"])
async def test_a_cancellation_that_the_database_turns_into_an_error_stops_a_worker(
    harness: ForwarderHarness, monkeypatch: pytest.MonkeyPatch, method: str
) -> None:
    """As asyncpg does, where the server does not answer the cancellation of a statement in time."""
    called = asyncio.Event()

    async def unanswered(*_: object) -> None:
        called.set()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            raise Unavailable("TimeoutError()") from None

    monkeypatch.setattr(f"services.forwarder.pool.{method}", unanswered)
    working = asyncio.create_task(harness.worker().run())
    async with asyncio.timeout(DEADLINE_SECONDS):
        await called.wait()
    working.cancel()
    done, _ = await asyncio.wait({working}, timeout=DEADLINE_SECONDS)
    assert done == {working}
    assert working.cancelled()
