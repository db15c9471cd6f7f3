"""Due things: sleeps until the earliest, then lets a unit of work take what is due."""

from collections.abc import Awaitable, Callable
from datetime import datetime

from libs.eventsourcing.model.envelope import Causes, utc_now
from libs.eventsourcing.projections.sql import Sql
from libs.eventsourcing.writing.durable_effect import Alarm, repeat
from libs.eventsourcing.writing.engine import Engine
from libs.eventsourcing.writing.unit_of_work import UnitOfWork

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
        self._alarm = Alarm(engine, shortest_seconds=SHORTEST_SLEEP_SECONDS)

    async def run(self) -> None:
        """Keep taking what is due until cancelled; see `repeat`."""
        await repeat(self.name, self._turn)

    async def _turn(self) -> float:
        self._alarm.set_anew()
        await self._alarm.sleep(await self._round())
        return PACE_SECONDS

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
