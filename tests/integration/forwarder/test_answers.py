"""What Telegram answers decides, by class."""

import asyncio

import pytest

from libs.events.forwarder import (
    AbortReason,
    CycleAborted,
    Delivery,
    SeatRested,
    SessionDied,
    ShareMoved,
    SourceBroken,
)
from libs.events.values import Pacing, ResultClass, SessionLoss
from sandbox.telegram.specs import AccountState, ChatSettings, Denied, FaultAction, FaultMoment, GroupSpec
from tests.integration.forwarder.harness import ForwarderHarness
from tests.support.waiting import until


async def test_a_flood_wait_rests_the_seat_and_its_groups_wait_for_it(harness: ForwarderHarness) -> None:
    seats = await harness.seats(2)
    groups = harness.groups(8, seats)
    harness.fail("FLOOD_WAIT_1", seats[0], times=1)
    cycle = await harness.begin(seats, groups)
    async with harness.working():
        assert await harness.finished(cycle) == {ResultClass.SENT: 8}
    assert harness.copies(groups) == {1: 8}
    assert [rested.error for rested in await harness.events_of(SeatRested)] == ["FLOOD_WAIT_1"]
    await harness.check_that_the_cycle_caused(f"client-{seats[0].session}", cycle)
    assert not await harness.events_of(ShareMoved)
    times = [entry.monotonic for entry in harness.sent(seats[0])]
    assert times[1] - times[0] >= 0.95


async def test_a_long_flood_wait_leaves_the_seats_groups_out_and_moves_none(
    harness: ForwarderHarness,
) -> None:
    seats = await harness.seats(2)
    groups = harness.groups(8, seats)
    harness.fail("FLOOD_WAIT_900", seats[0])
    cycle = await harness.begin(seats, groups)
    async with harness.working():
        assert await harness.finished(cycle) == {ResultClass.SENT: 4, ResultClass.RATE_LIMITED: 4}
    assert not await harness.events_of(ShareMoved)
    assert len(harness.sent(seats[0])) == 1
    left_out = [one for one in (await harness.deliveries(cycle)).values() if not one.result.delivered]
    assert {one.session for one in left_out} == {seats[0].session}
    assert {one.error for one in left_out} == {"FLOOD_WAIT_900"}


async def test_a_resting_seat_gets_no_share_of_the_next_cycle(harness: ForwarderHarness) -> None:
    seats = await harness.seats(2)
    groups = harness.groups(4, seats)
    harness.fail("PEER_FLOOD", seats[0])
    async with harness.working():
        counts = await harness.finished(await harness.begin(seats, groups))
        assert counts == {ResultClass.SENT: 2, ResultClass.ACCOUNT_LIMITED: 2}
        assert await harness.finished(await harness.begin(seats, groups)) == {ResultClass.SENT: 4}
    assert len(harness.sent(seats[0])) == 1


async def test_slow_mode_tries_that_group_later_while_the_others_go_on(harness: ForwarderHarness) -> None:
    seats = await harness.seats(1)
    groups = harness.groups(4, seats)
    harness.fail("SLOWMODE_WAIT_4", chat=harness.chat_id(groups[0]), times=1)
    cycle = await harness.begin(seats, groups)
    async with harness.working():
        assert await harness.finished(cycle) == {ResultClass.SENT: 4}
    assert harness.copies(groups) == {1: 4}
    chats = [entry.chat for entry in harness.sent()]
    assert chats == [harness.chat_id(group) for group in [*groups, groups[0]]]


async def test_a_group_where_a_seat_may_not_write_is_served_by_another(harness: ForwarderHarness) -> None:
    seats = await harness.seats(2)
    groups = harness.groups(4, seats)
    harness.telegram.remove_member(harness.chat_id(groups[0]), harness.account(seats[0]))
    async with harness.working():
        for _ in range(2):
            assert await harness.finished(await harness.begin(seats, groups)) == {ResultClass.SENT: 4}
    assert len(await harness.events_of(ShareMoved)) == 1
    refused = [entry for entry in harness.sent() if entry.outcome == "CHAT_WRITE_FORBIDDEN"]
    assert len(refused) == 1, "the seat tried again where it may not write"
    assert harness.copies(groups) == {2: 4}


async def test_a_group_where_nobody_may_write_is_reported_and_not_tried_again(
    harness: ForwarderHarness,
) -> None:
    seats = await harness.seats(3)
    groups = harness.groups(3, seats)
    (closed,) = harness.groups(1, [])
    tried: list[int] = []
    last: list[Delivery] = []
    async with harness.working():
        for _ in range(3):
            cycle = await harness.begin(seats, [*groups, closed])
            assert await harness.finished(cycle) == {ResultClass.SENT: 3, ResultClass.TARGET_DENIED: 1}
            tried.append(len([one for one in harness.sent() if one.chat == harness.chat_id(closed)]))
            last.append((await harness.deliveries(cycle))[closed])
    assert tried == [2, 3, 3]  # two seats in the first cycle, the third one in the next
    assert (last[-1].session, last[-1].error) == (None, "CHAT_WRITE_FORBIDDEN")


async def test_content_that_a_group_does_not_take_is_told_and_tried_again_next_time(
    harness: ForwarderHarness,
) -> None:
    seats = await harness.seats(1)
    (group,) = harness.groups(1, seats, GroupSpec(denied=[Denied.SEND_PLAIN]))
    async with harness.working():
        counts = await harness.finished(await harness.begin(seats, [group]))
        assert counts == {ResultClass.CONTENT_DENIED: 1}
        harness.telegram.change_chat(harness.chat_id(group), ChatSettings(denied=[]))
        assert await harness.finished(await harness.begin(seats, [group])) == {ResultClass.SENT: 1}


async def test_a_seat_that_is_banned_in_mid_cycle_leaves_its_groups_to_the_others(
    harness: ForwarderHarness,
) -> None:
    seats = await harness.seats(3)
    groups = harness.groups(15, seats)
    cycle = await harness.begin(seats, groups, pacing=Pacing(delay_seconds=0.1))

    async def under_way() -> bool:
        return len(harness.sent(seats[0])) >= 2

    async with harness.working():
        await until(under_way)
        harness.telegram.set_account_state(harness.account(seats[0]), AccountState.BANNED)
        assert await harness.finished(cycle) == {ResultClass.SENT: 15}
    assert harness.copies(groups) == {1: 15}
    (died,) = await harness.events_of(SessionDied)
    assert (died.session, died.loss) == (seats[0].session, SessionLoss.BANNED)
    await harness.check_that_the_cycle_caused(f"client-{died.session}", cycle)
    await harness.check_that_the_cycle_caused(f"cycle-{cycle}", cycle)


@pytest.mark.parametrize(
    ("error", "loss"),
    [
        ("FROZEN_METHOD_INVALID", SessionLoss.FROZEN),
        ("AUTH_KEY_UNREGISTERED", SessionLoss.RETIRED),
        ("SESSION_REVOKED", SessionLoss.RETIRED),
    ],
)
async def test_a_lost_seat_is_called_by_what_took_it(
    harness: ForwarderHarness, error: str, loss: SessionLoss
) -> None:
    seats = await harness.seats(2)
    groups = harness.groups(4, seats)
    harness.fail(error, seats[0], method=None)
    async with harness.working():
        assert await harness.finished(await harness.begin(seats, groups)) == {ResultClass.SENT: 4}
    (died,) = await harness.events_of(SessionDied)
    assert (died.session, died.loss, died.error) == (seats[0].session, loss, error)


async def test_a_key_that_telegram_forgot_is_a_lost_seat(harness: ForwarderHarness) -> None:
    seats = await harness.seats(2)
    groups = harness.groups(4, seats)
    harness.telegram.destroy_sessions(harness.account(seats[0]))
    async with harness.working():
        assert await harness.finished(await harness.begin(seats, groups)) == {ResultClass.SENT: 4}
    (died,) = await harness.events_of(SessionDied)
    assert died.error == "AUTH_KEY_NOT_FOUND"


async def test_without_any_seat_left_the_cycle_ends(harness: ForwarderHarness) -> None:
    seats = await harness.seats(2)
    groups = harness.groups(4, seats)
    for seat in seats:
        harness.telegram.set_account_state(harness.account(seat), AccountState.DEACTIVATED)
    async with harness.working():
        end = await harness.over(await harness.begin(seats, groups))
    assert isinstance(end, CycleAborted)
    assert (end.reason, end.counts) == (AbortReason.NO_SEATS, {ResultClass.STOPPED: 4})


async def test_server_trouble_is_tried_again_and_sends_nothing_twice(harness: ForwarderHarness) -> None:
    seats = await harness.seats(2)
    groups = harness.groups(6, seats)
    for name in ("RPC_CALL_FAIL", "TIMEOUT", "WORKER_BUSY_TOO_LONG_RETRY"):
        harness.fail(name, times=2)
    async with harness.working():
        assert await harness.finished(await harness.begin(seats, groups)) == {ResultClass.SENT: 6}
    assert harness.copies(groups) == {1: 6}


async def test_server_trouble_without_end_is_given_up(harness: ForwarderHarness) -> None:
    seats = await harness.seats(2)
    groups = harness.groups(2, seats)
    harness.fail("RPC_CALL_FAIL", chat=harness.chat_id(groups[0]))
    async with harness.working(max_attempts=3):
        counts = await harness.finished(await harness.begin(seats, groups))
    assert counts == {ResultClass.SENT: 1, ResultClass.TRANSIENT: 1}
    assert len([entry for entry in harness.sent() if entry.outcome == "RPC_CALL_FAIL"]) == 3


@pytest.mark.parametrize("action", [FaultAction.DROP_CONNECTION, FaultAction.NEVER_ANSWER])
async def test_an_answer_that_was_lost_after_the_send_gives_one_copy(
    harness: ForwarderHarness, action: FaultAction
) -> None:
    seats = await harness.seats(2)
    groups = harness.groups(6, seats)
    for seat in seats:
        harness.fail_silently(action, FaultMoment.AFTER, seat, times=2)
    cycle = await harness.begin(seats, groups)
    async with harness.working(request_seconds=0.5):
        assert await harness.finished(cycle) == {ResultClass.SENT: 6}
    assert harness.copies(groups) == {1: 6}
    assert "repeat" in {entry.outcome for entry in harness.sent()}
    for group in groups:  # and the message's id is known all the same
        assert (await harness.deliveries(cycle))[group].messages == (harness.messages(group)[0].id,)
    assert not harness.telegram.held_twice()


async def test_a_doubtful_send_is_not_made_again_by_another_seat(harness: ForwarderHarness) -> None:
    seats = await harness.seats(2)
    groups = harness.groups(2, seats)
    harness.fail_silently(FaultAction.DROP_CONNECTION, FaultMoment.AFTER, seats[0], times=1)
    harness.fail("USER_DEACTIVATED_BAN", seats[0])
    cycle = await harness.begin(seats, groups)
    async with harness.working():
        counts = await harness.finished(cycle)
    assert counts == {ResultClass.SENT: 1, ResultClass.UNKNOWN: 1}
    assert harness.copies(groups) == {1: 2}


async def test_a_repeat_that_telegram_refuses_counts_as_delivered(harness: ForwarderHarness) -> None:
    seats = await harness.seats(1)
    groups = harness.groups(1, seats)
    harness.fail("RANDOM_ID_DUPLICATE", times=1)
    async with harness.working():
        counts = await harness.finished(await harness.begin(seats, groups))
    assert counts == {ResultClass.ALREADY_SENT: 1}


async def test_forbidden_forwards_break_the_source_and_end_the_cycle(harness: ForwarderHarness) -> None:
    seats = await harness.seats(2)
    groups = harness.groups(4, seats)
    source = next(chat for chat in harness.telegram.chats() if chat.username == "newsroom")
    harness.telegram.change_chat(source.id, ChatSettings(noforwards=True))
    async with harness.working():
        end = await harness.over(await harness.begin(seats, groups))
    assert isinstance(end, CycleAborted)
    assert end.reason is AbortReason.SOURCE_BROKEN
    (broken,) = await harness.events_of(SourceBroken)
    assert broken.error == "CHAT_FORWARDS_RESTRICTED"
    assert harness.copies(groups) == {0: 4}


async def test_an_answer_that_nobody_knows_is_recorded_by_its_name_and_not_tried_again(
    harness: ForwarderHarness,
) -> None:
    seats = await harness.seats(2)
    groups = harness.groups(2, seats)
    harness.fail("EELS_IN_HOVERCRAFT", chat=harness.chat_id(groups[0]))
    cycle = await harness.begin(seats, groups)
    async with harness.working():
        assert await harness.finished(cycle) == {ResultClass.SENT: 1, ResultClass.UNKNOWN: 1}
    assert (await harness.deliveries(cycle))[groups[0]].error == "EELS_IN_HOVERCRAFT"
    assert len(harness.sent()) == 2


async def test_bans_in_several_groups_rest_the_account(harness: ForwarderHarness) -> None:
    seats = await harness.seats(1)
    groups = harness.groups(6, seats, GroupSpec(restricted=[harness.account(seats[0])]))
    cycle = await harness.begin(seats, groups)
    async with harness.working():
        counts = await harness.finished(cycle)
    assert counts == {ResultClass.TARGET_DENIED: 3, ResultClass.ACCOUNT_LIMITED: 3}
    await harness.check_that_the_cycle_caused(f"client-{seats[0].session}", cycle)
    assert len(harness.sent()) == 3


async def test_a_telegram_that_is_away_is_waited_for(harness: ForwarderHarness) -> None:
    seats = await harness.seats(2)
    groups = harness.groups(4, seats)
    cycle = await harness.begin(seats, groups)
    await harness.telegram.stop()
    async with harness.working():
        await asyncio.sleep(0.5)
        await harness.telegram.start()
        assert await harness.finished(cycle) == {ResultClass.SENT: 4}
    assert harness.copies(groups) == {1: 4}


async def test_a_stop_in_mid_cycle_sends_nothing_more(harness: ForwarderHarness) -> None:
    seats = await harness.seats(2)
    groups = harness.groups(200, seats)
    cycle = await harness.begin(seats, groups, pacing=Pacing(delay_seconds=0.1))

    async def under_way() -> bool:
        return len(harness.sent()) >= 4

    async with harness.working():
        await until(under_way)
        await harness.stop(cycle)
        sent = len(harness.sent())
        await asyncio.sleep(0.5)
        assert len(harness.sent()) <= sent + len(seats)
    end = await harness.over(cycle)
    assert isinstance(end, CycleAborted)
    assert end.reason is AbortReason.STOPPED
    # what was sent is told of, also what was recorded after the end
    delivered = [group for group in groups if harness.messages(group)]
    assert set(await harness.deliveries(cycle)) == set(delivered)
    assert len(delivered) < len(groups)
