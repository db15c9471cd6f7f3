"""A worker is killed at every point of its work: each group gets the post once, and is recorded once."""

import signal
from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from libs.events.forwarder import CycleAborted
from libs.events.values import Pacing, ResultClass
from sandbox.telegram.specs import AccountState, FaultMoment
from services.forwarder.cycle.commands import MAY_HAVE_ARRIVED
from services.forwarder.settings import ForwarderSettings
from tests.integration.forwarder.crash_trial import RESOLVE, SEND, Trial
from tests.integration.forwarder.harness import ForwarderHarness
from tests.support.waiting import until

BEFORE, AFTER = FaultMoment.BEFORE, FaultMoment.AFTER
REQUIRE_LEASE = "select true from pool.seats%for share"
RECORD = "delete from sends%"
RELEASE_LEASE = "update pool.seats set until = '-infinity'%"


@pytest.fixture
def trial(harness: ForwarderHarness, settings: ForwarderSettings, tmp_path: Path) -> Trial:
    return Trial(harness, settings, tmp_path)


@dataclass(frozen=True)
class Held:
    """A call at the server, at which a worker is killed. `delivered`, `recorded`: the groups until then.

    `stored`: the groups whose posts are known to have arrived, though that is not recorded.
    """

    method: str
    moment: FaultMoment
    after: int
    delivered: int
    recorded: int = 0
    stored: int = 0
    batch_size: int = 20


HELD = {
    "after the lease was taken": Held(RESOLVE, BEFORE, 0, delivered=0),
    "before the first send arrives": Held(SEND, BEFORE, 0, delivered=0),
    "before the answer to the first send": Held(SEND, AFTER, 0, delivered=1),
    "before another send arrives": Held(SEND, BEFORE, 2, delivered=2, stored=2),
    "before the answer to another send": Held(SEND, AFTER, 2, delivered=3, stored=2),
    "after one answer": Held(RESOLVE, BEFORE, 2, delivered=1),
    "after three answers": Held(RESOLVE, BEFORE, 4, delivered=3, stored=2),
    "after a batch was recorded": Held(RESOLVE, BEFORE, 3, delivered=2, recorded=2, batch_size=2),
    "before an answer behind a recorded batch": Held(SEND, AFTER, 2, delivered=3, recorded=2, batch_size=2),
    "after an answer behind a recorded batch": Held(
        RESOLVE, BEFORE, 4, delivered=3, recorded=2, batch_size=2
    ),
}


@pytest.mark.parametrize("point", HELD.values(), ids=HELD)
async def test_a_worker_killed_while_it_calls_telegram_costs_no_post_and_repeats_none(
    trial: Trial, point: Held
) -> None:
    await trial.begin()
    fault = trial.hold(point.method, point.moment, after=point.after)
    async with trial.worker(batch_size=point.batch_size) as worker:
        await trial.held(fault)
        await worker.killed()
    assert (trial.delivered(), await trial.recorded()) == (point.delivered, point.recorded)
    await trial.finish()
    # what had been sent and not stored was asked for again, and not written again
    assert trial.sends("repeat") == point.delivered - point.recorded - point.stored
    await trial.check()


async def test_a_send_that_arrives_after_its_repetition_writes_nothing(trial: Trial) -> None:
    await trial.begin()
    fault = trial.hold(SEND, BEFORE, after=1)
    async with trial.worker() as worker:
        await trial.held(fault)
        await worker.killed()
    await trial.finish()
    repeated = trial.sends("repeat")
    trial.harness.telegram.remove_fault(fault.id)
    assert trial.sends("repeat") == repeated + 1
    await trial.check()


@asynccontextmanager
async def full_batch(trial: Trial) -> AsyncGenerator[None]:
    """Kill a worker whose batch is full before it can record it."""
    fault = trial.hold(SEND, AFTER, after=2)
    async with trial.worker(batch_size=3) as worker:
        await trial.held(fault)
        async with trial.locked("select 1 from pool.seats for update"):
            trial.harness.telegram.remove_fault(fault.id)
            await trial.blocked(REQUIRE_LEASE)
            await worker.killed()
            yield


@asynccontextmanager
async def recording(trial: Trial, batch_size: int, last: int) -> AsyncGenerator[None]:
    """Kill a worker in the transaction that records; the row of this group is locked."""
    async with (
        trial.locked("select 1 from sends where grp = $1 for update", trial.groups[last]),
        trial.worker(batch_size=batch_size) as worker,
    ):
        await trial.blocked(RECORD)
        await worker.killed()
        yield


Kill = Callable[[Trial], AbstractAsyncContextManager[None]]
IN_A_TRANSACTION: dict[str, Kill] = {
    "a full batch is due": full_batch,
    "a batch is recorded": lambda trial: recording(trial, 3, 0),
    "the end of the share is recorded": lambda trial: recording(trial, 20, -1),
}


@pytest.mark.parametrize("kill", IN_A_TRANSACTION.values(), ids=IN_A_TRANSACTION)
async def test_a_worker_killed_before_its_transaction_commits_has_recorded_nothing(
    trial: Trial, kill: Kill
) -> None:
    await trial.begin()
    async with kill(trial):
        delivered = trial.delivered()
        assert delivered >= 3
        assert await trial.recorded() == 0
    await trial.finish()
    assert trial.sends("repeat") == 1, "all but the last were stored when the next one was begun"
    await trial.check()


async def test_a_worker_killed_while_its_transaction_commits_has_recorded_all(trial: Trial) -> None:
    await trial.begin()
    async with trial.commits_held(), trial.worker(batch_size=3) as worker:
        await trial.blocked("commit%")
        await worker.killed()
        assert (trial.delivered(), await trial.recorded()) == (3, 0)
    await until(trial.recorded)
    await trial.finish()
    assert trial.sends("repeat") == 0
    await trial.check()


async def test_a_worker_killed_while_it_records_before_it_stops_has_recorded_nothing(trial: Trial) -> None:
    await trial.begin(2, pacing=Pacing(delay_seconds=3))  # in the pause only a stop makes it record
    async with (
        trial.locked("select 1 from sends where grp = $1 for update", trial.groups[0]),
        trial.worker() as worker,
    ):
        await trial.until_delivered(1)
        worker.send_signal(signal.SIGTERM)
        await trial.blocked(RECORD)
        await worker.killed()
    assert (trial.delivered(), await trial.recorded()) == (1, 0)
    await trial.finish()
    assert trial.sends("repeat") == 1
    await trial.check()


async def test_a_worker_killed_before_it_gives_up_its_lease_has_recorded_all(trial: Trial) -> None:
    await trial.begin()
    fault = trial.hold(SEND, AFTER, after=4)
    async with trial.worker() as worker:
        await trial.held(fault)
        async with trial.locked("select 1 from pool.seats for share"):
            worker.send_signal(signal.SIGTERM)
            trial.harness.telegram.remove_fault(fault.id)
            await trial.blocked(RELEASE_LEASE)
            await worker.killed()
    assert (trial.delivered(), await trial.recorded()) == (5, 5)
    await trial.begin()
    await trial.finish()
    assert trial.sends("repeat") == 0
    await trial.check()


@pytest.mark.parametrize("moment", ["unrecorded", "being recorded"])
async def test_a_worker_killed_with_outcomes_of_two_adbots_costs_neither_a_post(
    trial: Trial, moment: str
) -> None:
    await trial.begin(2)
    await trial.begin(3)
    if moment == "unrecorded":
        fault = trial.hold(RESOLVE, BEFORE, after=5)  # each adbot's source, and three groups
        async with trial.worker() as worker:
            await trial.held(fault)
            await worker.killed()
    else:
        async with recording(trial, 20, -1):
            pass
    delivered = trial.delivered()
    assert (delivered, await trial.recorded()) == (3 if moment == "unrecorded" else 5, 0)
    await trial.finish()
    assert trial.sends("repeat") == 1, "all but the last were stored when the next one was begun"
    await trial.check()


async def test_posts_delivered_before_a_stop_are_recorded_though_the_cycle_is_over(trial: Trial) -> None:
    cycle = await trial.begin()
    fault = trial.hold(SEND, AFTER, after=2)
    async with trial.worker():
        await trial.held(fault)
        await trial.harness.stop(cycle)
        trial.harness.telegram.remove_fault(fault.id)

        async def all_recorded() -> bool:
            return await trial.recorded() == 3

        await until(all_recorded)
    assert isinstance(await trial.harness.over(cycle), CycleAborted)
    assert (trial.delivered(), await trial.recorded(), trial.sends("ok")) == (3, 3, 3)


async def test_a_cycle_stopped_when_its_worker_was_killed_sends_nothing_more(trial: Trial) -> None:
    stopped_cycle = await trial.begin()
    fault = trial.hold(RESOLVE, BEFORE, after=4)
    async with trial.worker() as worker:
        await trial.held(fault)
        await worker.killed()
    await trial.harness.stop(stopped_cycle)
    later = await trial.begin(2)
    await trial.finish([later])
    assert (trial.delivered(), trial.sends("ok"), trial.sends("repeat")) == (3 + 2, 3 + 2, 0)


async def test_a_session_lost_after_its_worker_was_killed_leaves_no_doubtful_group_to_another(
    trial: Trial,
) -> None:
    cycle = await trial.begin(8, seats=2)
    fault = trial.hold(SEND, AFTER, after=2)
    async with trial.worker() as worker:
        await trial.held(fault)
        await worker.killed()
    trial.harness.telegram.set_account_state(trial.account, AccountState.BANNED)
    await trial.expire_leases()
    async with trial.harness.working():
        counts = await trial.harness.finished(cycle)
    # of the third of its groups only this session could find out whether it has the post
    assert counts == {ResultClass.SENT: 7, ResultClass.UNKNOWN: 1}
    doubts = [one.error for one in (await trial.harness.deliveries(cycle)).values() if one.error]
    assert doubts == [MAY_HAVE_ARRIVED]
    assert trial.harness.copies(trial.groups) == {1: 8}


async def test_a_frozen_worker_with_unrecorded_outcomes_neither_records_nor_sends(trial: Trial) -> None:
    trial.settings = trial.settings.model_copy(update={"lease_seconds": 5.0})
    await trial.begin(8)
    fault = trial.hold(RESOLVE, BEFORE, after=4)
    async with trial.worker() as first:
        await trial.held(fault)
        first.send_signal(signal.SIGSTOP)
        await until(trial.lease_expired)
        answer = trial.hold(SEND, AFTER, after=3)
        async with trial.worker(batch_size=2):
            await trial.held(answer)
            assert (trial.delivered(), await trial.recorded()) == (6, 4)
            first.send_signal(signal.SIGCONT)

            async def noticed() -> bool:
                return "seat.lost" in first.output() or "seat.abandoned" in first.output()

            await until(noticed)
            assert await first.stopped() == 0
            assert (trial.delivered(), await trial.recorded()) == (6, 4)
            trial.harness.telegram.remove_fault(answer.id)
            for cycle in trial.cycles:
                await trial.harness.finished(cycle)
    assert trial.sends("repeat") == 1
    await trial.check()
