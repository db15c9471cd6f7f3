"""Rebuilds tables in a process of their service, which works meanwhile, one at a time."""

import asyncio
import time
from collections import deque
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime

import structlog

from libs.chassis.advice import with_advice
from libs.events.operations.tables import Rebuild, RebuildState
from libs.eventsourcing import EventStream, Projection, Refused
from libs.eventsourcing.background import heed_cancellation
from libs.eventsourcing.errors import Poison, Transient
from libs.eventsourcing.operations import Progress, ServiceTables, TablesBusy, rebuilding
from libs.eventsourcing.values import utc_now

log = structlog.stdlib.get_logger()

BEGIN_SECONDS = 5.0
"""How long whoever asks for a rebuild waits for its beginning, or a refusal."""
KEPT = 10
"""How many rebuilds a process remembers."""
_BUSY = "tables of this service are being rebuilt or checked; wait until that has ended"


@dataclass
class _Run:
    """A rebuild that was asked for."""

    table: Projection
    state: RebuildState = RebuildState.RUNNING
    began_at: datetime = field(default_factory=utc_now)
    ended_at: datetime | None = None
    passed: int = 0
    events: int = 0
    error: str = ""
    begun: asyncio.Event = field(default_factory=asyncio.Event)
    """It holds the lock of the builder and folds, or has failed."""
    busy: bool = False
    _since: float = field(default_factory=time.monotonic)
    _seconds: float = 0.0

    def report(self, progress: Progress) -> None:
        """Note its progress."""
        self.passed, self.events = progress.passed, progress.remaining
        self._seconds = time.monotonic() - self._since
        if progress.passed >= progress.remaining:
            self.state = RebuildState.SWAPPING
        self.begun.set()

    def end(self, error: str = "") -> None:
        """Note its end."""
        self.state = RebuildState.FAILED if error else RebuildState.DONE
        self.error, self.ended_at = error, utc_now()
        self._seconds = time.monotonic() - self._since
        self.begun.set()

    @property
    def summary(self) -> Rebuild:
        """Return its state."""
        return Rebuild(
            table=self.table.name,
            state=self.state,
            began_at=self.began_at,
            ended_at=self.ended_at,
            passed=self.passed,
            events=self.events,
            events_a_second=round(self.passed / self._seconds, 1) if self._seconds else 0.0,
            error=self.error,
        )


class Rebuilds:
    """The rebuilds of one process.

    A rebuild that ends with its process has left its shadow tables: the next one of the table resumes it.
    """

    def __init__(self, tables: ServiceTables, stream: EventStream) -> None:
        self.tables, self.stream = tables, stream
        self._runs = deque[_Run](maxlen=KEPT)
        self._asked = asyncio.Queue[_Run]()

    @property
    def known(self) -> Sequence[Rebuild]:
        """The rebuilds of this process, the latest first."""
        return [one.summary for one in self._runs]

    async def start(self, table: Projection) -> Rebuild:
        """Begin to rebuild a table; raise `Refused` if another process, or this one, builds or checks any."""
        if any(one.ended_at is None for one in self._runs):
            raise Refused("tables_busy", _BUSY)
        run = _Run(table)
        self._runs.appendleft(run)
        self._asked.put_nowait(run)
        with suppress(TimeoutError):
            async with asyncio.timeout(BEGIN_SECONDS):
                await run.begun.wait()
        if run.busy:
            self._runs.remove(run)
            raise Refused("tables_busy", _BUSY)
        return run.summary

    async def run(self) -> None:
        """Carry out what is asked for, until cancelled."""
        while True:
            heed_cancellation()
            await self._carry_out(await self._asked.get())

    async def _carry_out(self, run: _Run) -> None:
        name = run.table.name
        log.info("rebuild.began", table=name)
        try:
            await rebuilding.rebuild(self.tables, run.table, stream=self.stream, report=run.report)
        except TablesBusy as error:
            run.busy = not run.begun.is_set()
            run.end(with_advice(error))
        except (Transient, Poison, OSError, LookupError) as error:
            log.warning("rebuild.failed", table=name, error=repr(error))
            run.end(with_advice(error))
        except Exception as error:
            log.exception("rebuild.failed", table=name, error=type(error).__name__)
            run.end(f"{type(error).__name__}: see the log of the service")
        else:
            log.info("rebuild.done", table=name, events=run.passed)
            run.end()
