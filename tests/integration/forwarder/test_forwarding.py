"""Cycles carried out by real Telethon clients against the Telegram sandbox: each group gets the post once."""

import asyncio
import time
from collections import Counter

import pytest

from libs.events.values import ChannelPost, Pacing, ResultClass, TextFormat, TextPost
from sandbox.telegram.models import JournalQuery
from sandbox.telegram.specs import AlbumSpec, GroupSpec, PostSpec, TopicSpec
from tests.integration.forwarder.harness import ALBUM, SOURCE, ForwarderHarness


async def test_every_group_gets_the_post_once(harness: ForwarderHarness) -> None:
    seats = await harness.seats(3)
    groups = harness.groups(10, seats)
    cycle = await harness.begin(seats, groups)
    async with harness.working():
        assert await harness.finished(cycle) == {ResultClass.SENT: 10}
    assert harness.copies(groups) == {1: 10}
    deliveries = await harness.deliveries(cycle)
    for group in groups:
        message = harness.messages(group)[0]
        assert (message.id,) == deliveries[group].messages
        assert message.text == "the post"
        assert message.forwarded_from is not None
    assert not harness.telegram.held_twice()


async def test_a_second_cycle_sends_the_post_again(harness: ForwarderHarness) -> None:
    seats = await harness.seats(2)
    groups = harness.groups(4, seats)
    async with harness.working():
        for copies in (1, 2):
            cycle = await harness.begin(seats, groups)
            assert await harness.finished(cycle) == {ResultClass.SENT: 4}
            assert harness.copies(groups) == {copies: 4}


async def test_an_album_stays_an_album(harness: ForwarderHarness) -> None:
    seats = await harness.seats(1)
    groups = harness.groups(2, seats)
    cycle = await harness.begin(seats, groups, post=ALBUM)
    async with harness.working():
        assert await harness.finished(cycle) == {ResultClass.SENT: 2}
    for group in groups:
        messages = harness.messages(group)
        assert [message.text for message in messages] == ["picture 0", "picture 1", "picture 2"]
        assert len({message.grouped_id for message in messages}) == 1
        assert messages[0].grouped_id is not None
    assert {len(entry.message_ids) for entry in harness.sent()} == {3}


async def test_an_album_with_gaps_in_its_ids_is_sent_with_the_parts_that_are_left(
    harness: ForwarderHarness,
) -> None:
    seats = await harness.seats(1)
    groups = harness.groups(1, seats)
    parts = [PostSpec(id=number, text=f"part {number}") for number in (20, 23, 24, 28)]
    channel = harness.chat_id(SOURCE)
    harness.telegram.post_album(channel, AlbumSpec(album=parts))
    harness.telegram.delete_message(channel, 24)
    harness.telegram.post(channel, PostSpec(id=29, text="another post"))
    post = ChannelPost(channel=SOURCE, message=28)
    async with harness.working():
        assert await harness.finished(await harness.begin(seats, groups, post=post)) == {ResultClass.SENT: 1}
    messages = harness.messages(groups[0])
    assert [message.text for message in messages] == ["part 20", "part 23", "part 28"]
    assert len({message.grouped_id for message in messages}) == 1


async def test_a_text_is_written(harness: ForwarderHarness) -> None:
    seats = await harness.seats(2)
    groups = harness.groups(3, seats)
    cycle = await harness.begin(seats, groups, post=TextPost(text="we are open"))
    async with harness.working():
        assert await harness.finished(cycle) == {ResultClass.SENT: 3}
    assert [harness.messages(group)[0].text for group in groups] == ["we are open"] * 3
    assert harness.messages(groups[0])[0].forwarded_from is None


@pytest.mark.parametrize(
    ("written", "text_format", "shown", "kinds"),
    [
        (
            "**new** ||price||",
            TextFormat.MARKDOWN,
            "new price",
            ["MessageEntityBold", "MessageEntitySpoiler"],
        ),
        ("<b>new</b> & old", TextFormat.HTML, "new & old", ["MessageEntityBold"]),
        ("**new** <b>", TextFormat.PLAIN, "**new** <b>", []),
    ],
)
async def test_a_text_is_written_with_its_formatting(
    harness: ForwarderHarness, written: str, text_format: TextFormat, shown: str, kinds: list[str]
) -> None:
    seats = await harness.seats(1)
    groups = harness.groups(1, seats)
    cycle = await harness.begin(seats, groups, post=TextPost(text=written, format=text_format))
    async with harness.working():
        assert await harness.finished(cycle) == {ResultClass.SENT: 1}
    (message,) = harness.messages(groups[0])
    assert (message.text, message.entities) == (shown, kinds)


async def test_a_topic_is_a_place_of_its_own(harness: ForwarderHarness) -> None:
    seats = await harness.seats(1)
    (forum,) = harness.groups(1, seats, GroupSpec(topics=[TopicSpec(id=5), TopicSpec(id=6)]))
    async with harness.working():
        forwarded = await harness.begin(seats, [f"{forum}/5", f"{forum}/6"])
        assert await harness.finished(forwarded) == {ResultClass.SENT: 2}
        written = await harness.begin(seats, [f"{forum}/6"], post=TextPost(text="hello"))
        assert await harness.finished(written) == {ResultClass.SENT: 1}
    assert [message.topic for message in harness.messages(forum)] == [5, 6, 6]


async def test_private_groups_are_found_by_number_and_by_invitation(harness: ForwarderHarness) -> None:
    seats = await harness.seats(1)
    members = [harness.account(seats[0])]
    numbered = harness.telegram.create_group(GroupSpec(members=members))
    invited = harness.telegram.create_group(GroupSpec(members=members, invite_hash="AbCdEfGhIjKl"))
    cycle = await harness.begin(seats, [f"{numbered.marked_id}", "+AbCdEfGhIjKl"])
    async with harness.working():
        assert await harness.finished(cycle) == {ResultClass.SENT: 2}
    assert len(harness.telegram.messages(numbered.id)) == 1
    assert len(harness.telegram.messages(invited.id)) == 1


async def test_a_private_group_is_served_by_the_seat_that_is_in_it_and_nobody_joins(
    harness: ForwarderHarness,
) -> None:
    seats = await harness.seats(2)
    inside = [harness.account(seats[1])]
    harness.telegram.create_group(GroupSpec(members=inside, invite_hash="AbCdEfGhIjKl"))
    secluded = harness.telegram.create_group(GroupSpec())
    cycle = await harness.begin(seats, ["+AbCdEfGhIjKl", f"{secluded.marked_id}"])
    async with harness.working():
        assert await harness.finished(cycle) == {ResultClass.SENT: 1, ResultClass.TARGET_GONE: 1}
    joins = harness.telegram.journal(JournalQuery(method="messages.importChatInvite"))
    assert not joins


async def test_names_are_resolved_once_and_remembered_across_connections(harness: ForwarderHarness) -> None:
    seats = await harness.seats(1)
    groups = harness.groups(3, seats)
    for _ in range(2):
        async with harness.working():
            await harness.finished(await harness.begin(seats, groups))
    resolved = harness.telegram.journal(JournalQuery(method="contacts.resolveUsername"))
    assert len(resolved) == 4


async def test_a_seats_sends_keep_their_distance_and_seats_work_side_by_side(
    harness: ForwarderHarness,
) -> None:
    seats = await harness.seats(2)
    groups = harness.groups(8, seats)
    cycle = await harness.begin(seats, groups, pacing=Pacing(delay_seconds=0.8, jitter_seconds=0.1))
    began = time.monotonic()
    async with harness.working():
        assert await harness.finished(cycle) == {ResultClass.SENT: 8}
    spans: list[list[float]] = []
    for seat in seats:
        times = [entry.monotonic for entry in harness.sent(seat)]
        spans.append(times)
        assert len(times) == 4
        # each is measured where it arrives, which may be late on a busy machine, but never early
        assert all(at - began >= number * 0.8 - 0.05 for number, at in enumerate(times))
    assert max(times[0] for times in spans) < min(times[-1] for times in spans), "they work side by side"


async def test_a_draw_comes_on_top_of_the_distance(harness: ForwarderHarness) -> None:
    (seat,) = seats = await harness.seats(1)
    groups = harness.groups(9, seats)
    cycle = await harness.begin(seats, groups, pacing=Pacing(delay_seconds=0, jitter_seconds=0.6))
    async with harness.working():
        assert await harness.finished(cycle) == {ResultClass.SENT: 9}
    times = [entry.monotonic for entry in harness.sent(seat)]
    assert times[-1] - times[0] > 0.6, "eight draws of up to 0.6 s stay below that once in 40,000 times"


async def test_own_forwards_make_the_client_ask_for_nothing_more(harness: ForwarderHarness) -> None:
    """Each seat misses the other's posts: Telethon would ask for the difference of every group."""
    seats = await harness.seats(2)
    groups = harness.groups(6, seats)
    async with harness.working():
        for turn in (seats, seats[::-1], seats, seats[::-1]):
            await harness.finished(await harness.begin(turn, groups, pacing=Pacing(delay_seconds=0)))
        await asyncio.sleep(1)  # it would wait half a second for what it missed
    asked = Counter(entry.method for entry in harness.telegram.journal())
    assert "messages.forwardMessages" in asked
    assert "updates.getChannelDifference" not in asked


async def test_a_connection_asks_for_nothing_but_what_its_send_needs(harness: ForwarderHarness) -> None:
    seats = await harness.seats(1)
    groups = harness.groups(1, seats)
    async with harness.working():
        await harness.finished(await harness.begin(seats, groups))
    asked = Counter(entry.method for entry in harness.telegram.journal())
    asked.pop("transport.bad_salt", None)  # how a new connection learns its salt
    needed = {"contacts.resolveUsername": 2, "channels.getMessages": 1, "messages.forwardMessages": 1}
    assert asked == {"help.getConfig": 1, **needed}


async def test_a_deleted_post_breaks_the_source(harness: ForwarderHarness) -> None:
    seats = await harness.seats(2)
    groups = harness.groups(3, seats)
    cycle = await harness.begin(seats, groups, post=ChannelPost(channel="@newsroom", message=999))
    async with harness.working():
        end = await harness.over(cycle)
    assert end.model_dump()["reason"] == "source_broken"
    assert end.counts == {ResultClass.STOPPED: 3}
    assert harness.copies(groups) == {0: 3}
