"""Metrics of a service's store: events held back, and a stalled relay."""

import asyncio
import time
from collections.abc import Awaitable, Callable

import structlog
from prometheus_client import Gauge

from libs.eventsourcing import Engine, Relay, Sql
from libs.eventsourcing.background import heed_cancellation
from libs.eventsourcing.errors import StatementRejected, Transient
from libs.eventsourcing.operations import (
    RelayTrouble,
    WaitingEvents,
    held_back,
    relay_trouble,
    waiting_events,
)
from libs.eventsourcing.values import Cursor

log = structlog.stdlib.get_logger()

STORE_METRICS = "store metrics"
"""The name of the task."""
LOOK_SECONDS = 5.0
"""How often it is looked, in seconds."""
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

WAITING = Gauge(
    "adrelay_relay_events_waiting",
    f"Events that the active relay could publish and has not; {HELD_BACK_COUNTED} at most.",
    ["service"],
)
WAITING_AGE = Gauge(
    "adrelay_relay_waiting_seconds",
    "How long the oldest event that waits for the active relay has been the same one.",
    ["service"],
)
STALL_SECONDS = 10.0
"""How long events may wait for the relay before the service is not ready, in seconds.

A broker's restart, a relay's take-over and the longest attempt to publish with the delay before it (5 s and 2
s) are shorter.
"""


class XminAge:
    """Measures how long the oldest transaction is the same one, without the right to see other sessions."""

    def __init__(self) -> None:
        self._oldest = 0
        self._since = 0.0
        self.seconds = 0.0
        """Its age as of the last poll."""

    def seen(self, oldest: int, following: int, at: float) -> float:
        """Return its age in seconds, given the oldest open xid, the next xid, and the time."""
        if oldest == following:  # no transaction is open
            self._oldest, self.seconds = 0, 0.0
            return self.seconds
        if oldest != self._oldest:
            self._oldest, self._since = oldest, at
        self.seconds = at - self._since
        return self.seconds


async def look(sql: Sql, age: XminAge, service: str) -> None:
    """Update the metrics of a store."""
    held = await held_back(sql, counted=HELD_BACK_COUNTED)
    seconds = age.seen(held.oldest, held.following, time.monotonic())
    XMIN_AGE.labels(service).set(seconds)
    HELD_BACK.labels(service).set(held.events)
    if seconds > ALARM_SECONDS:
        log.warning("store.held_back", seconds=round(seconds), events=held.events)


class RelayWatch:
    """Tells an idle relay from one that can't publish."""

    def __init__(self, relay: Relay) -> None:
        self._relay = relay
        self._first: Cursor | None = None
        self._since = 0.0
        self._problem: str | None = None
        self.oldest_transaction = XminAge()
        self.stalled_seconds = 0.0
        """How long the oldest event that waits has been the same one, as of the last poll; else 0."""

    async def problem(self) -> str | None:
        """Return why events wait for too long, as of the last poll; None if they don't."""
        return self._problem

    async def look(self, sql: Sql, service: str) -> None:
        """Update the metrics of a relay, and its problem."""
        now = time.monotonic()
        waiting: WaitingEvents | None = None
        if self._relay.knows:
            waiting = await waiting_events(sql, self._relay.published, counted=HELD_BACK_COUNTED)
        first = None if waiting is None else waiting.first
        if first != self._first:
            self._first, self._since = first, now
        self.stalled_seconds = stalled = 0.0 if first is None else now - self._since
        WAITING.labels(service).set(0 if waiting is None else waiting.events)
        WAITING_AGE.labels(service).set(stalled)
        trouble = await relay_trouble(sql, self._relay.stream)
        if waiting is None and self._relay.knows:
            trouble = None  # there is nothing to publish
        unknown = trouble is not None and not self._relay.knows and trouble.seconds >= STALL_SECONDS
        self._problem = None
        if unknown or stalled >= STALL_SECONDS:
            self._problem = _stall(waiting, trouble)
            if unknown and trouble is not None:
                self.stalled_seconds = trouble.seconds
            log.error("relay.stalled", problem=self._problem)


def _stall(waiting: WaitingEvents | None, trouble: RelayTrouble | None) -> str:
    """Return a text: how many events wait, since when, and why."""
    what = "it is not known which events wait"
    if waiting is not None:
        what = f"{waiting.events} events wait to be published, the oldest for {waiting.seconds:.0f} s"
    if trouble is None:
        return f"{what}; no error was seen"
    return f"{what}; for {trouble.seconds:.0f} s: {trouble.error}"


def watch(
    engine: Engine, relay: Relay, task: Callable[[str, Callable[[], Awaitable[None]]], None]
) -> RelayWatch:
    """Run a task that updates the metrics of the service's store, and return the relay's state."""
    watched = RelayWatch(relay)

    async def everything(sql: Sql) -> None:
        await look(sql, watched.oldest_transaction, engine.service)
        await watched.look(sql, engine.service)

    async def keep() -> None:
        while True:
            heed_cancellation()
            try:
                await engine.query(everything)
            except (Transient, StatementRejected) as trouble:
                log.debug("store.unseen", error=repr(trouble))
            await asyncio.sleep(LOOK_SECONDS)

    task(STORE_METRICS, keep)
    return watched
