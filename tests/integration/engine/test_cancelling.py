"""Loops that are cancelled end, although something they await keeps that to itself."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from datetime import UTC, datetime

import pytest

from libs.eventsourcing import Causes, Engine, EventStream, Reader, Relay, Sql, UnitOfWork
from libs.eventsourcing.background import Timer, heed_cancellation
from libs.eventsourcing.stream.publishing import Published
from libs.eventsourcing.values import Envelope
from tests.deadlines import DEADLINE_SECONDS
from tests.integration.engine.meters import echoing, turn

ME = Causes.first("test")


class Deaf(EventStream):
    """A stream that takes its time, and swallows one cancellation, as `asyncio.wait_for` may."""

    def __init__(self, stream: EventStream) -> None:
        super().__init__(stream.nats, prefix=stream.name.removesuffix("EVENTS"))
        self.asked = asyncio.Event()

    async def publish(self, service: str, events: Sequence[Envelope], token: int) -> Published:
        await self.dawdle()
        return await super().publish(service, events, token)

    async def made_at(self) -> datetime:
        await self.dawdle()
        return await super().made_at()

    async def dawdle(self) -> None:
        self.asked.set()
        with suppress(asyncio.CancelledError):
            await asyncio.sleep(60)


async def ends(asked: asyncio.Event, loop: Callable[[], Awaitable[None]]) -> bool:
    """Cancel the loop once it is busy, once; say whether it ends."""
    task = asyncio.ensure_future(loop())
    await asyncio.wait_for(asked.wait(), DEADLINE_SECONDS)
    task.cancel()
    await asyncio.wait({task}, timeout=DEADLINE_SECONDS)
    ended = task.done()
    task.cancel()
    await asyncio.wait({task}, timeout=10)
    return ended and task.cancelled()


async def test_a_relay_ends(engine: Engine, stream: EventStream) -> None:
    deaf = Deaf(stream)
    await engine.run(turn("a"), ME)
    assert await ends(deaf.asked, Relay(engine, deaf).run)


async def test_a_reader_ends(engine: Engine, stream: EventStream) -> None:
    deaf = Deaf(stream)
    assert await ends(deaf.asked, Reader("echo", engine, deaf, reactions=echoing()).run)


async def test_a_timer_ends(engine: Engine, stream: EventStream) -> None:
    deaf = Deaf(stream)

    async def long_ago(sql: Sql) -> datetime | None:
        del sql
        return datetime(2026, 1, 1, tzinfo=UTC)

    async def take(unit: UnitOfWork) -> int:
        del unit
        await deaf.dawdle()
        return 0

    assert await ends(deaf.asked, Timer("deaf", engine, earliest=long_ago, take=take).run)


async def test_who_was_not_cancelled_goes_on() -> None:
    heed_cancellation()
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.01):
            await asyncio.sleep(1)
    heed_cancellation()
