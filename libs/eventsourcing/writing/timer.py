"""Due things: sleeps until the earliest, then lets a unit of work take what is due."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import datetime

import structlog

from libs.eventsourcing.loops.cancellation import heed_cancellation
from libs.eventsourcing.model.envelope import Causes, Cursor, utc_now
from libs.eventsourcing.model.errors import StatementRejected, Transient
from libs.eventsourcing.projections.sql import Sql
from libs.eventsourcing.writing.engine import Engine
from libs.eventsourcing.writing.unit_of_work import UnitOfWork

log = structlog.stdlib.get_logger()

LONGEST_SLEEP_SECONDS = 1.0
"""Rows that another replica wrote, and a wall clock that was set, are noticed within this time."""
SHORTEST_SLEEP_SECONDS = 0.01
"""Rows that are due and not to be had are being taken by another replica."""
PACE_SECONDS = 0.05
"""How soon after one look the next comes: of many commits at once, one look is enough."""


class Timer:
    """Runs `take` whenever something is due; `earliest` tells when that will next be.

    Rows are taken with `for update skip locked`, so that replicas share the work. `take` returns how many
    it took, and is called again at once until it returns 0.
    """

    def __init__(
        self,
        name: str,
        engine: Engine,
        *,
        earliest: Callable[[Sql], Awaitable[datetime | None]],
        take: Callable[[UnitOfWork], Awaitable[int]],
    ) -> None:
        self.name = name
        self._engine = engine
        self._earliest = earliest
        self._take = take
        self._wake = asyncio.Event()
        engine.on_commit(self._changed)

    def _changed(self, _: Cursor) -> None:
        self._wake.set()

    async def run(self) -> None:
        """Keep taking what is due until cancelled."""
        while True:
            heed_cancellation()
            self._wake.clear()
            try:
                await self._sleep(await self._round())
                await asyncio.sleep(PACE_SECONDS)
            except (Transient, StatementRejected) as trouble:
                log.warning("timer.retry", timer=self.name, error=repr(trouble))
                await asyncio.sleep(LONGEST_SLEEP_SECONDS)

    async def _round(self) -> datetime | None:
        """Take what is due, and return when something will be next."""
        while True:
            until = await self._engine.query(self._earliest)
            if until is None or until > utc_now():
                return until
            if not (
                await self._engine.run(self._take, Causes.unprompted(f"service:{self._engine.service}"))
            ).value:
                return until

    async def _sleep(self, until: datetime | None) -> None:
        seconds = LONGEST_SLEEP_SECONDS
        if until is not None:
            seconds = min(seconds, max(SHORTEST_SLEEP_SECONDS, (until - utc_now()).total_seconds()))
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._wake.wait()
