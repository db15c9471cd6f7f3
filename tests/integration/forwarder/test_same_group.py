"""Several references to one group: it gets the post once per cycle, whoever serves which reference."""

import asyncio

from libs.events.values import CycleId, GroupRef, ResultClass, Seat
from sandbox.telegram.specs import FaultAction, FaultMoment, GroupSpec, TopicSpec
from tests.integration.forwarder.harness import ForwarderHarness
from tests.support.waiting import until

INVITATION = "+AbCdEfGhIjKl"


def numbered(harness: ForwarderHarness, group: GroupRef) -> GroupRef:
    """The same group by its number."""
    return f"{harness.chat(group).marked_id}"


async def once(harness: ForwarderHarness, seats: list[Seat], groups: list[GroupRef], cycles: int) -> None:
    """Run cycles that name one group under all these; see that one name got the post, and the others know."""
    async with harness.working(2):
        for copies in range(1, cycles + 1):
            cycle = await harness.begin(seats, groups)
            assert await harness.finished(cycle) == {
                ResultClass.SENT: 1,
                ResultClass.ALREADY_SENT: len(groups) - 1,
            }
            assert harness.copies(groups[:1]) == {copies: 1}
            await others_know(harness, cycle)


async def others_know(harness: ForwarderHarness, cycle: CycleId) -> None:
    deliveries = (await harness.deliveries(cycle)).values()
    (first,) = [one for one in deliveries if one.result is ResultClass.SENT]
    others = [one for one in deliveries if one is not first]
    assert {(one.error, one.messages) for one in others} == {(f"SAME_AS {first.group}", ())}


async def test_a_group_named_in_three_ways_gets_one_copy_per_cycle_from_one_seat(
    harness: ForwarderHarness,
) -> None:
    seats = await harness.seats(1)
    (group,) = harness.groups(1, seats, GroupSpec(invite_hash=INVITATION[1:]))
    await once(harness, seats, [group, numbered(harness, group), INVITATION], cycles=2)


async def test_a_group_named_in_three_ways_gets_one_copy_per_cycle_from_three_seats(
    harness: ForwarderHarness,
) -> None:
    seats = await harness.seats(3)
    (group,) = harness.groups(1, seats, GroupSpec(invite_hash=INVITATION[1:]))
    await once(harness, seats, [group, numbered(harness, group), INVITATION], cycles=3)


async def test_topics_of_a_group_that_is_named_in_two_ways_get_one_copy_each(
    harness: ForwarderHarness,
) -> None:
    seats = await harness.seats(2)
    (forum,) = harness.groups(1, seats, GroupSpec(topics=[TopicSpec(id=5), TopicSpec(id=6)]))
    number = numbered(harness, forum)
    cycle = await harness.begin(seats, [f"{forum}/5", f"{number}/5", f"{number}/6", number, f"{forum}/1"])
    async with harness.working():
        assert await harness.finished(cycle) == {ResultClass.SENT: 3, ResultClass.ALREADY_SENT: 2}
    topics = [message.topic or 1 for message in harness.messages(forum)]
    assert sorted(topics) == [1, 5, 6]


async def test_where_one_reference_surely_failed_another_is_tried(harness: ForwarderHarness) -> None:
    seats = await harness.seats(1)
    (group,) = harness.groups(1, seats)
    harness.fail("CHAT_SEND_PHOTOS_FORBIDDEN", code=403, times=1)
    cycle = await harness.begin(seats, [group, numbered(harness, group)])
    async with harness.working():
        assert await harness.finished(cycle) == {ResultClass.CONTENT_DENIED: 1, ResultClass.SENT: 1}
    assert harness.copies([group]) == {1: 1}


async def test_what_a_lost_seat_had_not_sent_is_sent_under_one_reference(harness: ForwarderHarness) -> None:
    seats = await harness.seats(2)
    (group,) = harness.groups(1, seats)
    harness.fail("SESSION_REVOKED", seats[0], code=401)
    cycle = await harness.begin(seats, [group, numbered(harness, group)])
    async with harness.working(2):
        assert await harness.finished(cycle) == {ResultClass.SENT: 1, ResultClass.ALREADY_SENT: 1}
    assert harness.copies([group]) == {1: 1}
    await others_know(harness, cycle)


async def test_what_may_have_arrived_is_not_sent_under_another_reference(harness: ForwarderHarness) -> None:
    """The post stands in the group, though every answer to the first reference was lost."""
    (seat,) = await harness.seats(1)
    (group,) = harness.groups(1, [seat])
    attempts = harness.settings.max_attempts
    harness.fail_silently(FaultAction.DROP_CONNECTION, FaultMoment.AFTER, seat, times=attempts)
    cycle = await harness.begin([seat], [group, numbered(harness, group)])
    async with harness.working():
        assert await harness.finished(cycle) == {ResultClass.TRANSIENT: 1, ResultClass.ALREADY_SENT: 1}
    assert harness.copies([group]) == {1: 1}


async def test_the_second_reference_of_a_stopped_cycle_is_not_called_delivered(
    harness: ForwarderHarness,
) -> None:
    seats = await harness.seats(2)
    (group,) = harness.groups(1, seats)
    harness.fail("SLOWMODE_WAIT_4", code=420)
    cycle = await harness.begin(seats, [group, numbered(harness, group)])
    async with harness.working(2):

        async def tried() -> bool:
            return bool(harness.sent())

        await until(tried)
        await harness.stop(cycle)
        await harness.over(cycle)
        await asyncio.sleep(1)  # longer than a reference waits for another
    assert await harness.deliveries(cycle) == {}
    assert harness.copies([group]) == {0: 1}
