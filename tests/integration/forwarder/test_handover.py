"""Busy sessions are given to a worker that joins, a few at a time, and nothing is doubled or lost."""

from itertools import pairwise

from libs.events.values import Pacing, ResultClass
from services.forwarder.pool.leases import Leases
from services.forwarder.pool.pool import Pool
from tests.integration.forwarder.harness import ForwarderHarness
from tests.support.waiting import until

SESSIONS = 10


async def test_a_worker_that_joins_gets_half_of_the_busy_sessions(harness: ForwarderHarness) -> None:
    seats = await harness.seats(SESSIONS)
    groups = harness.groups(12 * SESSIONS, seats)
    cycle = await harness.begin(seats, groups, pacing=Pacing(delay_seconds=1.3))

    async def all_held(pool: Pool) -> bool:
        return len(pool.held) == SESSIONS

    async with harness.working(lease_seconds=6) as (first,):
        await until(lambda: all_held(first))
        steps = [SESSIONS]
        async with harness.working(lease_seconds=6) as (second,):

            async def shared() -> bool:
                if len(first.held) != steps[-1]:
                    steps.append(len(first.held))
                return len(second.held) == SESSIONS // 2

            await until(shared)
            assert len(first.held) == SESSIONS // 2
            assert min(steps) == SESSIONS // 2, "none came back, none too many was given"
            assert max(before - after for before, after in pairwise(steps)) <= 2
            assert await harness.finished(cycle) == {ResultClass.SENT: len(groups)}
    assert harness.copies(groups) == {1: len(groups)}
    assert {entry.outcome for entry in harness.sent()} == {"ok"}, "no send was made twice"
    assert not harness.telegram.held_twice()


async def test_a_session_is_given_up_only_if_another_worker_can_take_it(harness: ForwarderHarness) -> None:
    seats = await harness.seats(4)
    await harness.begin(seats, harness.groups(4, seats))
    first, second = (Leases(harness.engine, name, 5, most) for name, most in (("first", 100), ("second", 3)))
    held = await first.take([], [])
    await first.show(len(held))
    assert await first.surplus([]) == 0, "it is alone"
    await second.show(0)
    assert await first.surplus([]) == 2
    assert await first.surplus([held[0].lease.session]) == 1, "one is being given up already"
    await second.show(2)
    assert await first.surplus([]) == 1
    await second.show(3)
    assert await first.surplus([]) == 0
