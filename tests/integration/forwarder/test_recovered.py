"""A worker dies with outcomes that it has not recorded, and its cycle ends before another can ask again."""

from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from libs.events.forwarder import CycleAborted
from libs.events.values import CycleId, ResultClass
from sandbox.telegram.specs import FaultMoment
from services.forwarder.cycle.commands import MAY_HAVE_ARRIVED
from services.forwarder.pool.following import RetryLimits
from services.forwarder.pool.leases import Leases
from services.forwarder.pool.queue import Queue
from services.forwarder.pool.recording import Recorder
from services.forwarder.pool.sweeping import sweep
from services.forwarder.settings import ForwarderSettings
from tests.integration.forwarder.crash_trial import SEND, Trial
from tests.integration.forwarder.harness import ForwarderHarness

End = Callable[[Trial, CycleId], Awaitable[None]]


async def stop(trial: Trial, cycle: CycleId) -> None:
    await trial.harness.stop(cycle)


async def break_source(trial: Trial, cycle: CycleId) -> None:
    """Let another worker find that the post is gone."""
    del cycle
    harness = trial.harness
    await trial.expire_leases()
    (held,) = await Leases(harness.engine, "other", 60.0, 10).take([], [])
    send = (await Queue(harness.engine, held.lease).next([])).send
    assert send is not None
    limits = RetryLimits.of(harness.settings)
    await Recorder(harness.engine, held.lease, limits, "").break_source(send, "MESSAGE_ID_INVALID")


@pytest.mark.parametrize("end", [stop, break_source])
async def test_what_had_arrived_counts_as_sent_and_what_is_in_doubt_is_said(
    harness: ForwarderHarness, settings: ForwarderSettings, tmp_path: Path, end: End
) -> None:
    trial = Trial(harness, settings, tmp_path)
    cycle = await trial.begin()
    fault = trial.hold(SEND, FaultMoment.AFTER, after=2)
    async with trial.worker() as worker:
        await trial.held(fault)
        await worker.killed()
    await end(trial, cycle)
    over = await harness.over(cycle)
    assert isinstance(over, CycleAborted)
    assert over.counts == {ResultClass.SENT: 2, ResultClass.STOPPED: 3}
    await sweep(harness.engine)
    assert await trial.recorded() == 2, "its worker may live"
    await trial.expire_leases()
    for _ in range(2):
        await sweep(harness.engine)
    deliveries = [(await harness.deliveries(cycle)).get(group) for group in trial.groups]
    assert [one and (one.result, one.error) for one in deliveries] == [
        *[(ResultClass.SENT, "")] * 2,
        (ResultClass.UNKNOWN, MAY_HAVE_ARRIVED),
        *[None] * 2,
    ]
    sent = [one for one in deliveries if one is not None and one.messages]
    assert [one.messages for one in sent] == [(harness.messages(one.group)[0].id,) for one in sent]
    await harness.check_that_the_cycle_caused(f"cycle-{cycle}", cycle)
    assert await harness.engine.pool.fetchval("select count(*) from pool.attempts") == 0
