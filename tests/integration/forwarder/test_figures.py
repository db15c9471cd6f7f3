"""The figures of the pool: what waits, who works, and how long it takes."""

import asyncio
from datetime import timedelta

import pytest
from prometheus_client import REGISTRY

from libs.events.forwarding import ForwardingFigures, WorkerFigures
from libs.events.values import Pacing
from libs.eventsourcing.values import utc_now
from services.forwarder.pool.figures import PENDING, FiguresOfPool, SendRate, figures_of, show
from tests.integration.forwarder.harness import ForwarderHarness
from tests.support.waiting import until

WAIT = timedelta(seconds=5)
SLOW = Pacing(delay_seconds=20, jitter_seconds=10)


async def figures(harness: ForwarderHarness) -> ForwardingFigures:
    return await harness.engine.view(lambda sql: figures_of(sql, WAIT))


async def test_an_idle_pool_has_no_work(harness: ForwarderHarness) -> None:
    found = await figures(harness)
    assert (found.pending_sends, found.running_cycles, found.oldest_cycle) == (0, 0, None)
    assert (found.workers, found.seconds_to_empty) == ((), 0.0)


async def test_work_without_a_worker_is_counted_and_has_no_end(harness: ForwarderHarness) -> None:
    seats = await harness.seats(2)
    begun = utc_now()
    await harness.begin(seats, harness.groups(6, seats), pacing=SLOW)
    found = await figures(harness)
    assert (found.pending_sends, found.running_cycles) == (6, 1)
    assert (found.sessions_with_work, found.sessions_without_worker) == (2, 2)
    assert found.oldest_cycle is not None
    assert found.oldest_cycle >= begun
    assert found.paced_seconds == 3 * 25
    assert found.seconds_to_empty is None
    show(found)
    names = ("adrelay_forwarder_sends_pending", "adrelay_forwarder_sessions_without_worker")
    assert [REGISTRY.get_sample_value(name) for name in names] == [6, 2]


async def test_rests_are_counted(harness: ForwarderHarness) -> None:
    seats = await harness.seats(2)
    await harness.begin(seats, harness.groups(6, seats), pacing=SLOW)
    await harness.engine.query(
        lambda sql: sql.execute(
            "update clients set rests_until = clock_timestamp() + interval '1 hour' where session = $1",
            seats[0].session,
        )
    )
    found = await figures(harness)  # before a worker leaves out what rests too long
    assert (found.sessions_without_worker, found.sessions_resting) == (2, 1)
    assert found.paced_seconds == 3 * 25 + 5  # of the pause only what a cycle waits for


async def test_a_worker_is_counted_with_its_sessions(harness: ForwarderHarness) -> None:
    seats = await harness.seats(2)
    await harness.begin(seats, harness.groups(6, seats), pacing=SLOW)
    async with harness.working() as [pool]:

        async def leased() -> ForwardingFigures:
            return await figures(harness)

        found = await until(leased, lambda found: found.workers and found.workers[0].sessions == 2)
        assert [worker.worker for worker in found.workers] == [pool.name]
        assert found.sessions_without_worker == 0
        assert found.seconds_to_empty == found.paced_seconds


async def test_the_service_keeps_the_metrics_up(harness: ForwarderHarness) -> None:
    seats = await harness.seats(1)
    await harness.begin(seats, harness.groups(3, seats), pacing=SLOW)
    PENDING.set(0)
    updating = asyncio.create_task(FiguresOfPool(harness.engine, WAIT).run())

    async def shown() -> float | None:
        return REGISTRY.get_sample_value("adrelay_forwarder_sends_pending")

    await until(shown, lambda found: found == 3)
    updating.cancel()
    await asyncio.gather(updating, return_exceptions=True)


@pytest.mark.parametrize(("rate", "seconds"), [(0.0, 100.0), (6.0, 600.0), (6000.0, 100.0)])
def test_the_slower_of_sessions_and_workers_says_how_long_it_takes(rate: float, seconds: float) -> None:
    worker = WorkerFigures(worker="worker-1", sessions=1, sends_a_minute=rate)
    found = ForwardingFigures(
        at=utc_now(),
        pending_sends=60,
        running_cycles=1,
        oldest_cycle=utc_now(),
        sessions_with_work=1,
        sessions_without_worker=0,
        sessions_resting=0,
        paced_seconds=100.0,
        workers=(worker,),
    )
    assert found.seconds_to_empty == seconds


def test_the_rate_is_that_of_the_last_minute() -> None:
    rate = SendRate()
    assert rate.seen(10, 0) == 0
    assert rate.seen(20, 5) == 10
    assert rate.seen(40, 60) == 30
    assert rate.seen(40, 65) == 20
    assert rate.seen(40, 121) == 0
