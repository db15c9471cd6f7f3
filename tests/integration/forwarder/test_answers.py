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
from tests.integration.forwarder.stage import Stage
from tests.support.waiting import until


async def test_a_flood_wait_rests_the_seat_and_its_groups_wait_for_it(stage: Stage) -> None:
    seats = await stage.seats(2)
    groups = stage.groups(8, seats)
    stage.fail("FLOOD_WAIT_1", seats[0], times=1)
    cycle = await stage.begin(seats, groups)
    async with stage.working():
        assert await stage.finished(cycle) == {ResultClass.SENT: 8}
    assert stage.copies(groups) == {1: 8}
    assert [rested.error for rested in await stage.events_of(SeatRested)] == ["FLOOD_WAIT_1"]
    await stage.check_that_the_cycle_caused(f"client-{seats[0].session}", cycle)
    assert not await stage.events_of(ShareMoved)
    times = [entry.monotonic for entry in stage.sent(seats[0])]
    assert times[1] - times[0] >= 0.95


async def test_a_long_flood_wait_leaves_the_seats_groups_out_and_moves_none(stage: Stage) -> None:
    seats = await stage.seats(2)
    groups = stage.groups(8, seats)
    stage.fail("FLOOD_WAIT_900", seats[0])
    cycle = await stage.begin(seats, groups)
    async with stage.working():
        assert await stage.finished(cycle) == {ResultClass.SENT: 4, ResultClass.RATE_LIMITED: 4}
    assert not await stage.events_of(ShareMoved)
    assert len(stage.sent(seats[0])) == 1
    left_out = [one for one in (await stage.deliveries(cycle)).values() if not one.result.delivered]
    assert {one.session for one in left_out} == {seats[0].session}
    assert {one.error for one in left_out} == {"FLOOD_WAIT_900"}


async def test_a_resting_seat_gets_no_share_of_the_next_cycle(stage: Stage) -> None:
    seats = await stage.seats(2)
    groups = stage.groups(4, seats)
    stage.fail("PEER_FLOOD", seats[0])
    async with stage.working():
        counts = await stage.finished(await stage.begin(seats, groups))
        assert counts == {ResultClass.SENT: 2, ResultClass.ACCOUNT_LIMITED: 2}
        assert await stage.finished(await stage.begin(seats, groups)) == {ResultClass.SENT: 4}
    assert len(stage.sent(seats[0])) == 1


async def test_slow_mode_tries_that_group_later_while_the_others_go_on(stage: Stage) -> None:
    seats = await stage.seats(1)
    groups = stage.groups(4, seats)
    stage.fail("SLOWMODE_WAIT_1", chat=stage.chat_id(groups[0]), times=1)
    cycle = await stage.begin(seats, groups)
    async with stage.working():
        assert await stage.finished(cycle) == {ResultClass.SENT: 4}
    assert stage.copies(groups) == {1: 4}
    chats = [entry.chat for entry in stage.sent()]
    assert chats == [stage.chat_id(group) for group in [*groups, groups[0]]]


async def test_a_group_where_a_seat_may_not_write_is_served_by_another(stage: Stage) -> None:
    seats = await stage.seats(2)
    groups = stage.groups(4, seats)
    stage.telegram.remove_member(stage.chat_id(groups[0]), stage.account(seats[0]))
    async with stage.working():
        for _ in range(2):
            assert await stage.finished(await stage.begin(seats, groups)) == {ResultClass.SENT: 4}
    assert len(await stage.events_of(ShareMoved)) == 1
    refused = [entry for entry in stage.sent() if entry.outcome == "CHAT_WRITE_FORBIDDEN"]
    assert len(refused) == 1, "the seat tried again where it may not write"
    assert stage.copies(groups) == {2: 4}


async def test_a_group_where_nobody_may_write_is_reported_and_not_tried_again(stage: Stage) -> None:
    seats = await stage.seats(3)
    groups = stage.groups(3, seats)
    (closed,) = stage.groups(1, [])
    tried: list[int] = []
    last: list[Delivery] = []
    async with stage.working():
        for _ in range(3):
            cycle = await stage.begin(seats, [*groups, closed])
            assert await stage.finished(cycle) == {ResultClass.SENT: 3, ResultClass.TARGET_DENIED: 1}
            tried.append(len([one for one in stage.sent() if one.chat == stage.chat_id(closed)]))
            last.append((await stage.deliveries(cycle))[closed])
    assert tried == [2, 3, 3]  # two seats in the first cycle, the third one in the next
    assert (last[-1].session, last[-1].error) == (None, "CHAT_WRITE_FORBIDDEN")


async def test_content_that_a_group_does_not_take_is_told_and_tried_again_next_time(stage: Stage) -> None:
    seats = await stage.seats(1)
    (group,) = stage.groups(1, seats, GroupSpec(denied=[Denied.SEND_PLAIN]))
    async with stage.working():
        counts = await stage.finished(await stage.begin(seats, [group]))
        assert counts == {ResultClass.CONTENT_DENIED: 1}
        stage.telegram.change_chat(stage.chat_id(group), ChatSettings(denied=[]))
        assert await stage.finished(await stage.begin(seats, [group])) == {ResultClass.SENT: 1}


async def test_a_seat_that_is_banned_in_mid_cycle_leaves_its_groups_to_the_others(stage: Stage) -> None:
    seats = await stage.seats(3)
    groups = stage.groups(15, seats)
    cycle = await stage.begin(seats, groups, pacing=Pacing(delay_seconds=0.1))

    async def under_way() -> bool:
        return len(stage.sent(seats[0])) >= 2

    async with stage.working():
        await until(under_way)
        stage.telegram.set_account_state(stage.account(seats[0]), AccountState.BANNED)
        assert await stage.finished(cycle) == {ResultClass.SENT: 15}
    assert stage.copies(groups) == {1: 15}
    (died,) = await stage.events_of(SessionDied)
    assert (died.session, died.loss) == (seats[0].session, SessionLoss.BANNED)
    await stage.check_that_the_cycle_caused(f"client-{died.session}", cycle)
    await stage.check_that_the_cycle_caused(f"cycle-{cycle}", cycle)


@pytest.mark.parametrize(
    ("error", "loss"),
    [
        ("FROZEN_METHOD_INVALID", SessionLoss.FROZEN),
        ("AUTH_KEY_UNREGISTERED", SessionLoss.RETIRED),
        ("SESSION_REVOKED", SessionLoss.RETIRED),
    ],
)
async def test_a_lost_seat_is_called_by_what_took_it(stage: Stage, error: str, loss: SessionLoss) -> None:
    seats = await stage.seats(2)
    groups = stage.groups(4, seats)
    stage.fail(error, seats[0])
    async with stage.working():
        assert await stage.finished(await stage.begin(seats, groups)) == {ResultClass.SENT: 4}
    (died,) = await stage.events_of(SessionDied)
    assert (died.session, died.loss, died.error) == (seats[0].session, loss, error)


async def test_a_key_that_telegram_forgot_is_a_lost_seat(stage: Stage) -> None:
    seats = await stage.seats(2)
    groups = stage.groups(4, seats)
    stage.telegram.destroy_sessions(stage.account(seats[0]))
    async with stage.working():
        assert await stage.finished(await stage.begin(seats, groups)) == {ResultClass.SENT: 4}
    (died,) = await stage.events_of(SessionDied)
    assert died.error == "AUTH_KEY_NOT_FOUND"


async def test_without_any_seat_left_the_cycle_ends(stage: Stage) -> None:
    seats = await stage.seats(2)
    groups = stage.groups(4, seats)
    for seat in seats:
        stage.telegram.set_account_state(stage.account(seat), AccountState.DEACTIVATED)
    async with stage.working():
        end = await stage.over(await stage.begin(seats, groups))
    assert isinstance(end, CycleAborted)
    assert (end.reason, end.counts) == (AbortReason.NO_SEATS, {ResultClass.STOPPED: 4})


async def test_server_trouble_is_tried_again_and_sends_nothing_twice(stage: Stage) -> None:
    seats = await stage.seats(2)
    groups = stage.groups(6, seats)
    for name in ("RPC_CALL_FAIL", "TIMEOUT", "WORKER_BUSY_TOO_LONG_RETRY"):
        stage.fail(name, times=2)
    async with stage.working():
        assert await stage.finished(await stage.begin(seats, groups)) == {ResultClass.SENT: 6}
    assert stage.copies(groups) == {1: 6}


async def test_server_trouble_without_end_is_given_up(stage: Stage) -> None:
    seats = await stage.seats(2)
    groups = stage.groups(2, seats)
    stage.fail("RPC_CALL_FAIL", chat=stage.chat_id(groups[0]))
    async with stage.working(max_attempts=3):
        counts = await stage.finished(await stage.begin(seats, groups))
    assert counts == {ResultClass.SENT: 1, ResultClass.TRANSIENT: 1}
    assert len([entry for entry in stage.sent() if entry.outcome == "RPC_CALL_FAIL"]) == 3


@pytest.mark.parametrize("action", [FaultAction.DROP_CONNECTION, FaultAction.NEVER_ANSWER])
async def test_an_answer_that_was_lost_after_the_send_gives_one_copy(
    stage: Stage, action: FaultAction
) -> None:
    seats = await stage.seats(2)
    groups = stage.groups(6, seats)
    for seat in seats:
        stage.fail_silently(action, FaultMoment.AFTER, seat, times=2)
    cycle = await stage.begin(seats, groups)
    async with stage.working(request_seconds=0.5):
        assert await stage.finished(cycle) == {ResultClass.SENT: 6}
    assert stage.copies(groups) == {1: 6}
    assert "repeat" in {entry.outcome for entry in stage.sent()}
    for group in groups:  # and the message's id is known all the same
        assert (await stage.deliveries(cycle))[group].messages == (stage.messages(group)[0].id,)
    assert not stage.telegram.held_twice()


async def test_a_doubtful_send_is_not_made_again_by_another_seat(stage: Stage) -> None:
    seats = await stage.seats(2)
    groups = stage.groups(2, seats)
    stage.fail_silently(FaultAction.DROP_CONNECTION, FaultMoment.AFTER, seats[0], times=1)
    stage.fail("USER_DEACTIVATED_BAN", seats[0])
    cycle = await stage.begin(seats, groups)
    async with stage.working():
        counts = await stage.finished(cycle)
    assert counts == {ResultClass.SENT: 1, ResultClass.SESSION_LOST: 1}
    assert stage.copies(groups) == {1: 2}


async def test_a_repeat_that_telegram_refuses_counts_as_delivered(stage: Stage) -> None:
    seats = await stage.seats(1)
    groups = stage.groups(1, seats)
    stage.fail("RANDOM_ID_DUPLICATE", times=1)
    async with stage.working():
        counts = await stage.finished(await stage.begin(seats, groups))
    assert counts == {ResultClass.ALREADY_SENT: 1}


async def test_forbidden_forwards_break_the_source_and_end_the_cycle(stage: Stage) -> None:
    seats = await stage.seats(2)
    groups = stage.groups(4, seats)
    source = next(chat for chat in stage.telegram.chats() if chat.username == "newsroom")
    stage.telegram.change_chat(source.id, ChatSettings(noforwards=True))
    async with stage.working():
        end = await stage.over(await stage.begin(seats, groups))
    assert isinstance(end, CycleAborted)
    assert end.reason is AbortReason.SOURCE_BROKEN
    (broken,) = await stage.events_of(SourceBroken)
    assert broken.error == "CHAT_FORWARDS_RESTRICTED"
    assert stage.copies(groups) == {0: 4}


async def test_an_answer_that_nobody_knows_is_recorded_by_its_name_and_not_tried_again(stage: Stage) -> None:
    seats = await stage.seats(2)
    groups = stage.groups(2, seats)
    stage.fail("EELS_IN_HOVERCRAFT", chat=stage.chat_id(groups[0]))
    cycle = await stage.begin(seats, groups)
    async with stage.working():
        assert await stage.finished(cycle) == {ResultClass.SENT: 1, ResultClass.UNKNOWN: 1}
    assert (await stage.deliveries(cycle))[groups[0]].error == "EELS_IN_HOVERCRAFT"
    assert len(stage.sent()) == 2


async def test_bans_in_several_groups_rest_the_account(stage: Stage) -> None:
    seats = await stage.seats(1)
    groups = stage.groups(6, seats, GroupSpec(restricted=[stage.account(seats[0])]))
    cycle = await stage.begin(seats, groups)
    async with stage.working():
        counts = await stage.finished(cycle)
    assert counts == {ResultClass.TARGET_DENIED: 3, ResultClass.ACCOUNT_LIMITED: 3}
    await stage.check_that_the_cycle_caused(f"client-{seats[0].session}", cycle)
    assert len(stage.sent()) == 3


async def test_a_telegram_that_is_away_is_waited_for(stage: Stage) -> None:
    seats = await stage.seats(2)
    groups = stage.groups(4, seats)
    cycle = await stage.begin(seats, groups)
    await stage.telegram.stop()
    async with stage.working():
        await asyncio.sleep(0.5)
        await stage.telegram.start()
        assert await stage.finished(cycle) == {ResultClass.SENT: 4}
    assert stage.copies(groups) == {1: 4}


async def test_a_stop_in_mid_cycle_sends_nothing_more(stage: Stage) -> None:
    seats = await stage.seats(2)
    groups = stage.groups(20, seats)
    cycle = await stage.begin(seats, groups, pacing=Pacing(delay_seconds=0.1))

    async def under_way() -> bool:
        return len(stage.sent()) >= 4

    async with stage.working():
        await until(under_way)
        await stage.stop(cycle)
        sent = len(stage.sent())
        await asyncio.sleep(0.5)
        assert len(stage.sent()) <= sent + len(seats)
    end = await stage.over(cycle)
    assert isinstance(end, CycleAborted)
    assert end.reason is AbortReason.STOPPED
    # what was sent is told of, also what was recorded after the end
    delivered = [group for group in groups if stage.messages(group)]
    assert set(await stage.deliveries(cycle)) == set(delivered)
    assert len(delivered) < 20
