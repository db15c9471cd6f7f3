"""Durable effects: due rows are claimed, acted on outside of any transaction, and retried until done."""

import asyncio
import math
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import datetime
from typing import Generic, TypeVar

import structlog

from libs.eventsourcing.loops.cancellation import heed_cancellation
from libs.eventsourcing.model.envelope import utc_now
from libs.eventsourcing.model.errors import StatementRejected, Transient
from libs.eventsourcing.writing.engine import Engine

log = structlog.stdlib.get_logger()

ClaimT = TypeVar("ClaimT")

RETRY_SECONDS = 1.0
"""How long a loop waits after an error of the database, in seconds."""
LONGEST_SLEEP_SECONDS = 5.0
"""The longest sleep, in seconds: a lost wake-up, or a changed wall clock, is noticed within it."""
PACE_SECONDS = 0.05
"""The shortest time between two looks, in seconds: one look serves many commits. A due row waits for none."""
CHANGE_SECONDS = 1.0
"""The shortest time between two looks at rows that a reader or another process changed, in seconds."""


async def repeat(name: str, turn: Callable[[], Awaitable[float]]) -> None:
    """Take one turn after another until cancelled, each followed by a sleep of the seconds it returns.

    An error of the database ends a turn, not the loop: it is logged, and the next turn follows after a pause.
    """
    while True:
        heed_cancellation()
        try:
            seconds = await turn()
        except (Transient, StatementRejected) as trouble:
            log.warning("loop.retry", loop=name, error=repr(trouble))
            seconds = RETRY_SECONDS
        await asyncio.sleep(seconds)


class Alarm:
    """Sleeps until a row is due, or rows may have changed so that one is due sooner.

    A commit of events in this process ends the sleep, at most once in `PACE_SECONDS`. So does what
    `Engine.changed` tells of, at most once in `CHANGE_SECONDS`.
    """

    def __init__(self, engine: Engine, *, shortest_seconds: float) -> None:
        self._shortest = shortest_seconds
        self._woken = asyncio.Event()
        self._later: asyncio.TimerHandle | None = None
        self._rang_at = -math.inf
        self._looked_at = -math.inf
        engine.on_commit(lambda _: self.ring())
        engine.on_change(self._changed)

    def ring(self) -> None:
        """End the sleep."""
        self._woken.set()

    def _changed(self) -> None:
        if self._later is None:
            loop = asyncio.get_running_loop()
            self._later = loop.call_at(max(loop.time(), self._rang_at + CHANGE_SECONDS), self._ring_of_change)

    def _ring_of_change(self) -> None:
        self._later = None
        self._rang_at = asyncio.get_running_loop().time()
        self.ring()

    def set_anew(self) -> None:
        """Count changes from now on; call it before looking for due rows, so that none is missed."""
        self._looked_at = asyncio.get_running_loop().time()
        self._woken.clear()

    async def sleep(self, until: datetime | None) -> None:
        """Return at `until`, or after a change, or after `LONGEST_SLEEP_SECONDS`."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds_until(until, shortest=self._shortest)):
                await self._woken.wait()
                await asyncio.sleep(self._looked_at + PACE_SECONDS - asyncio.get_running_loop().time())


class DurableEffect(Generic[ClaimT]):
    """Acts on rows that are due, one after another; replicas share the rows by their claims.

    `claim` leases a row to this process for longer than the act takes, in a unit of work of its own; None if
    none is due, or the remote side is down. `act` does what can't be undone, records the outcome or postpones
    the row, and returns how many seconds to pause. If a process dies in between, the lease expires, and
    another acts again: at least once. When nothing was claimed, `due` returns when the next row may be, None
    if no row is known; until then this sleeps, see `Alarm`.
    """

    def __init__(
        self,
        name: str,
        engine: Engine,
        *,
        claim: Callable[[], Awaitable[ClaimT | None]],
        act: Callable[[ClaimT], Awaitable[float]],
        due: Callable[[], Awaitable[datetime | None]],
        shortest_seconds: float,
    ) -> None:
        self.name = name
        self._claim, self._act, self._due = claim, act, due
        self._alarm = Alarm(engine, shortest_seconds=shortest_seconds)

    async def run(self) -> None:
        """Act on rows that are due until cancelled; see `repeat`."""
        await repeat(self.name, self._turn)

    async def _turn(self) -> float:
        self._alarm.set_anew()
        claimed = await self._claim()
        if claimed is not None:
            return await self._act(claimed)
        await self._alarm.sleep(await self._due())
        return 0.0


def seconds_until(due: datetime | None, *, shortest: float) -> float:
    """Return how many seconds to sleep until then: `shortest` to `LONGEST_SLEEP_SECONDS`."""
    if due is None:
        return LONGEST_SLEEP_SECONDS
    return min(LONGEST_SLEEP_SECONDS, max(shortest, (due - utc_now()).total_seconds()))
