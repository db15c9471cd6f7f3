"""The operator's switches take effect on cycles that run, and on those that were decided before."""

from libs.events.forwarder import AbortReason, CycleAborted
from libs.events.scheduler import AllPaused, AllResumed, TargetBlocked, TargetUnblocked
from libs.events.values import ResultClass
from tests.integration.forwarder.system import System
from tests.support.waiting import until

STREAM = "operations"


async def sends(system: System, count: int) -> None:
    async def enough() -> bool:
        return len(system.harness.sent()) >= count

    await until(enough)


async def test_a_group_that_is_blocked_in_mid_cycle_gets_nothing_more(system: System) -> None:
    harness = system.harness
    seats = await harness.seats(1)
    groups = harness.groups(30, seats)
    due = system.due(seats, groups)
    await system.publish("schedule", due)
    await sends(system, 2)
    last = groups[-1]
    await system.publish(STREAM, TargetBlocked(target=last, reason="its owner asks"))
    assert await harness.finished(due.cycle) == {ResultClass.SENT: 29, ResultClass.STOPPED: 1}
    delivery = (await harness.deliveries(due.cycle))[last]
    assert (delivery.session, delivery.error) == (None, "TARGET_BLOCKED")
    assert harness.copies(groups) == {1: 29, 0: 1}
    assert not harness.messages(last)


async def test_a_cycle_that_was_decided_before_a_block_leaves_the_group_out(system: System) -> None:
    """Also where the group is written in another way, and with a topic, once a session has resolved it."""
    harness = system.harness
    seats = await harness.seats(1)
    groups = harness.groups(3, seats)
    first = system.due(seats, groups)
    await system.publish("schedule", first)
    await harness.finished(first.cycle)
    by_id = f"{harness.chat(groups[0]).marked_id}"
    await system.publish(STREAM, TargetBlocked(target=by_id, reason="its owner asks"))
    second = system.due(seats, groups)
    await system.publish("schedule", second)
    assert await harness.finished(second.cycle) == {ResultClass.SENT: 2, ResultClass.STOPPED: 1}
    await system.publish(STREAM, TargetUnblocked(target=by_id, reason="it may be posted to again"))
    third = system.due(seats, groups)
    await system.publish("schedule", third)
    assert await harness.finished(third.cycle) == {ResultClass.SENT: 3}
    assert [len(harness.messages(group)) for group in groups] == [2, 3, 3]


async def test_a_pause_ends_running_cycles_and_begins_none_until_its_end(system: System) -> None:
    harness = system.harness
    seats = await harness.seats(1)
    groups = harness.groups(30, seats)
    due = system.due(seats, groups)
    await system.publish("schedule", due)
    await sends(system, 2)
    await system.publish(STREAM, AllPaused(reason="maintenance"))
    end = await harness.over(due.cycle)
    assert isinstance(end, CycleAborted)
    assert end.reason is AbortReason.STOPPED
    on_its_way = system.due(seats, groups)
    await system.publish("schedule", on_its_way)
    assert isinstance(await harness.over(on_its_way.cycle), CycleAborted)
    await system.publish(STREAM, AllResumed(reason="it is over"))
    few = system.due(seats, groups[:2])
    await system.publish("schedule", few)
    assert await harness.finished(few.cycle) == {ResultClass.SENT: 2}
    assert not [message for group in groups[15:] for message in harness.messages(group)]
