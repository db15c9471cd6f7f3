"""Figures of the pool: the work that waits, and the workers that are alive."""

import asyncio
from collections import deque
from contextlib import suppress
from datetime import timedelta

from prometheus_client import Counter, Gauge

from libs.chassis.recent import Recent
from libs.events.forwarding import ForwardingFigures, WorkerFigures
from libs.eventsourcing import Engine, Sql
from libs.eventsourcing.background import heed_cancellation
from libs.eventsourcing.errors import StatementRejected, Transient

LOOK_SECONDS = 10.0
"""How often the metrics are updated."""
SAME_SECONDS = 1.0
"""For how long an answer is given again: questions cost one query a second at most."""
MINUTE = 60.0

PENDING = Gauge("adrelay_forwarder_sends_pending", "Sends of running cycles that are not done.")
CYCLES = Gauge("adrelay_forwarder_cycles_running", "Cycles that have not ended.")
OLDEST = Gauge("adrelay_forwarder_oldest_cycle_seconds", "The age of the oldest running cycle.")
WITHOUT_WORKER = Gauge(
    "adrelay_forwarder_sessions_without_worker", "Sessions with pending sends that no worker has leased."
)
RESTING = Gauge(
    "adrelay_forwarder_sessions_resting", "Sessions with pending sends that Telegram asked to pause."
)
WORKERS = Gauge("adrelay_forwarder_workers", "Workers that are alive.")

_FIGURES = """
with work as (
    select s.session, count(*) as sends, sum(c.delay_seconds + c.jitter_seconds / 2) as seconds
    from sends s join cycles c using (cycle) group by s.session
), seats as (
    select w.*, p.session is null or p.until < clock_timestamp() as waits,
           greatest(0, extract(epoch from k.rests_until - clock_timestamp())) as rest
    from work w left join pool.seats p using (session) left join clients k using (session)
)
select clock_timestamp() as at, coalesce(sum(sends), 0)::bigint as pending_sends,
       (select count(*) from cycles where running) as running_cycles,
       (select min(started_at) from cycles where running) as oldest_cycle,
       count(*) as sessions_with_work, count(*) filter (where waits) as sessions_without_worker,
       count(*) filter (where rest > 0) as sessions_resting,
       coalesce(max(seconds + least(coalesce(rest, 0), extract(epoch from $1::interval))), 0)::float8
           as paced_seconds
from seats
"""
_WORKERS = """
select w.worker, coalesce(w.sends_a_minute, 0)::float8 as sends_a_minute,
       (select count(*) from pool.seats p where p.worker = w.worker and p.until > clock_timestamp())
           as sessions
from pool.workers w where w.until > clock_timestamp() order by w.worker
"""


async def figures_of(sql: Sql, longest_wait: timedelta) -> ForwardingFigures:
    """Return the figures of now; a pause counts up to `longest_wait`, for then its groups are left out."""
    row = await sql.fetchrow(_FIGURES, longest_wait)
    workers = await sql.fetch(_WORKERS)
    found = {} if row is None else dict(row)
    return ForwardingFigures(**found, workers=tuple(WorkerFigures(**dict(one)) for one in workers))


class SendRate:
    """The sends of the last minute, from a counter that only grows."""

    def __init__(self) -> None:
        self._seen: deque[tuple[float, float]] = deque()

    def seen(self, total: float, at: float) -> float:
        """Return how many sends a minute there were, given the total, and the time in seconds."""
        self._seen.append((at, total))
        while len(self._seen) > 1 and self._seen[1][0] <= at - MINUTE:
            self._seen.popleft()
        since, before = self._seen[0]
        return 0.0 if at <= since else (total - before) * MINUTE / max(at - since, MINUTE)


def total_of(counter: Counter) -> float:
    """Return the sum of a counter over its labels."""
    samples = (sample for metric in counter.collect() for sample in metric.samples)
    return sum(sample.value for sample in samples if sample.name.endswith("_total"))


class FiguresOfPool:
    """Looks at the figures, for the metrics and for whoever asks."""

    def __init__(self, engine: Engine, longest_wait: timedelta) -> None:
        self._recent = Recent(
            lambda: engine.view(lambda sql: figures_of(sql, longest_wait)), seconds=SAME_SECONDS
        )

    async def run(self) -> None:
        """Update the metrics until cancelled."""
        while True:
            heed_cancellation()
            with suppress(Transient, StatementRejected):
                show(await self.now())
            await asyncio.sleep(LOOK_SECONDS)

    async def now(self) -> ForwardingFigures:
        """Return the figures, at most a second old."""
        return await self._recent.now()


def show(figures: ForwardingFigures) -> None:
    """Set the metrics."""
    PENDING.set(figures.pending_sends)
    CYCLES.set(figures.running_cycles)
    oldest = figures.oldest_cycle
    OLDEST.set(0 if oldest is None else (figures.at - oldest).total_seconds())
    WITHOUT_WORKER.set(figures.sessions_without_worker)
    RESTING.set(figures.sessions_resting)
    WORKERS.set(len(figures.workers))
