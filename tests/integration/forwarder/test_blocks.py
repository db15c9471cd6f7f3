"""Sends that a seat began together: whatever happens in their midst, each group gets one post a cycle."""

from pathlib import Path

import pytest

from libs.events.forwarder import CycleAborted
from libs.events.values import CycleId, GroupRef, Pacing, ResultClass, Seat
from sandbox.telegram.specs import AccountState, FaultMoment, GroupSpec
from services.forwarder.settings import ForwarderSettings
from tests.integration.forwarder.crash_trial import PACING, SEND, Trial
from tests.integration.forwarder.harness import ForwarderHarness
from tests.support.waiting import until

BEFORE, AFTER = FaultMoment.BEFORE, FaultMoment.AFTER


@pytest.fixture
def trial(harness: ForwarderHarness, settings: ForwarderSettings, tmp_path: Path) -> Trial:
    return Trial(harness, settings, tmp_path)


async def resolved(trial: Trial, groups: int, *, seats: int = 1) -> tuple[list[Seat], list[GroupRef]]:
    """Return seats with groups whose names they know, each with one post."""
    trial.seats = await trial.harness.seats(seats)
    cycle = await trial.begin(groups)
    await trial.finish()
    return trial.seats, trial.cycles[cycle]


async def doubtful(harness: ForwarderHarness) -> int:
    return int(
        await harness.engine.query(
            lambda sql: sql.fetchval(
                "select count(*) from pool.attempts a join sends s on s.cycle = a.cycle and s.grp = a.grp "
                "where a.doubtful"
            )
        )
    )


async def check(harness: ForwarderHarness, cycle: CycleId, groups: list[GroupRef]) -> None:
    """Check that each group has got a second post, and that it is recorded once."""
    assert await harness.finished(cycle) == {ResultClass.SENT: len(groups)}
    harness.telegram.clear_faults()
    assert harness.copies(groups) == {2: len(groups)}
    assert set(await harness.deliveries(cycle)) == set(groups)
    assert not harness.telegram.held_twice()


@pytest.mark.parametrize(("moment", "arrived"), [(BEFORE, 2), (AFTER, 3)])
async def test_a_worker_killed_in_a_block_costs_no_post_and_repeats_none(
    trial: Trial, moment: FaultMoment, arrived: int
) -> None:
    harness = trial.harness
    seats, groups = await resolved(trial, 6)
    cycle = await harness.begin(seats, groups, pacing=PACING)
    fault = trial.hold(SEND, moment, after=2)
    async with trial.worker() as worker:
        await trial.held(fault)
        await worker.killed()
    assert trial.sends("ok") == 6 + arrived
    assert await doubtful(harness) == 6, "they were not begun together"
    await trial.expire_leases()
    async with harness.working():
        await harness.finished(cycle)
        assert trial.sends("repeat") == arrived
        await check(harness, cycle, groups)


async def test_a_block_that_is_begun_keeps_the_seat_from_sending_until_its_end(trial: Trial) -> None:
    harness = trial.harness
    seats, groups = await resolved(trial, 4)
    await harness.begin(seats, groups, pacing=Pacing(delay_seconds=10))
    fault = trial.hold(SEND, BEFORE, after=0)
    async with trial.worker():
        await trial.held(fault)
        pause = await harness.engine.query(
            lambda sql: sql.fetchval(
                "select extract(epoch from max(next_send_at) - clock_timestamp())::float8 from pool.seats"
            )
        )
    assert 3 * 10 < pause <= 4 * 10


async def test_a_cycle_that_is_stopped_in_a_block_gets_no_further_send(trial: Trial) -> None:
    harness = trial.harness
    seats, groups = await resolved(trial, 4)
    cycle = await harness.begin(seats, groups, pacing=Pacing(delay_seconds=1.1))
    fault = trial.hold(SEND, AFTER, after=0)
    async with harness.working():
        await trial.held(fault)
        assert await doubtful(harness) == 4, "they were not begun together"
        await harness.stop(cycle)
        harness.telegram.remove_fault(fault.id)
        later = await harness.begin(seats, groups, pacing=PACING)
        await harness.finished(later)
    assert isinstance(await harness.over(cycle), CycleAborted)
    assert len(await harness.deliveries(cycle)) == 1
    assert trial.sends("ok") == 4 + 1 + 4


async def test_a_pause_of_everything_stops_a_block_until_its_end(trial: Trial) -> None:
    harness = trial.harness
    seats, groups = await resolved(trial, 4)
    cycle = await harness.begin(seats, groups, pacing=Pacing(delay_seconds=1.1))
    fault = trial.hold(SEND, AFTER, after=0)
    async with harness.working():
        await trial.held(fault)
        await harness.engine.pool.execute("insert into pool.paused default values")
        harness.telegram.remove_fault(fault.id)

        async def given_back() -> bool:
            return await doubtful(harness) == 0

        await until(given_back)
        assert trial.sends("ok") == 4 + 1
        await harness.engine.pool.execute("delete from pool.paused")
        await check(harness, cycle, groups)


COUNT_BEGUN = """
create sequence begun;
create function count_begun() returns trigger language plpgsql as
    $$ begin perform nextval('begun'); return null; end $$;
create trigger count_begun after insert on pool.attempts for each row execute function count_begun();
"""
BREAK_ONCE = """
create sequence broken;
create function break_once() returns trigger language plpgsql as
    $$ begin if nextval('broken') = 1 then raise exception 'out of memory' using errcode = '53200'; end if;
    return new; end $$;
create trigger break_once before update of messages on pool.attempts for each statement
    execute function break_once();
"""


async def test_after_an_error_of_the_database_the_rest_of_a_block_is_begun_anew(trial: Trial) -> None:
    harness = trial.harness
    seats, groups = await resolved(trial, 4)
    await harness.engine.pool.execute(COUNT_BEGUN)
    cycle = await harness.begin(seats, groups, pacing=Pacing(delay_seconds=1.1))
    fault = trial.hold(SEND, AFTER, after=0)
    async with harness.working():
        await trial.held(fault)
        await harness.engine.pool.execute(BREAK_ONCE)
        harness.telegram.remove_fault(fault.id)
        await check(harness, cycle, groups)
    assert await harness.engine.pool.fetchval("select last_value from begun") == 4 + 3


async def test_a_seat_that_must_wait_makes_no_further_send_of_its_block(trial: Trial) -> None:
    harness = trial.harness
    seats, groups = await resolved(trial, 5)
    harness.telegram.clear_journal()
    fault = trial.hold(SEND, AFTER, after=1)
    cycle = await harness.begin(seats, groups, pacing=PACING)
    async with harness.working():
        await trial.held(fault)
        harness.fail("FLOOD_WAIT_2", seats[0], times=1)
        harness.telegram.remove_fault(fault.id)
        await check(harness, cycle, groups)
    calls = harness.sent()
    (refused,) = [number for number, call in enumerate(calls) if call.outcome != "ok"]
    assert refused == 2
    assert calls[refused + 1].monotonic - calls[refused].monotonic >= 2


async def test_the_sends_that_a_lost_session_had_only_begun_are_another_seats(trial: Trial) -> None:
    harness = trial.harness
    seats, groups = await resolved(trial, 8, seats=2)
    cycle = await harness.begin(seats, groups, pacing=PACING)
    fault = trial.hold(SEND, AFTER, after=1)
    async with harness.working():
        await trial.held(fault)
        harness.telegram.set_account_state(trial.account, AccountState.BANNED)
        harness.telegram.remove_fault(fault.id)
        await check(harness, cycle, groups)


async def test_a_worker_that_stops_in_a_block_gives_the_rest_back(trial: Trial) -> None:
    harness = trial.harness
    seats, groups = await resolved(trial, 4)
    harness.telegram.clear_journal()
    fault = trial.hold(SEND, AFTER, after=0)
    cycle = await harness.begin(seats, groups, pacing=Pacing(delay_seconds=3))
    async with harness.working():
        await trial.held(fault)
        assert await doubtful(harness) == 4, "they were not begun together"
        harness.telegram.remove_fault(fault.id)
    assert await doubtful(harness) == 0
    async with harness.working():
        await check(harness, cycle, groups)
    first, second = [entry.monotonic for entry in harness.sent()][:2]
    assert 2.95 <= second - first < 3 * 3, "the pauses of what was given back are left out"


async def test_two_references_to_one_group_in_a_block_get_one_post(trial: Trial) -> None:
    harness = trial.harness
    seats = await harness.seats(1)
    (name,) = harness.groups(1, seats, GroupSpec())
    groups = [name, f"-100{harness.chat_id(name)}"]
    async with harness.working():
        for copies in (1, 2):
            cycle = await harness.begin(seats, groups, pacing=PACING)
            counts = await harness.finished(cycle)
            assert counts == {ResultClass.SENT: 1, ResultClass.ALREADY_SENT: 1}
            assert harness.copies([name]) == {copies: 1}
