"""Whom an answer is about: the guilty party is asked for before it is charged."""

from libs.events.forwarder import (
    AbortReason,
    AccessDenied,
    AccessRegained,
    CycleAborted,
    RegainReason,
    SeatRested,
    SourceBroken,
)
from libs.events.values import ChannelPost, Pacing, Party, ResultClass, Seat, TextPost
from sandbox.telegram.models import JournalQuery
from sandbox.telegram.specs import (
    ChannelSpec,
    ChatSettings,
    FaultAction,
    FaultMoment,
    GroupSpec,
    MemberStatus,
    PostSpec,
    TopicSpec,
)
from tests.integration.forwarder.harness import ALBUM, SOURCE, ForwarderHarness
from tests.support.waiting import until

SENT = ResultClass.SENT
SLOWLY = Pacing(delay_seconds=0.15)
TEXT = TextPost(text="fresh bread")


def ban(harness: ForwarderHarness, seat: Seat, name: str, status: MemberStatus = MemberStatus.BANNED) -> None:
    harness.telegram.set_member(harness.chat_id(name), harness.account(seat), status)


def asked(harness: ForwarderHarness, method: str, seat: Seat | None = None) -> int:
    account = None if seat is None else harness.account(seat)
    return len(harness.telegram.journal(JournalQuery(method=method, account=account)))


async def parties(harness: ForwarderHarness) -> list[Party]:
    return [denied.party for denied in await harness.events_of(AccessDenied)]


# -- the source


async def test_a_source_that_turns_private_for_a_moment_poisons_no_group(harness: ForwarderHarness) -> None:
    seats = await harness.seats(2)
    groups = harness.groups(6, seats)
    cycle = await harness.begin(seats, groups, pacing=SLOWLY)

    async def two_sent() -> bool:
        return len(harness.sent()) >= 2

    async with harness.working():
        await until(two_sent)
        for seat in seats:
            ban(harness, seat, SOURCE)
        end = await harness.over(cycle)
        assert isinstance(end, CycleAborted)
        assert end.reason is AbortReason.SOURCE_BROKEN
        assert [broken.error for broken in await harness.events_of(SourceBroken)] == ["CHANNEL_PRIVATE"]
        assert set(await parties(harness)) == {Party.SEAT_AT_SOURCE}
        for seat in seats:
            ban(harness, seat, SOURCE, MemberStatus.MEMBER)
        assert await harness.finished(await harness.begin(seats, groups)) == {SENT: 6}
    ended = await harness.events_of(AccessRegained)
    assert {one.why for one in ended} == {RegainReason.DELIVERED}
    assert {one.session for one in ended} == {seat.session for seat in seats}


async def test_a_seat_outside_a_private_source_leaves_its_groups_to_the_seat_inside(
    harness: ForwarderHarness,
) -> None:
    outside, inside = seats = await harness.seats(2)
    groups = harness.groups(6, seats)
    private = harness.telegram.create_channel(
        ChannelSpec(members=[harness.account(inside)], posts=[PostSpec(text="for members")])
    )
    post = ChannelPost(channel=str(private.marked_id), message=1)
    async with harness.working():
        for _ in range(3):
            assert await harness.finished(await harness.begin(seats, groups, post=post)) == {SENT: 6}
    assert not harness.sent(outside)
    assert asked(harness, "messages.getDialogs", outside) == 2, "the third cycle spared it"
    assert not await harness.events_of(SourceBroken)


async def test_a_seat_that_is_banned_at_the_source_leaves_its_groups_to_the_others(
    harness: ForwarderHarness,
) -> None:
    banned, _ = seats = await harness.seats(2)
    groups = harness.groups(6, seats)
    ban(harness, banned, SOURCE)
    async with harness.working():
        assert await harness.finished(await harness.begin(seats, groups)) == {SENT: 6}
    (denied,) = await harness.events_of(AccessDenied)
    assert (denied.party, denied.session, denied.ref, denied.error) == (
        Party.SEAT_AT_SOURCE,
        banned.session,
        SOURCE,
        "CHANNEL_PRIVATE",
    )


async def test_a_doubtful_send_of_a_seat_that_lost_the_source_is_not_made_again(
    harness: ForwarderHarness,
) -> None:
    first, _ = seats = await harness.seats(2)
    groups = harness.groups(4, seats)
    harness.fail_silently(FaultAction.NEVER_ANSWER, FaultMoment.AFTER, first, times=1)
    cycle = await harness.begin(seats, groups)

    async def sent() -> bool:
        return bool(harness.sent(first))

    async with harness.working(request_seconds=1.0):
        await until(sent)
        ban(harness, first, SOURCE)
        await harness.finished(cycle)
    assert set(harness.copies(groups)) == {1}


async def test_a_channel_that_took_over_the_name_of_the_source_is_found(harness: ForwarderHarness) -> None:
    seats = await harness.seats(1)
    groups = harness.groups(2, seats)
    async with harness.working():
        assert await harness.finished(await harness.begin(seats, groups)) == {SENT: 2}
        harness.telegram.change_chat(harness.chat_id(SOURCE), ChatSettings(deleted=True))
        harness.telegram.create_channel(ChannelSpec(username=SOURCE[1:], posts=[PostSpec(text="anew")]))
        for _ in range(2):
            assert await harness.finished(await harness.begin(seats, groups)) == {SENT: 2}
    assert [one.text for one in harness.messages(groups[0])] == ["the post", "anew", "anew"]
    assert not await harness.events_of(SourceBroken)


async def test_an_album_that_lost_a_part_is_sent_with_the_rest(harness: ForwarderHarness) -> None:
    seats = await harness.seats(1)
    groups = harness.groups(4, seats)
    cycle = await harness.begin(seats, groups, post=ALBUM, pacing=SLOWLY)

    async def one_sent() -> bool:
        return bool(harness.sent())

    async with harness.working():
        await until(one_sent)
        harness.telegram.delete_message(harness.chat_id(SOURCE), 4)
        assert await harness.finished(cycle) == {SENT: 4}
    assert sorted(len(harness.messages(group)) for group in groups) == [2, 2, 2, 3]
    assert not await harness.events_of(SourceBroken)


async def test_a_post_that_was_deleted_in_mid_cycle_is_broken(harness: ForwarderHarness) -> None:
    seats = await harness.seats(2)
    groups = harness.groups(6, seats)
    cycle = await harness.begin(seats, groups, pacing=SLOWLY)

    async def one_sent() -> bool:
        return bool(harness.sent())

    async with harness.working():
        await until(one_sent)
        harness.telegram.delete_message(harness.chat_id(SOURCE), 1)
        end = await harness.over(cycle)
    assert isinstance(end, CycleAborted)
    assert [broken.error for broken in await harness.events_of(SourceBroken)] == ["MESSAGE_ID_INVALID"]
    assert await parties(harness) == []


# -- the account


async def test_groups_that_banned_a_limited_account_get_the_post_after_its_rest(
    harness: ForwarderHarness,
) -> None:
    seats = await harness.seats(1)
    groups = harness.groups(6, seats)
    harness.fail("USER_BANNED_IN_CHANNEL", times=3)
    async with harness.working(account_rest_seconds=1.0):
        counts = await harness.finished(await harness.begin(seats, groups))
        assert counts == {ResultClass.TARGET_DENIED: 3, SENT: 3}
        assert await harness.finished(await harness.begin(seats, groups)) == {SENT: 6}
    (rested,) = await harness.events_of(SeatRested)
    assert rested.result is ResultClass.ACCOUNT_LIMITED
    regained = [one.why for one in await harness.events_of(AccessRegained)]
    assert regained == [RegainReason.ACCOUNT_LIMITED, *[RegainReason.DELIVERED] * 3]
    times = [entry.monotonic for entry in harness.sent()]
    assert times[3] - times[2] >= 0.95


async def test_groups_that_ban_a_seat_again_after_its_rest_do_not_rest_it_again(
    harness: ForwarderHarness,
) -> None:
    seats = await harness.seats(1)
    banning = harness.groups(3, seats, GroupSpec(restricted=[harness.account(seats[0])]))
    others = harness.groups(2, seats)
    async with harness.working(account_rest_seconds=1.0):
        for _ in range(2):
            counts = await harness.finished(await harness.begin(seats, [*banning, *others]))
            assert counts == {ResultClass.TARGET_DENIED: 3, SENT: 2}
        assert len(await harness.events_of(SeatRested)) == 1, "the second time it is about the groups"
        sent = len(harness.sent())
        await harness.finished(await harness.begin(seats, [*banning, *others]))
    assert len(harness.sent()) == sent + 2, "and these have denied it"


# -- the group


async def test_a_group_that_took_over_a_name_is_found(harness: ForwarderHarness) -> None:
    seats = await harness.seats(1)
    (group,) = harness.groups(1, seats)
    async with harness.working():
        assert await harness.finished(await harness.begin(seats, [group])) == {SENT: 1}
        harness.telegram.change_chat(harness.chat_id(group), ChatSettings(deleted=True))
        harness.telegram.create_group(GroupSpec(username=group[1:], members=[harness.account(seats[0])]))
        for _ in range(2):
            assert await harness.finished(await harness.begin(seats, [group])) == {SENT: 1}
    assert harness.copies([group]) == {2: 1}
    assert await parties(harness) == []


async def test_a_group_that_was_joined_while_connected_is_found(harness: ForwarderHarness) -> None:
    (seat,) = await harness.seats(1)
    first, second, linked = (harness.telegram.create_group(GroupSpec()) for _ in range(3))
    private = [str(first.marked_id), str(second.marked_id)]
    link = "+" + linked.invite_link.rpartition("+")[2]
    async with harness.working():
        cycle = await harness.begin([seat], [private[0], link], post=TEXT)
        assert await harness.finished(cycle) == {ResultClass.TARGET_GONE: 2}
        for chat in (first, second, linked):
            harness.telegram.set_member(chat.id, harness.account(seat))
        assert await harness.finished(await harness.begin([seat], [private[1]], post=TEXT)) == {SENT: 1}
        cycle = await harness.begin([seat], [*private, link], post=TEXT)
        assert await harness.finished(cycle) == {SENT: 3}
    assert asked(harness, "messages.getDialogs") == 2
    assert RegainReason.JOINED in {one.why for one in await harness.events_of(AccessRegained)}


async def test_a_topic_that_is_open_again_gets_the_next_post(harness: ForwarderHarness) -> None:
    seats = await harness.seats(2)
    topic = TopicSpec(id=7, closed=True)
    (group,) = harness.groups(1, seats, GroupSpec(topics=[topic]))
    named = f"{group}/7"
    async with harness.working():
        assert await harness.finished(await harness.begin(seats, [named])) == {ResultClass.TARGET_GONE: 1}
        assert len(harness.sent()) == 2, "a second seat confirms it"
        harness.telegram.change_chat(
            harness.chat_id(group), ChatSettings(topics=[topic.model_copy(update={"closed": False})])
        )
        assert await harness.finished(await harness.begin(seats, [named])) == {SENT: 1}


async def test_a_denial_ends_by_itself_and_the_next_one_lasts_longer(harness: ForwarderHarness) -> None:
    seats = await harness.seats(1)
    (group,) = harness.groups(1, seats, GroupSpec(restricted=[harness.account(seats[0])]))

    async def tries(seconds: float) -> int:
        async with harness.working(denial_seconds=seconds):
            await harness.finished(await harness.begin(seats, [group]))
        return len(harness.sent())

    async def over() -> bool:
        found = await harness.engine.query(
            lambda sql: sql.fetchval("select bool_and(until < clock_timestamp()) from denials")
        )
        return bool(found)

    assert await tries(0.5) == 1
    await until(over)
    assert await tries(500) == 2
    assert await tries(500) == 2
    denied = await harness.events_of(AccessDenied)
    assert [one.times for one in denied] == [1, 2]
    assert (denied[1].until - denied[1].at).total_seconds() == 1000


async def test_a_group_in_slow_mode_is_not_asked_before_its_time_also_by_the_next_cycle(
    harness: ForwarderHarness,
) -> None:
    seats = await harness.seats(1)
    slow, other = groups = harness.groups(2, seats)
    harness.fail("SLOWMODE_WAIT_900", chat=harness.chat_id(slow), times=1)
    wanted = {SENT: 1, ResultClass.SLOW_MODE: 1}
    async with harness.working():
        assert await harness.finished(await harness.begin(seats, groups)) == wanted
        cycle = await harness.begin(seats, groups)
        assert await harness.finished(cycle) == wanted
    assert (await harness.deliveries(cycle))[slow].error == "SLOWMODE_WAIT_900"
    assert len([one for one in harness.sent() if one.chat == harness.chat_id(slow)]) == 1
    assert len(harness.messages(other)) == 2


async def test_a_short_slow_mode_is_waited_for_by_the_next_cycle(harness: ForwarderHarness) -> None:
    seats = await harness.seats(1)
    (slow,) = harness.groups(1, seats)
    harness.fail("SLOWMODE_WAIT_2", chat=harness.chat_id(slow), times=1)
    cycle = await harness.begin(seats, [slow])

    async def refused() -> bool:
        return bool(await harness.events_of(AccessDenied))

    async with harness.working():
        await until(refused)
        await harness.stop(cycle)
        assert await harness.finished(await harness.begin(seats, [slow])) == {SENT: 1}
    first, second = (entry.monotonic for entry in harness.sent())
    assert second - first >= 1.9
