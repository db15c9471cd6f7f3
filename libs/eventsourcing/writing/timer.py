"""Timers: sleep until the earliest row is due, then run a unit of work for due rows."""

from collections.abc import Awaitable, Callable
from datetime import datetime

from libs.eventsourcing.model.envelope import Causes, utc_now
from libs.eventsourcing.projections.sql import Sql
from libs.eventsourcing.writing.durable_effect import PACE_SECONDS, Alarm, repeat
from libs.eventsourcing.writing.engine import Engine
from libs.eventsourcing.writing.unit_of_work import UnitOfWork

SHORTEST_SLEEP_SECONDS = 0.01
"""The shortest pause before a row is due, in seconds."""


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

    async def late_seconds(self) -> float:
        """Return for how long the earliest row that is not handled has been due; 0 if none is."""
        earliest = await self._engine.query(self._earliest)
        return 0.0 if earliest is None else max(0.0, (utc_now() - earliest).total_seconds())

    async def run(self) -> None:
        """Handle due rows until cancelled; see `repeat`."""
        await repeat(self.name, self._turn)

    async def _turn(self) -> float:
        self._alarm.set_anew()
        until = await self._round()
        if until is not None and until <= utc_now():  # another replica has locked the row
            return PACE_SECONDS
        await self._alarm.sleep(until)
        return 0.0

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
