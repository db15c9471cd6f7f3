"""Metrics of a service's store: whether an open transaction holds its events back."""

import asyncio
import time
from collections.abc import Awaitable, Callable

import structlog
from prometheus_client import Gauge

from libs.eventsourcing.cancelling import heed_cancellation
from libs.eventsourcing.engine import Engine
from libs.eventsourcing.postgres import DATABASE_TROUBLE
from libs.eventsourcing.projection import Sql

log = structlog.stdlib.get_logger()

LOOK_SECONDS = 2.0
ALARM_SECONDS = 10.0
HELD_BACK_COUNTED = 10_000

XMIN_AGE = Gauge(
    "adrelay_store_xmin_age_seconds",
    "How long the oldest writing transaction of the database cluster is open, which holds the relay back.",
    ["service"],
)
HELD_BACK = Gauge(
    "adrelay_store_events_held_back",
    f"Committed events that an open transaction keeps from being relayed; {HELD_BACK_COUNTED} at most.",
    ["service"],
)

_LOOK = """
select pg_snapshot_xmin(now.snapshot)::text::bigint as oldest,
       pg_snapshot_xmax(now.snapshot)::text::bigint as next,
       (select count(*) from (
            select from engine.events where xid >= engine.horizon() limit $1
       ) as held) as held_back
from (select pg_current_snapshot() as snapshot) as now
"""


class XminAge:
    """How long the oldest transaction has been the same one; needs no right to look into other sessions."""

    def __init__(self) -> None:
        self._oldest = 0
        self._since = 0.0

    def seen(self, oldest: int, following: int, at: float) -> float:
        """Return the age in seconds, given the oldest open xid, the next to be given, and the time now."""
        if oldest == following:  # none is open
            self._oldest = 0
            return 0.0
        if oldest != self._oldest:
            self._oldest, self._since = oldest, at
        return at - self._since


async def look(sql: Sql, age: XminAge, service: str) -> None:
    """Set the metrics of a store."""
    row = await sql.fetchrow(_LOOK, HELD_BACK_COUNTED)
    if row is None:
        return
    seconds = age.seen(row["oldest"], row["next"], time.monotonic())
    XMIN_AGE.labels(service).set(seconds)
    HELD_BACK.labels(service).set(row["held_back"])
    if seconds > ALARM_SECONDS:
        log.warning("store.held_back", seconds=round(seconds), events=row["held_back"])


def watch(engine: Engine, task: Callable[[str, Callable[[], Awaitable[None]]], None]) -> None:
    """Have a task of the service keep the metrics of its store."""
    age = XminAge()

    async def keep() -> None:
        while True:
            heed_cancellation()
            try:
                await engine.query(lambda sql: look(sql, age, engine.service))
            except DATABASE_TROUBLE as trouble:
                log.debug("store.unseen", error=repr(trouble))
            await asyncio.sleep(LOOK_SECONDS)

    task("store metrics", keep)
