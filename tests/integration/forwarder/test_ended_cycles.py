"""What remains of a cycle that has ended: its events, and nothing in the tables of running work."""

from datetime import timedelta

import pytest

from libs.events.forwarder import CycleAborted, CycleStarted, DeliveriesRecorded
from libs.events.values import Pacing, ResultClass
from libs.eventsourcing import Engine
from services.forwarder.pool.sweeping import sweep
from tests.integration.forwarder.harness import ForwarderHarness
from tests.support.waiting import until

COUNTS = """
select (select count(*) from cycles) as cycles, (select count(*) from sends) as sends,
       (select count(*) from pool.claims) as claims, (select count(*) from pool.attempts) as attempts
"""


async def rows(engine: Engine) -> dict[str, int]:
    return dict(await engine.pool.fetchrow(COUNTS) or {})


async def test_a_finished_cycle_leaves_no_rows(harness: ForwarderHarness, engine: Engine) -> None:
    seats = await harness.seats(2)
    cycle = await harness.begin(seats, harness.groups(4, seats))
    assert (await rows(engine))["cycles"] == 1
    async with harness.working():
        assert await harness.finished(cycle) == {ResultClass.SENT: 4}
    await sweep(engine)
    assert set((await rows(engine)).values()) == {0}


async def test_what_is_recorded_after_a_stop_belongs_to_the_cycle_that_began_it(
    harness: ForwarderHarness, engine: Engine
) -> None:
    seats = await harness.seats(1)
    groups = harness.groups(2, seats)
    async with harness.working(batch_seconds=60.0):
        cycle = await harness.begin(seats, groups, pacing=Pacing(delay_seconds=60))

        async def one_sent() -> bool:
            return harness.copies(groups) == {1: 1, 0: 1}

        await until(one_sent)
        await harness.stop(cycle)
        assert (await rows(engine))["cycles"] == 0
    history = await harness.history(f"cycle-{cycle}")
    assert [type(one.event) for one in history] == [CycleStarted, CycleAborted, DeliveriesRecorded]
    await harness.check_that_the_cycle_caused(f"cycle-{cycle}", cycle)


async def test_rows_that_earlier_versions_kept_are_deleted(
    harness: ForwarderHarness, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.forwarder.pool.sweeping.AT_ONCE", 2)
    seats = await harness.seats(1)
    running = await harness.begin(seats, harness.groups(1, seats))
    await engine.pool.execute(
        "insert into cycles select gen_random_uuid(), adbot, false, started_at, started_by, correlation_id, "
        "post, delay_seconds, jitter_seconds, options from cycles, generate_series(1, 5)"
    )
    await sweep(engine)
    assert [row["cycle"] for row in await engine.pool.fetch("select cycle from cycles")] == [running]


async def test_a_worker_that_was_killed_is_forgotten_after_a_day(engine: Engine) -> None:
    await engine.pool.executemany(
        "insert into pool.workers values ($1, now() - $2::interval)",
        [("killed", timedelta(hours=25)), ("late", timedelta(hours=23))],
    )
    await sweep(engine)
    assert [row["worker"] for row in await engine.pool.fetch("select worker from pool.workers")] == ["late"]
