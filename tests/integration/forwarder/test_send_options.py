"""The options of an adbot's sends: without the author, not twice in a row, without the previous post."""

import asyncio
from typing import Any
from uuid import uuid4

import pytest

from libs.events.forwarder import SeatRested
from libs.events.values import GroupRef, Pacing, ResultClass, Seat, SendOptions
from libs.eventsourcing import Engine
from sandbox.telegram.models import JournalQuery
from sandbox.telegram.specs import FaultSpec, GroupSpec, PostSpec, TopicSpec
from services.forwarder.pool.own_posts import begin_with
from services.forwarder.pool.sweeping import sweep
from tests.integration.forwarder.harness import ALBUM, POST, ForwarderHarness
from tests.support.waiting import until

SENT = ResultClass.SENT
IDS = uuid4(), uuid4()
Counts = dict[ResultClass, int]


async def test_posts_without_their_author_are_like_own_ones_and_albums_stay_albums(
    harness: ForwarderHarness,
) -> None:
    seats = await harness.seats(1)
    groups = harness.groups(2, seats)
    async with harness.working():
        for post in (POST, ALBUM):
            cycle = await harness.begin(seats, groups, post=post, options=SendOptions(author=False))
            assert await harness.finished(cycle) == {SENT: 2}
        await harness.finished(await harness.begin(seats, groups))
    for group in groups:
        first, *album, last = harness.messages(group)
        assert [message.forwarded_from for message in (first, *album)] == [None] * 4
        assert [message.text for message in album] == ["picture 0", "picture 1", "picture 2"]
        assert len({message.grouped_id for message in album}) == 1
        assert album[0].grouped_id is not None
        assert last.forwarded_from is not None, "by default the author is shown"


SKIPPING = SendOptions(skip_newest=True)
STILL = {ResultClass.LEFT_OUT: 1}
ASK = "messages.getPeerDialogs"


def asked(harness: ForwarderHarness, method: str = ASK) -> int:
    return len(harness.telegram.journal(JournalQuery(method=method)))


async def run(harness: ForwarderHarness, seats: list[Seat], groups: list[GroupRef], **how: Any) -> Counts:  # noqa: ANN401
    return await harness.finished(await harness.begin(seats, groups, **how))


async def test_a_group_where_the_last_post_is_still_the_newest_message_is_left_out(
    harness: ForwarderHarness,
) -> None:
    """Also where another seat sent it, and where it is an album; many groups are asked for at once."""
    seats = await harness.seats(2)
    groups = harness.groups(8, seats)
    async with harness.working():
        assert await run(harness, seats, groups, post=ALBUM, options=SKIPPING) == {SENT: 8}
        assert asked(harness) == 0, "nothing was known to ask for"
        for group in groups[:3]:
            harness.telegram.post(harness.chat_id(group), PostSpec(text="somebody else"))
        cycle = await harness.begin(seats[::-1], groups, options=SKIPPING)
        assert await harness.finished(cycle) == {SENT: 3, ResultClass.LEFT_OUT: 5}
        deliveries = await harness.deliveries(cycle)
        assert {deliveries[group].error for group in groups[3:]} == {"STILL_NEWEST"}
        harness.telegram.clear_journal()
        assert await run(harness, seats, groups, options=SKIPPING) == {ResultClass.LEFT_OUT: 8}
        assert asked(harness) == len(seats), "each seat asks once for all its groups"
        assert await run(harness, seats, groups) == {SENT: 8}, "without the option all get it"
        assert await run(harness, seats, groups, options=SKIPPING) == {SENT: 8}, "so nothing is known"
    assert harness.copies(groups[:3]) == {3 + 1 + 1 + 2: 3}


async def test_two_names_of_one_group_are_one_post_and_not_one_that_is_still_the_newest(
    harness: ForwarderHarness,
) -> None:
    seats = await harness.seats(1)
    (name,) = harness.groups(1, seats)
    both = [name, f"-100{harness.chat_id(name)}"]
    async with harness.working():
        for _ in range(2):
            assert await run(harness, seats, both, options=SKIPPING) == {SENT: 1, ResultClass.ALREADY_SENT: 1}
            harness.telegram.post(harness.chat_id(name), PostSpec(text="somebody else"))


async def test_in_a_topic_its_own_newest_message_counts(harness: ForwarderHarness) -> None:
    seats = await harness.seats(1)
    (forum,) = harness.groups(1, seats, GroupSpec(topics=[TopicSpec(id=5), TopicSpec(id=6)]))
    topics = [forum, f"{forum}/5", f"{forum}/6"]
    async with harness.working():
        assert await run(harness, seats, topics, options=SKIPPING) == {SENT: 3}
        harness.telegram.post(harness.chat_id(forum), PostSpec(text="somebody else", topic=6))
        assert await run(harness, seats, topics, options=SKIPPING) == {SENT: 1, ResultClass.LEFT_OUT: 2}
        assert asked(harness, "messages.getForumTopicsByID") == 1
    assert [message.topic for message in harness.messages(forum)] == [None, 5, 6, 6, 6]


@pytest.mark.parametrize(
    ("error", "counts"),
    [("CHANNEL_PRIVATE", {ResultClass.LEFT_OUT: 2}), ("FLOOD_WAIT_30", {SENT: 2}), ("TIMEOUT", {SENT: 2})],
)
async def test_groups_that_can_not_be_asked_for_together_are_asked_for_alone_unless_the_account_is_limited(
    harness: ForwarderHarness, error: str, counts: Counts
) -> None:
    seats = await harness.seats(1)
    groups = harness.groups(2, seats)
    async with harness.working():
        await run(harness, seats, groups, options=SKIPPING)
        harness.telegram.inject_fault(FaultSpec(method=ASK, name=error, times=1))
        assert await run(harness, seats, groups, options=SKIPPING) == counts
    assert asked(harness) == 1
    assert not await harness.events_of(SeatRested)


# -- deleting the previous post

REPLACING = SendOptions(delete_previous=True)
SLOWLY = Pacing(delay_seconds=60)
DELETE = "channels.deleteMessages"


async def until_copies(harness: ForwarderHarness, groups: list[GroupRef], copies: dict[int, int]) -> None:
    async def reached() -> bool:
        return harness.copies(groups) == copies

    await until(reached)


async def test_the_previous_post_is_deleted_by_the_seat_that_sent_it_once_the_new_one_stands(
    harness: ForwarderHarness,
) -> None:
    first, second = seats = await harness.seats(2)
    groups = harness.groups(4, seats)
    theirs = {group: harness.telegram.post(harness.chat_id(group), PostSpec(text="x")).id for group in groups}
    async with harness.working():
        await run(harness, [first], groups, post=ALBUM, options=REPLACING)
        assert harness.copies(groups) == {1 + 3: 4}
        await run(harness, [second], groups, options=REPLACING)
        assert harness.copies(groups) == {1 + 3 + 1: 4}, "only the sender may delete, and it does not work"
        await run(harness, [first], groups, options=REPLACING)
        await until_copies(harness, groups, {1 + 1 + 1: 4})
        await run(harness, [second], groups, options=REPLACING)
        await until_copies(harness, groups, {1 + 1 + 1: 4})
    for group in groups:
        kept = harness.messages(group)
        assert kept[0].id == theirs[group]
        assert [message.sender for message in kept[1:]] == [harness.account(first), harness.account(second)]
    assert {entry.outcome for entry in harness.telegram.journal(JournalQuery(method=DELETE))} == {"ok"}


async def test_a_post_that_can_not_be_deleted_stays_and_limits_are_waited_for(
    harness: ForwarderHarness,
) -> None:
    seats = await harness.seats(1)
    groups = harness.groups(3, seats)
    async with harness.working():
        await run(harness, seats, groups, options=REPLACING)
        harness.telegram.inject_fault(FaultSpec(method=DELETE, name="MESSAGE_DELETE_FORBIDDEN", times=1))
        harness.telegram.inject_fault(FaultSpec(method=DELETE, name="FLOOD_WAIT_1", times=1))
        assert await run(harness, seats, groups, options=REPLACING) == {SENT: 3}
        await until_asked(harness, 2)
        await asyncio.sleep(1.1)  # the wait that Telegram asks for
        assert asked(harness, DELETE) == 2
        assert await run(harness, seats, groups, options=REPLACING) == {SENT: 3}
        await until_copies(harness, groups, {1: 2, 2: 1})
    assert not await harness.events_of(SeatRested)


async def until_asked(harness: ForwarderHarness, times: int) -> None:
    async def enough() -> bool:
        return asked(harness, DELETE) >= times

    await until(enough)


async def test_of_two_posts_the_earlier_one_is_deleted_in_whatever_order_they_are_recorded(
    harness: ForwarderHarness,
) -> None:
    """A cycle that was stopped is recorded late, after the next one."""
    seats = await harness.seats(2)
    groups = harness.groups(1, seats)
    async with harness.working(batch_seconds=60.0, idle_seconds=60.0):
        both = [*groups, *harness.groups(1, seats)]
        late = await harness.begin([seats[0]], both, options=REPLACING, pacing=SLOWLY)
        await until_copies(harness, groups, {1: 1})
        # with another cycle to wait for, the seat is not idle, and so does not record yet
        await harness.begin([seats[0]], harness.groups(1, seats), pacing=SLOWLY)
        await harness.stop(late)
        assert await run(harness, [seats[1]], groups, options=REPLACING) == {SENT: 1}
        assert not await harness.deliveries(late)
    assert len(await harness.deliveries(late)) == 1
    rows = await harness.engine.pool.fetch("select session, messages from pool.deletions")
    assert [tuple(row) for row in rows] == [(seats[0].session, [1])]
    (last,) = await harness.engine.pool.fetch("select session, messages from pool.own_posts")
    assert tuple(last) == (seats[1].session, [2])


async def test_what_is_known_of_posts_ends_with_the_adbots_seats_with_time_and_without_need(
    harness: ForwarderHarness, engine: Engine
) -> None:
    seats = await harness.seats(1)
    groups = harness.groups(2, seats)
    async with harness.working():
        for _ in range(2):
            await run(harness, seats, groups, options=REPLACING)
            await until_copies(harness, groups, {1: 2})
    assert await stored(engine) == (2, 0), "what is deleted is not kept"
    await engine.pool.execute("insert into pool.deletions values ($1, $2, 1, '{1}', now())", *IDS)
    await sweep(engine)
    assert await stored(engine) == (2, 1)
    await engine.pool.execute("update pool.deletions set at = now() - interval '25 hours'")
    await sweep(engine)
    assert await stored(engine) == (2, 0)
    await engine.pool.execute("update pool.own_posts set at = now() - interval '31 days' where topic = 1")
    await engine.query(lambda sql: begin_with(sql, harness.adbot, REPLACING))
    assert await stored(engine) == (0, 0)


async def stored(engine: Engine) -> tuple[int, int]:
    row = await engine.pool.fetchrow(
        "select (select count(*) from pool.own_posts), (select count(*) from pool.deletions)"
    )
    assert row is not None
    return row[0], row[1]
