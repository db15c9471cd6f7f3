"""Rebuilds in a service: who is told to stop does so, also while the database does not answer."""

import asyncio
from typing import cast

import pytest

from libs.chassis.operations.rebuilds import Rebuilds
from libs.events.operations.tables import RebuildState
from libs.eventsourcing import EventStream, Projection
from libs.eventsourcing.errors import Transient
from libs.eventsourcing.operations import ServiceTables, rebuilding
from tests.deadlines import DEADLINE_SECONDS


async def test_a_cancellation_that_the_database_turns_into_an_error_stops_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """As asyncpg does, where the server does not answer the cancellation of a statement in time."""
    called = asyncio.Event()

    async def unanswered(*_: object, **__: object) -> None:
        called.set()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            raise Transient("TimeoutError()") from None

    monkeypatch.setattr(rebuilding, "rebuild", unanswered)
    rebuilds = Rebuilds(cast("ServiceTables", None), cast("EventStream", None))
    running = asyncio.create_task(rebuilds.run())
    starting = asyncio.create_task(rebuilds.start(Projection("loaves", version=1, ddl="")))
    async with asyncio.timeout(DEADLINE_SECONDS):
        await called.wait()
    running.cancel()
    done, _ = await asyncio.wait({running}, timeout=DEADLINE_SECONDS)
    assert done == {running}
    assert running.cancelled()
    assert (await starting).state is RebuildState.FAILED
