"""The peer, pyeventsourcing on PostgreSQL, in a process of its own.

`python -m bench.peer append THREADS SECONDS`, `read EVENTS`, `project SECONDS`: prints events per second.
"""
# the library's own types are partly unknown
# pyright: basic

import sys
import threading
import time

from eventsourcing.application import Application
from eventsourcing.domain import Aggregate, event
from eventsourcing.persistence import Tracking
from eventsourcing.postgres import PostgresTrackingRecorder
from eventsourcing.projection import Projection, ProjectionRunner

PAD = "y" * 240


class Account(Aggregate):
    """An account."""

    @event("Opened")
    def __init__(self, pad: str) -> None:
        self.pad = pad


class Ledger(Application):  # type: ignore[type-arg]
    """The peer's application."""


def append(threads: int, seconds: float) -> float:
    """Return how many one-event aggregates are saved per second."""
    ledger = Ledger()
    counts = [0] * threads
    end = time.perf_counter() + seconds

    def run(number: int) -> None:
        while time.perf_counter() < end:
            ledger.save(Account(PAD))
            counts[number] += 1

    begin = time.perf_counter()
    workers = [threading.Thread(target=run, args=(number,)) for number in range(threads)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    return sum(counts) / (time.perf_counter() - begin)


def read(events: int) -> float:
    """Return how many events are selected and decoded per second."""
    ledger = Ledger()
    for _ in range(0, events, 100):
        ledger.save(*[Account(PAD) for _ in range(100)])
    begin, start, got = time.perf_counter(), 1, 0
    while found := ledger.recorder.select_notifications(start=start, limit=1000):
        for notification in found:
            ledger.mapper.to_domain_event(notification)
        got += len(found)
        start = found[-1].id + 1
    assert got == events
    return got / (time.perf_counter() - begin)


class View(PostgresTrackingRecorder):
    """A read model that only tracks."""

    def bump(self, tracking: Tracking) -> None:
        """Store the tracking in a transaction of its own."""
        with (
            self.datastore.get_connection() as connection,
            connection.transaction(),
            connection.cursor() as cursor,
        ):
            self._insert_tracking(cursor, tracking)


class Balances(Projection[View]):
    """Tracks every event."""

    name = "balances"
    topics = ()

    def process_event(self, domain_event: object, tracking: Tracking) -> None:
        """Count the event."""
        del domain_event
        HANDLED.append(1)
        self.view.bump(tracking)


HANDLED: list[int] = []


def project(seconds: float) -> float:
    """Return how many events the runner projects per second."""
    ledger = Ledger()
    for _ in range(200):
        ledger.save(*[Account(PAD) for _ in range(100)])
    begin = time.perf_counter()
    with ProjectionRunner(application_class=Ledger, projection_class=Balances, view_class=View):
        time.sleep(seconds)
        return len(HANDLED) / (time.perf_counter() - begin)


def main() -> None:
    """Measure as the command line says."""
    what, *arguments = sys.argv[1:]
    match what:
        case "append":
            print(append(int(arguments[0]), float(arguments[1])))
        case "read":
            print(read(int(arguments[0])))
        case _:
            print(project(float(arguments[0])))


if __name__ == "__main__":
    main()
