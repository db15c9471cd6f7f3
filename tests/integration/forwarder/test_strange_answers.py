"""Posts that every group refuses, answers that nobody can read, and names that no table has."""

import pytest

from libs.events.forwarder import (
    AbortReason,
    CycleAborted,
    SourceBroken,
)
from libs.events.values import ResultClass, Seat, TextPost
from sandbox.telegram.models import JournalQuery
from sandbox.telegram.specs import (
    FaultAction,
    FaultMoment,
    FaultSpec,
    GroupSpec,
    TopicSpec,
)
from tests.integration.forwarder.harness import ForwarderHarness

SENT = ResultClass.SENT
TEXT = TextPost(text="fresh bread")


def asked(harness: ForwarderHarness, method: str, seat: Seat | None = None) -> int:
    account = None if seat is None else harness.account(seat)
    return len(harness.telegram.journal(JournalQuery(method=method, account=account)))


# -- the post


@pytest.mark.parametrize("name", ["MESSAGE_EMPTY", "MESSAGE_TOO_LONG", "MEDIA_INVALID"])
async def test_a_text_that_every_group_refuses_alike_stops_the_adbot(
    harness: ForwarderHarness, name: str
) -> None:
    seats = await harness.seats(2)
    groups = harness.groups(8, seats)
    harness.telegram.inject_fault(FaultSpec(method="messages.sendMessage", name=name))
    async with harness.working():
        end = await harness.over(await harness.begin(seats, groups, post=TEXT))
    assert isinstance(end, CycleAborted)
    assert end.reason is AbortReason.SOURCE_BROKEN
    assert [broken.error for broken in await harness.events_of(SourceBroken)] == [name]
    assert asked(harness, "messages.sendMessage") < len(groups)


async def test_a_text_that_one_group_refuses_is_not_at_fault(harness: ForwarderHarness) -> None:
    seats = await harness.seats(2)
    groups = harness.groups(5, seats)
    fault = FaultSpec(method="messages.sendMessage", name="MESSAGE_TOO_LONG", chat=harness.chat_id(groups[0]))
    harness.telegram.inject_fault(fault)
    async with harness.working():
        counts = await harness.finished(await harness.begin(seats, groups, post=TEXT))
    assert counts == {SENT: 4, ResultClass.CONTENT_DENIED: 1}


# -- answers that nobody can read, and names that are not in the table


@pytest.mark.parametrize("moment", [FaultMoment.BEFORE, FaultMoment.AFTER])
async def test_an_answer_that_can_not_be_read_is_recorded_and_the_cycle_goes_on(
    harness: ForwarderHarness, moment: FaultMoment
) -> None:
    seats = await harness.seats(1)
    groups = harness.groups(4, seats)
    unreadable = FaultSpec(
        method="messages.forwardMessages", action=FaultAction.UNREADABLE, moment=moment, times=1
    )
    harness.telegram.inject_fault(unreadable)
    async with harness.working():
        counts = await harness.finished(await harness.begin(seats, groups))
    assert counts == {SENT: 3, ResultClass.UNREADABLE: 1}
    assert len(harness.sent()) == 4
    assert not harness.telegram.held_twice()


@pytest.mark.parametrize(
    ("name", "code", "counts"),
    [
        ("PEER_ID_INVALID", 400, {ResultClass.TARGET_GONE: 1, SENT: 3}),
        ("CHAT_ID_INVALID", 400, {ResultClass.TARGET_GONE: 1, SENT: 3}),
        ("CHAT_FORBIDDEN", 403, {ResultClass.TARGET_DENIED: 1, SENT: 3}),
        ("USER_RESTRICTED", 403, {ResultClass.TARGET_DENIED: 1, SENT: 3}),
        ("REPLY_MESSAGE_ID_INVALID", 400, {ResultClass.TARGET_GONE: 1, SENT: 3}),
        ("TOPIC_ID_INVALID", 400, {ResultClass.TARGET_GONE: 1, SENT: 3}),
        ("CHANNEL_FORUM_MISSING", 400, {ResultClass.TARGET_GONE: 1, SENT: 3}),
        ("MSG_ID_INVALID", 400, {ResultClass.CONTENT_DENIED: 1, SENT: 3}),
        ("MESSAGE_TOO_LONG", 400, {ResultClass.CONTENT_DENIED: 1, SENT: 3}),
        ("SESSION_PASSWORD_NEEDED", 401, {SENT: 4}),
        ("AUTH_KEY_PERM_EMPTY", 401, {SENT: 4}),
        ("USER_MIGRATE_4", 303, {SENT: 4}),
    ],
)
async def test_what_one_group_answers_is_classed_and_another_seat_tries_it(
    harness: ForwarderHarness, name: str, code: int, counts: dict[ResultClass, int]
) -> None:
    """The fault strikes as often as it takes to meet the seats that may try, and then passes."""
    seats = await harness.seats(2)
    groups = harness.groups(4, seats)
    lost = counts == {SENT: 4}
    harness.fail(name, chat=harness.chat_id(groups[0]), code=code, times=1 if lost else None)
    cycle = await harness.begin(seats, groups)
    async with harness.working():
        assert await harness.finished(cycle) == counts
    tries = len([one for one in harness.sent() if one.chat == harness.chat_id(groups[0])])
    assert tries == (1 if ResultClass.CONTENT_DENIED in counts else 2)
    assert not await harness.events_of(SourceBroken)


async def test_a_wrong_message_id_with_a_topic_is_the_topics_fault(harness: ForwarderHarness) -> None:
    seats = await harness.seats(2)
    (group,) = harness.groups(1, seats, GroupSpec(topics=[TopicSpec(id=7)]))
    harness.fail("MSG_ID_INVALID")
    async with harness.working():
        counts = await harness.finished(await harness.begin(seats, [f"{group}/7"]))
    assert counts == {ResultClass.TARGET_GONE: 1}
    assert not await harness.events_of(SourceBroken)
    assert asked(harness, "channels.getMessages") == 2, "the source was not suspected"
