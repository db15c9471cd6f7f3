"""Durable effects: due rows are claimed, acted on outside of any transaction, and retried until done."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from datetime import datetime
from typing import Generic, TypeVar

import structlog

from libs.eventsourcing.loops.cancellation import heed_cancellation
from libs.eventsourcing.model.envelope import Recorded, utc_now
from libs.eventsourcing.model.errors import StatementRejected, Transient
from libs.eventsourcing.writing.engine import Engine

log = structlog.stdlib.get_logger()

ClaimT = TypeVar("ClaimT")

RETRY_SECONDS = 1.0
"""How long a loop waits after an error of the database, in seconds."""
LONGEST_SLEEP_SECONDS = 1.0
"""The longest sleep, in seconds: rows of another replica, or a changed wall clock, are noticed within it."""


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


class DurableEffect(Generic[ClaimT]):
    """Acts on rows that are due, one after another; replicas share the rows by their claims.

    `claim` leases a row to this process for longer than the act takes, in a unit of work of its own; None if
    none is due, or the remote side is down. `act` does what can't be undone, records the outcome or postpones
    the row, and returns how many seconds to pause. If a process dies in between, the lease expires, and
    another acts again: at least once. `idle` returns how long to sleep when nothing was claimed.
    """

    def __init__(
        self,
        name: str,
        *,
        claim: Callable[[], Awaitable[ClaimT | None]],
        act: Callable[[ClaimT], Awaitable[float]],
        idle: Callable[[], Awaitable[float]],
    ) -> None:
        self.name = name
        self._claim, self._act, self._idle = claim, act, idle

    async def run(self) -> None:
        """Act on rows that are due until cancelled; see `repeat`."""
        await repeat(self.name, self._turn)

    async def _turn(self) -> float:
        claimed = await self._claim()
        return await self._idle() if claimed is None else await self._act(claimed)


class Alarm:
    """Sleeps until a row is due, or this process commits, which may add a row that is due sooner."""

    def __init__(self, engine: Engine, *, shortest_seconds: float) -> None:
        self._shortest = shortest_seconds
        self._commit = asyncio.Event()
        engine.on_commit(self._committed)

    def _committed(self, _: Sequence[Recorded]) -> None:
        self._commit.set()

    def set_anew(self) -> None:
        """Count commits from now on; call it before looking for due rows, so that none is missed."""
        self._commit.clear()

    async def sleep(self, until: datetime | None) -> None:
        """Return at `until`, or after a commit, or after `LONGEST_SLEEP_SECONDS`."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds_until(until, shortest=self._shortest)):
                await self._commit.wait()


def seconds_until(due: datetime | None, *, shortest: float) -> float:
    """Return how many seconds to sleep until then: `shortest` to `LONGEST_SLEEP_SECONDS`."""
    if due is None:
        return LONGEST_SLEEP_SECONDS
    return min(LONGEST_SLEEP_SECONDS, max(shortest, (due - utc_now()).total_seconds()))
