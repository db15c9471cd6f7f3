"""The loop of a durable effect: claims, acts, continues after database errors."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from libs.eventsourcing.model.errors import Unavailable
from libs.eventsourcing.writing import durable_effect
from libs.eventsourcing.writing.durable_effect import DurableEffect, seconds_until


class Letters:
    """Pending letters, and what was done with them."""

    def __init__(self, *waiting: str) -> None:
        self.waiting, self.did, self.done = list(waiting), list[str](), asyncio.Event()

    async def claim(self) -> str | None:
        return self.waiting.pop(0) if self.waiting else None

    async def act(self, letter: str) -> float:
        self.did.append(letter)
        return 0.0

    async def idle(self) -> float:
        self.did.append("nothing")
        self.done.set()
        return 3600.0

    async def run(self, act: Callable[[str], Awaitable[float]] | None = None) -> None:
        """Run the loop until nothing is due."""
        effect = DurableEffect[str]("letters", claim=self.claim, act=act or self.act, idle=self.idle)
        task = asyncio.create_task(effect.run())
        stop = asyncio.create_task(self.done.wait())
        await asyncio.wait([task, stop], return_when=asyncio.FIRST_COMPLETED)
        if task.done():
            stop.cancel()
            await task
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def test_each_claimed_effect_runs_until_nothing_is_due() -> None:
    letters = Letters("a", "b")
    await letters.run()
    assert letters.did == ["a", "b", "nothing"]


async def test_the_loop_survives_database_errors(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(durable_effect, "RETRY_SECONDS", 0.0)
    letters = Letters("a", "b")

    async def act(letter: str) -> float:
        await letters.act(letter)
        if letter == "a":
            raise Unavailable
        return 0.0

    await letters.run(act)
    assert letters.did == ["a", "b", "nothing"]


async def test_a_programming_error_ends_the_loop() -> None:
    letters = Letters("a", "b")

    async def act(_: str) -> float:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await letters.run(act)
    assert letters.waiting == ["b"]


def test_the_loop_sleeps_no_longer_than_the_interval_for_noticing_replicas() -> None:
    assert seconds_until(None, shortest=0.05) == durable_effect.LONGEST_SLEEP_SECONDS
