"""The operator's switches take effect on cycles that run, and on those that were decided before."""

from libs.events.forwarder import AbortReason, CycleAborted
from libs.events.scheduler import AllPaused, AllResumed, TargetBlocked, TargetUnblocked
from libs.events.values import GroupRef, ResultClass
from sandbox.telegram.specs import FaultAction, FaultSpec
from services.forwarder.pool.switches import blocked_among
from tests.integration.forwarder.system import System
from tests.support.waiting import until

STREAM = "operations"


async def sends(system: System, count: int) -> None:
    async def enough() -> bool:
        return len(system.harness.sent()) >= count

    await until(enough)


async def blocked(system: System, target: GroupRef, *, wanted: bool = True) -> None:
    """Wait until the forwarder knows that a group is blocked, or no longer so."""

    async def known() -> bool:
        return bool(await system.harness.engine.query(lambda sql: blocked_among(sql, [target]))) is wanted

    await until(known)


async def test_a_group_that_is_blocked_in_mid_cycle_gets_nothing_more(system: System) -> None:
    harness = system.harness
    seats = await harness.seats(1)
    groups = harness.groups(30, seats)
    last = groups[-1]
    held = harness.telegram.inject_fault(
        FaultSpec(method="messages.forwardMessages", chat=harness.chat_id(groups[2]), action=FaultAction.HOLD)
    )
    due = system.due(seats, groups)
    await system.publish("schedule", due)
    await sends(system, 2)
    await system.publish(STREAM, TargetBlocked(target=last, reason="its owner asks"))
    await blocked(system, last)
    harness.telegram.remove_fault(held.id)
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
    await blocked(system, by_id)
    second = system.due(seats, groups)
    await system.publish("schedule", second)
    assert await harness.finished(second.cycle) == {ResultClass.SENT: 2, ResultClass.STOPPED: 1}
    await system.publish(STREAM, TargetUnblocked(target=by_id, reason="it may be posted to again"))
    await blocked(system, by_id, wanted=False)
    third = system.due(seats, groups)
    await system.publish("schedule", third)
    assert await harness.finished(third.cycle) == {ResultClass.SENT: 3}
    assert [len(harness.messages(group)) for group in groups] == [2, 3, 3]


async def test_a_pause_ends_running_cycles_and_begins_none_until_its_end(system: System) -> None:
    harness = system.harness
    seats = await harness.seats(1)
    groups = harness.groups(200, seats)
    due = system.due(seats, groups)
    await system.publish("schedule", due)
    await sends(system, 2)
    await system.publish(STREAM, AllPaused(reason="maintenance"))
    end = await harness.over(due.cycle)
    sent = len(harness.sent())
    assert isinstance(end, CycleAborted)
    assert end.reason is AbortReason.STOPPED
    on_its_way = system.due(seats, groups)
    await system.publish("schedule", on_its_way)
    assert isinstance(await harness.over(on_its_way.cycle), CycleAborted)
    await system.publish(STREAM, AllResumed(reason="it is over"))
    few = system.due(seats, groups[:2])
    await system.publish("schedule", few)
    assert await harness.finished(few.cycle) == {ResultClass.SENT: 2}
    assert len(harness.sent()) <= sent + 1 + 2, "one was on its way"
