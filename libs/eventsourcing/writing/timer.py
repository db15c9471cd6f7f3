"""Timers: sleep until the earliest row is due, then run a unit of work for due rows."""

from collections.abc import Awaitable, Callable
from datetime import datetime

from libs.eventsourcing.model.envelope import Causes, utc_now
from libs.eventsourcing.projections.sql import Sql
from libs.eventsourcing.writing.durable_effect import Alarm, repeat
from libs.eventsourcing.writing.engine import Engine
from libs.eventsourcing.writing.unit_of_work import UnitOfWork

SHORTEST_SLEEP_SECONDS = 0.01
"""Pause, in seconds, when due rows are locked by another replica."""
PACE_SECONDS = 0.05
"""Pause between two polls, in seconds: one poll serves many commits. A due row does not wait for it."""


class Timer:
    """Runs `take` whenever a row is due; `earliest` returns when the next one is.

    Rows are locked with `for update skip locked`, so that replicas share the work. `take` returns how many
    rows it handled, and is called again at once until it returns 0.
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
        """Handle due rows until cancelled; see `repeat`."""
        await repeat(self.name, self._turn)

    async def _turn(self) -> float:
        self._alarm.set_anew()
        until = await self._round()
        locked = until is not None and until <= utc_now()
        await self._alarm.sleep(until)
        if until is None or locked:
            return PACE_SECONDS
        return min(PACE_SECONDS, max(0.0, (until - utc_now()).total_seconds()))

    async def _round(self) -> datetime | None:
        """Handle due rows, and return when the next one is due; past, if another replica has locked it."""
        while True:
            until = await self._engine.query(self._earliest)
            if until is None or until > utc_now():
                return until
            if not (
                await self._engine.run(self._take, Causes.unprompted(f"service:{self._engine.service}"))
            ).value:
                return until
