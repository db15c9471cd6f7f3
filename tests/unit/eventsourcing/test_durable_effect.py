"""The loop of a durable effect: claims, acts, continues after database errors."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import timedelta
from types import SimpleNamespace
from typing import cast

import pytest

from libs.eventsourcing.model.catalogue import EventCatalogue
from libs.eventsourcing.model.envelope import START, Recorded, utc_now
from libs.eventsourcing.model.errors import Unavailable
from libs.eventsourcing.writing import durable_effect
from libs.eventsourcing.writing.durable_effect import Alarm, DurableEffect, seconds_until
from libs.eventsourcing.writing.engine import Engine


class Letters:
    """Pending letters, and what was done with them."""

    def __init__(self, *waiting: str) -> None:
        self.waiting, self.did, self.done = list(waiting), list[str](), asyncio.Event()

    async def claim(self) -> str | None:
        return self.waiting.pop(0) if self.waiting else None

    async def act(self, letter: str) -> float:
        self.did.append(letter)
        return 0.0

    async def due(self) -> None:
        self.did.append("nothing")
        self.done.set()

    async def run(self, act: Callable[[str], Awaitable[float]] | None = None) -> None:
        """Run the loop until nothing is due."""
        effect = DurableEffect[str](
            "letters",
            Engine("letters", "", EventCatalogue([])),
            claim=self.claim,
            act=act or self.act,
            due=self.due,
            shortest_seconds=0.01,
        )
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


def test_the_loop_sleeps_no_longer_than_the_interval_for_noticing_lost_wake_ups() -> None:
    assert seconds_until(None, shortest=0.05) == durable_effect.LONGEST_SLEEP_SECONDS


NEVER = 3600.0
COMMIT = [cast("Recorded", SimpleNamespace(cursor=START))]


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch) -> Engine:
    """An engine whose commits, and nothing else, wake a loop."""
    monkeypatch.setattr(durable_effect, "LONGEST_SLEEP_SECONDS", NEVER)
    return Engine("letters", "", EventCatalogue([]))


async def test_commits_at_the_same_time_share_a_claim(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(durable_effect, "PACE_SECONDS", NEVER)
    claims, looked = 0, asyncio.Event()

    async def claim() -> None:
        nonlocal claims
        claims += 1

    async def due() -> None:
        looked.set()

    async def act(_: str) -> float:
        raise AssertionError

    effect = DurableEffect[str]("letters", engine, claim=claim, act=act, due=due, shortest_seconds=0.0)
    running = asyncio.create_task(effect.run())
    await looked.wait()
    for _ in range(400):
        engine.announce(COMMIT)
        await asyncio.sleep(0)  # the loop goes on, if it may
    running.cancel()
    with suppress(asyncio.CancelledError):
        await running
    assert claims == 1


async def test_a_commit_after_a_pause_wakes_at_once(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(durable_effect, "PACE_SECONDS", NEVER)
    alarm = Alarm(engine, shortest_seconds=0.0)
    engine.announce(COMMIT)
    await alarm.sleep(None)


async def test_a_commit_right_after_a_look_wakes_when_the_pace_allows(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(durable_effect, "PACE_SECONDS", 0.02)
    alarm = Alarm(engine, shortest_seconds=0.0)
    alarm.set_anew()
    engine.announce(COMMIT)
    await alarm.sleep(None)


async def test_a_due_row_waits_for_no_pace(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(durable_effect, "PACE_SECONDS", NEVER)
    alarm = Alarm(engine, shortest_seconds=0.0)
    alarm.set_anew()
    engine.announce(COMMIT)
    await alarm.sleep(utc_now() + timedelta(milliseconds=10))
