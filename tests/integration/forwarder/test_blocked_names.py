"""A block holds for the chat, whatever name, id or link the operator and the client wrote."""

from itertools import permutations

import pytest

from libs.events.values import GroupRef, ResultClass, Seat, TextPost
from sandbox.telegram.models import ChatView, JournalQuery
from sandbox.telegram.specs import ChatSettings, GroupSpec
from services.forwarder.pool.switches import block, blocked_among, pending_at, unblock
from tests.integration.forwarder.harness import ForwarderHarness

SENT, STOPPED = ResultClass.SENT, ResultClass.STOPPED
TEXT = TextPost(text="fresh bread")
FORMS = ("name", "further name", "id", "link")


def group(harness: ForwarderHarness, seats: list[Seat]) -> tuple[ChatView, dict[str, GroupRef]]:
    chat = harness.telegram.create_group(
        GroupSpec(
            username="the_group",
            more_usernames=["its_other_name"],
            members=[harness.account(seat) for seat in seats],
        )
    )
    link = "+" + chat.invite_link.rpartition("+")[2]
    return chat, {
        "name": "@the_group",
        "further name": "@its_other_name",
        "id": str(chat.marked_id),
        "link": link,
    }


async def put(harness: ForwarderHarness, target: GroupRef) -> None:
    await harness.engine.query(lambda sql: block(sql, target))


async def outcome(harness: ForwarderHarness, seats: list[Seat], wanted: GroupRef) -> tuple[str, str]:
    cycle = await harness.begin(seats, [wanted], post=TEXT)
    await harness.finished(cycle)
    delivery = (await harness.deliveries(cycle))[wanted]
    return delivery.result, delivery.error


@pytest.mark.parametrize(("blocked", "written"), [*permutations(FORMS, 2)])
async def test_a_block_of_one_form_holds_for_every_other(
    harness: ForwarderHarness, blocked: str, written: str
) -> None:
    """Nobody has seen the group before the block."""
    seats = await harness.seats(1)
    _, forms = group(harness, seats)
    await put(harness, forms[blocked])
    async with harness.working():
        assert await outcome(harness, seats, forms[written]) == (STOPPED, "TARGET_BLOCKED")
        assert await outcome(harness, seats, f"{forms[written]}/1") == (STOPPED, "TARGET_BLOCKED")
        await harness.engine.query(lambda sql: unblock(sql, forms[blocked]))
        assert await outcome(harness, seats, forms[written]) == (SENT, "")
    assert len(harness.telegram.journal(JournalQuery(method="messages.sendMessage"))) == 1


@pytest.mark.parametrize(("blocked", "written"), [*permutations(FORMS, 2)])
async def test_a_block_holds_for_a_group_that_is_sent_to_already(
    harness: ForwarderHarness, blocked: str, written: str
) -> None:
    """The reaction to a block knows it, too, unless the block is by a link that nobody has asked about."""
    seats = await harness.seats(1)
    _, forms = group(harness, seats)
    async with harness.working():
        for _ in range(2):
            assert await outcome(harness, seats, forms[written]) == (SENT, "")
        await put(harness, forms[blocked])
        if blocked != "link":
            names = await harness.engine.query(lambda sql: blocked_among(sql, [forms[written]]))
            assert names == [forms[written]]
        assert await outcome(harness, seats, forms[written]) == (STOPPED, "TARGET_BLOCKED")
    cycle = await harness.begin(seats, [f"{forms[written]}/1"], post=TEXT)
    pending = await harness.engine.query(lambda sql: pending_at(sql, forms[blocked]))
    assert pending == {cycle: [f"{forms[written]}/1"]}


async def test_a_blocked_group_stays_blocked_under_a_new_name(harness: ForwarderHarness) -> None:
    seats = await harness.seats(1)
    chat, forms = group(harness, seats)
    async with harness.working():
        assert await outcome(harness, seats, forms["name"]) == (SENT, "")
        await put(harness, forms["name"])
        harness.telegram.change_chat(chat.id, ChatSettings(username="a_new_name", more_usernames=[]))
        assert await outcome(harness, seats, "@a_new_name") == (STOPPED, "TARGET_BLOCKED")


async def test_a_blocked_group_is_not_begun_together_with_others(harness: ForwarderHarness) -> None:
    seats = await harness.seats(1)
    groups = harness.groups(3, seats)
    async with harness.working():
        assert await harness.finished(await harness.begin(seats, groups, post=TEXT)) == {SENT: 3}
        await put(harness, groups[1])
        cycle = await harness.begin(seats, groups, post=TEXT)
        assert await harness.finished(cycle) == {SENT: 2, STOPPED: 1}
    assert harness.copies(groups) == {1: 1, 2: 2}


async def test_a_blocked_link_is_asked_about_once_by_each_session(harness: ForwarderHarness) -> None:
    seats = await harness.seats(1)
    (other,) = harness.groups(1, seats)
    hidden = harness.telegram.create_group(GroupSpec())
    await put(harness, "+" + hidden.invite_link.rpartition("+")[2])
    async with harness.working():
        for _ in range(3):
            assert await outcome(harness, seats, other) == (SENT, "")
    assert len(harness.telegram.journal(JournalQuery(method="messages.checkChatInvite"))) == 1
