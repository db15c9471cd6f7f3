"""Durable effects: due rows are claimed, acted on outside of any transaction, and retried until done."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import datetime
from typing import Generic, TypeVar

import structlog

from libs.eventsourcing.loops.cancellation import heed_cancellation
from libs.eventsourcing.model.envelope import Cursor, utc_now
from libs.eventsourcing.model.errors import StatementRejected, Transient
from libs.eventsourcing.writing.engine import Engine

log = structlog.stdlib.get_logger()

ClaimT = TypeVar("ClaimT")

RETRY_SECONDS = 1.0
"""How long a loop waits after trouble of the database."""
LONGEST_SLEEP_SECONDS = 1.0
"""Rows that another replica wrote, and a wall clock that was set, are noticed within this time."""


async def repeat(name: str, turn: Callable[[], Awaitable[float]]) -> None:
    """Take one turn after another until cancelled, each followed by a sleep of the seconds it returns.

    Trouble of the database ends a turn, not the loop: it is logged, and the next turn comes a little later.
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
    none is due, or the other side is away. `act` does what can't be taken back, records what came of it or
    puts the row off, and returns how many seconds to pause. Who dies in between lets the lease run out, and
    another acts again: at least once. `idle` tells how long to sleep when nothing was claimed.
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
        """Keep acting on what is due until cancelled; see `repeat`."""
        await repeat(self.name, self._turn)

    async def _turn(self) -> float:
        claimed = await self._claim()
        return await self._idle() if claimed is None else await self._act(claimed)


class Alarm:
    """Sleeps until a row is due, or this process commits something, which may be a nearer row."""

    def __init__(self, engine: Engine, *, shortest_seconds: float) -> None:
        self._shortest = shortest_seconds
        self._commit = asyncio.Event()
        engine.on_commit(self._committed)

    def _committed(self, _: Cursor) -> None:
        self._commit.set()

    def set_anew(self) -> None:
        """Count commits from here on; call it before looking for what is due, so that none is missed."""
        self._commit.clear()

    async def sleep(self, until: datetime | None) -> None:
        """Return when `until` has come or something was committed, after `LONGEST_SLEEP_SECONDS` at most."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds_until(until, shortest=self._shortest)):
                await self._commit.wait()


def seconds_until(due: datetime | None, *, shortest: float) -> float:
    """Return how long to sleep for what is due then: `shortest` to `LONGEST_SLEEP_SECONDS`."""
    if due is None:
        return LONGEST_SLEEP_SECONDS
    return min(LONGEST_SLEEP_SECONDS, max(shortest, (due - utc_now()).total_seconds()))
