"""Decisions on cycles."""

from dataclasses import replace
from uuid import UUID

import pytest

from libs.events.forwarder import (
    AbortReason,
    DeliveriesRecorded,
    Delivery,
    SourceBroken,
)
from libs.events.values import (
    GroupRef,
    Party,
    ResultClass,
    SendOptions,
    SessionId,
)
from libs.eventsourcing import ImpossibleEvent
from services.forwarder.cycle.commands import Abort, Begin, BreakSource, LeaveOut, LoseSeat
from services.forwarder.cycle.domain import CYCLE
from services.forwarder.cycle.sharing import Denial, Seating
from tests.unit.forwarder.cycles import (
    ADBOT,
    CYCLE_ID,
    FORBIDDEN,
    KNOWN,
    NOON,
    PACING,
    POST,
    A,
    B,
    C,
    aborted,
    begin,
    cycle,
    delivery,
    finished,
    in_doubt,
    moved,
    names,
    record,
    recorded,
    seats,
    share,
    started,
)

# -- beginning


def test_the_groups_are_shared_evenly() -> None:
    cycle.when(begin(5, A, B)).then(
        started(share(A, "@group0", "@group2", "@group4"), share(B, "@group1", "@group3"))
    )


@pytest.mark.parametrize(("groups", "count"), [(1, 3), (7, 3), (60, 6), (100, 7)])
def test_no_share_is_larger_than_another_by_more_than_one(groups: int, count: int) -> None:
    sessions = [SessionId(UUID(int=number)) for number in range(count)]
    state = cycle.when(begin(groups, *sessions)).state()
    assert state is not None
    loads = [list(state.waiting.values()).count(session) for session in sessions]
    assert sum(loads) == groups
    assert max(loads) - min(loads) <= 1


def test_a_group_named_twice_is_served_once() -> None:
    twice = Begin(CYCLE_ID, ADBOT, POST, PACING, ("@group0", "@group0"), seats(A), KNOWN, NOON)
    cycle.when(twice).then(started(share(A, "@group0")))


def test_a_cycle_starts_once() -> None:
    cycle.when(begin(1, A), begin(2, A, B)).then(started(share(A, "@group0")))


def test_a_seat_that_a_group_refuses_does_not_get_it() -> None:
    denials = {"@group0": {A: Denial(ResultClass.TARGET_DENIED, FORBIDDEN)}}
    cycle.when(begin(2, A, B, seating=Seating(denials=denials))).then(
        started(share(A, "@group1"), share(B, "@group0"))
    )


def test_a_group_that_refuses_every_seat_is_reported_without_a_send() -> None:
    denial = Denial(ResultClass.TARGET_DENIED, FORBIDDEN)
    known = Seating(denials={"@group0": {A: denial, B: denial}})
    cycle.when(begin(2, A, B, seating=known)).then(
        started(share(A, "@group1"), share(B)),
        recorded(delivery("@group0", None, ResultClass.TARGET_DENIED, FORBIDDEN)),
    )


def test_lost_seats_get_no_groups_and_waiting_ones_only_if_there_is_no_other() -> None:
    cycle.when(begin(2, A, B, C, seating=Seating(lost=frozenset({A}), paused=frozenset({B})))).then(
        started(share(C, "@group0", "@group1"))
    )
    cycle.when(begin(1, A, B, seating=Seating(lost=frozenset({A}), paused=frozenset({B})))).then(
        started(share(B, "@group0"))
    )


def test_a_cycle_without_seats_is_aborted_at_its_start() -> None:
    cycle.when(begin(3, A, seating=Seating(lost=frozenset({A})))).then(
        started(), aborted(AbortReason.NO_SEATS, STOPPED=3)
    )


def test_a_cycle_without_groups_finishes_at_its_start() -> None:
    cycle.when(begin(0, A)).then(started(share(A)), finished())


# -- deliveries


def test_the_last_group_finishes_the_cycle_in_the_same_decision() -> None:
    last = delivery("@group1", B)
    cycle.given(started(share(A, "@group0"), share(B, "@group1")), recorded(delivery("@group0", A))).when(
        record(last)
    ).then(recorded(last), finished(SENT=2))


def test_the_same_group_recorded_twice_counts_once() -> None:
    first = delivery("@group0", A)
    cycle.given(started(share(A, "@group0", "@group1"))).when(record(first), record(first)).then(
        recorded(first)
    )


def test_more_than_twenty_deliveries_are_recorded_in_several_events() -> None:
    groups = names(45)
    events = CYCLE.decide(
        record(*(delivery(group, A) for group in groups)), CYCLE.fold([started(share(A, *groups))])
    )
    sizes = [len(event.deliveries) for event in events if isinstance(event, DeliveriesRecorded)]
    assert sizes == [20, 20, 5]
    assert events[-1] == finished(SENT=45)


def test_a_group_that_refuses_a_seat_is_tried_once_by_another() -> None:
    refusal = delivery("@group0", A, ResultClass.TARGET_DENIED, FORBIDDEN)
    cycle.given(started(share(A, "@group0"), share(B))).when(record(refusal)).then(
        moved(A, share(B, "@group0"))
    )


def test_a_group_that_refuses_two_seats_is_not_tried_again() -> None:
    refusal = delivery("@group0", B, ResultClass.TARGET_DENIED, FORBIDDEN)
    cycle.given(started(share(A, "@group0"), share(B), share(C)), moved(A, share(B, "@group0"))).when(
        record(refusal)
    ).then(recorded(refusal), finished(TARGET_DENIED=1))


def test_a_refused_group_goes_to_no_seat_that_it_is_known_to_refuse() -> None:
    refusal = delivery("@group0", A, ResultClass.TARGET_DENIED, FORBIDDEN)
    known = Seating(denials={"@group0": {B: Denial(ResultClass.TARGET_DENIED, FORBIDDEN)}})
    cycle.given(started(share(A, "@group0"), share(B), share(C))).when(record(refusal, seating=known)).then(
        moved(A, share(C, "@group0"))
    )


def test_a_refusal_after_a_doubtful_send_is_final() -> None:
    refusal = delivery("@group0", A, ResultClass.TARGET_DENIED, FORBIDDEN)
    cycle.given(started(share(A, "@group0"), share(B))).when(record(refusal, doubtful=True)).then(
        recorded(refusal), finished(TARGET_DENIED=1)
    )


@pytest.mark.parametrize(
    "result", [ResultClass.RATE_LIMITED, ResultClass.SLOW_MODE, ResultClass.UNKNOWN, ResultClass.TRANSIENT]
)
def test_an_error_that_another_seat_would_also_get_moves_no_group(result: ResultClass) -> None:
    failed = delivery("@group0", A, result, "FLOOD_WAIT_900")
    cycle.given(started(share(A, "@group0"), share(B))).when(record(failed)).then(
        recorded(failed), finished(**{result.value: 1})
    )


def test_a_result_from_a_groups_former_seat_is_not_counted() -> None:
    cycle.given(started(share(A, "@group0"), share(B)), moved(A, share(B, "@group0"))).when(
        record(delivery("@group0", A))
    ).then()


# -- lost seats


def lose(session: SessionId, *doubtful: GroupRef, seating: Seating = KNOWN) -> LoseSeat:
    return LoseSeat(session, ResultClass.SESSION_LOST, "SESSION_REVOKED", frozenset(doubtful), seating, NOON)


def lost(group: GroupRef) -> Delivery:
    return delivery(group, A, ResultClass.SESSION_LOST, "SESSION_REVOKED", Party.ACCOUNT)


def test_a_lost_seats_groups_go_to_the_seats_with_the_smallest_shares() -> None:
    cycle.given(started(share(A, "@group0", "@group1"), share(B, "@group2"), share(C))).when(lose(A)).then(
        moved(
            A,
            share(B, "@group1"),
            share(C, "@group0"),
            result=ResultClass.SESSION_LOST,
            error="SESSION_REVOKED",
            party=Party.ACCOUNT,
        )
    )


def test_a_lost_seats_group_with_a_doubtful_send_is_not_sent_again() -> None:
    cycle.given(started(share(A, "@group0", "@group1"), share(B))).when(lose(A, "@group0")).then(
        moved(
            A,
            share(B, "@group1"),
            result=ResultClass.SESSION_LOST,
            error="SESSION_REVOKED",
            party=Party.ACCOUNT,
        ),
        recorded(in_doubt("@group0")),
    )


def test_losing_the_last_seat_ends_the_cycle() -> None:
    cycle.given(started(share(A, "@group0", "@group1"))).when(lose(A, "@group0")).then(
        recorded(in_doubt("@group0")), aborted(AbortReason.NO_SEATS, UNKNOWN=1, STOPPED=1)
    )


def test_a_group_does_not_return_to_a_seat_that_it_refused() -> None:
    history = (started(share(A, "@group0"), share(B)), moved(B, share(A, "@group0")))
    cycle.given(*history).when(lose(A)).then(recorded(lost("@group0")), finished(SESSION_LOST=1))


def test_losing_a_seat_without_groups_is_a_no_op() -> None:
    cycle.given(started(share(A), share(B, "@group0"))).when(lose(A)).then()


# -- endings


def test_a_stopped_cycle_records_the_groups_that_were_not_sent() -> None:
    cycle.given(started(share(A, "@group0", "@group1")), recorded(delivery("@group0", A))).when(
        Abort(AbortReason.STOPPED, NOON)
    ).then(aborted(AbortReason.STOPPED, SENT=1, STOPPED=1))


def test_a_cycle_ends_once() -> None:
    over = cycle.given(started(share(A, "@group0")), aborted(AbortReason.STOPPED, STOPPED=1))
    over.when(Abort(AbortReason.STOPPED, NOON)).then()
    over.when(BreakSource("MEDIA_EMPTY", NOON)).then()
    over.when(lose(A)).then()


def test_a_send_in_progress_at_the_cycles_end_is_still_recorded() -> None:
    late = delivery("@group0", A)
    over = cycle.given(started(share(A, "@group0", "@group1")), aborted(AbortReason.STOPPED, STOPPED=2))
    over.when(record(late), record(late)).then(recorded(late))
    over.when(record(delivery("@group1", A, ResultClass.UNKNOWN))).then()
    over.when(record(in_doubt("@group1"), doubtful=True)).then(recorded(in_doubt("@group1")))


def test_a_broken_source_ends_the_cycle() -> None:
    cycle.given(started(share(A, "@group0"))).when(BreakSource("MESSAGE_ID_INVALID", NOON)).then(
        SourceBroken(cycle=CYCLE_ID, adbot=ADBOT, error="MESSAGE_ID_INVALID"),
        aborted(AbortReason.SOURCE_BROKEN, STOPPED=1),
    )


def test_recording_in_an_unknown_cycle_is_refused() -> None:
    cycle.when(record(delivery("@group0", A))).refused("unknown_cycle")
    cycle.when(Abort(AbortReason.STOPPED, NOON)).refused("unknown_cycle")


def test_impossible_histories_are_errors() -> None:
    with pytest.raises(ImpossibleEvent):
        CYCLE.fold([recorded(delivery("@group0", A))])
    with pytest.raises(ImpossibleEvent):
        CYCLE.fold([started(), started()])


# -- blocked groups


def test_a_blocked_group_is_left_out_and_the_others_go_on() -> None:
    left_out = delivery("@group1", None, ResultClass.STOPPED, "TARGET_BLOCKED")
    cycle.given(started(share(A, "@group0", "@group1"))).when(LeaveOut(("@group1", "@elsewhere"), NOON)).then(
        recorded(left_out)
    )


def test_a_cycle_ends_when_its_last_group_is_blocked_and_a_repetition_changes_nothing() -> None:
    left_out = recorded(delivery("@group0", None, ResultClass.STOPPED, "TARGET_BLOCKED"))
    running = cycle.given(started(share(A, "@group0")))
    running.when(LeaveOut(("@group0",), NOON)).then(left_out, finished(STOPPED=1))
    over = cycle.given(started(share(A, "@group0")), left_out, finished(STOPPED=1))
    over.when(LeaveOut(("@group0",), NOON)).then()


def test_the_options_of_a_cycle_are_those_it_was_begun_with() -> None:
    options = SendOptions(author=False, delete_previous=True)
    begun = started(share(A, "@group0")).model_copy(update={"options": options})
    cycle.given().when(replace(begin(1, A), options=options)).then(begun)
