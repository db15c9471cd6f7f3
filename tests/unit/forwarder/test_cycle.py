"""Decisions on cycles."""

from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid5

import pytest

from libs.events.forwarder import (
    AbortReason,
    CycleAborted,
    CycleFinished,
    CycleStarted,
    DeliveriesRecorded,
    Delivery,
    Share,
    ShareMoved,
    SourceBroken,
)
from libs.events.values import (
    AdbotId,
    ApplicationId,
    ChannelPost,
    CycleId,
    GroupRef,
    Pacing,
    Party,
    ResultClass,
    Seat,
    SessionId,
)
from libs.eventsourcing import ImpossibleEvent
from libs.eventsourcing.testing import scenarios
from services.forwarder.cycle.commands import Abort, Begin, BreakSource, LoseSeat, Outcome, RecordOutcomes
from services.forwarder.cycle.domain import CYCLE
from services.forwarder.cycle.sharing import Denial, Seating

NOON = datetime(2025, 6, 1, 12, tzinfo=UTC)
SPACE = UUID(int=1)
CYCLE_ID = CycleId(uuid5(SPACE, "cycle"))
ADBOT = AdbotId(uuid5(SPACE, "adbot"))
PAIR = ApplicationId(uuid5(SPACE, "pair"))
A, B, C = (SessionId(uuid5(SPACE, name)) for name in "abc")
POST = ChannelPost(channel="@news", message=7)
PACING = Pacing(delay_seconds=10)
KNOWN = Seating()
FORBIDDEN = "CHAT_WRITE_FORBIDDEN"

cycle = scenarios(CYCLE)


def seats(*sessions: SessionId) -> tuple[Seat, ...]:
    return tuple(Seat(session=session, pair=PAIR) for session in sessions)


def share(session: SessionId, *groups: GroupRef) -> Share:
    return Share(session=session, pair=PAIR, groups=groups)


def begin(groups: int, *sessions: SessionId, seating: Seating = KNOWN) -> Begin:
    return Begin(CYCLE_ID, ADBOT, POST, PACING, names(groups), seats(*sessions), seating, NOON)


def names(count: int) -> tuple[GroupRef, ...]:
    return tuple(f"@group{number}" for number in range(count))


def started(*shares: Share) -> CycleStarted:
    return CycleStarted(cycle=CYCLE_ID, adbot=ADBOT, post=POST, pacing=PACING, shares=shares, started_at=NOON)


def delivery(
    group: GroupRef,
    session: SessionId | None,
    result: ResultClass = ResultClass.SENT,
    error: str = "",
    party: Party | None = None,
) -> Delivery:
    return Delivery(group=group, session=session, result=result, error=error, at=NOON, party=party)


def record(*deliveries: Delivery, doubtful: bool = False, seating: Seating = KNOWN) -> RecordOutcomes:
    return RecordOutcomes(tuple(Outcome(one, doubtful) for one in deliveries), seating, NOON)


def recorded(*deliveries: Delivery) -> DeliveriesRecorded:
    return DeliveriesRecorded(cycle=CYCLE_ID, adbot=ADBOT, deliveries=deliveries)


def finished(**counts: int) -> CycleFinished:
    return CycleFinished(
        cycle=CYCLE_ID,
        adbot=ADBOT,
        counts={ResultClass(name): count for name, count in counts.items()},
        started_at=NOON,
    )


def aborted(reason: AbortReason, **counts: int) -> CycleAborted:
    return CycleAborted(
        cycle=CYCLE_ID,
        adbot=ADBOT,
        reason=reason,
        counts={ResultClass(name): count for name, count in counts.items()},
        started_at=NOON,
    )


def moved(
    session: SessionId,
    *shares: Share,
    result: ResultClass = ResultClass.TARGET_DENIED,
    error: str = FORBIDDEN,
    party: Party = Party.SEAT_AT_TARGET,
) -> ShareMoved:
    return ShareMoved(
        cycle=CYCLE_ID,
        adbot=ADBOT,
        session=session,
        result=result,
        error=error,
        shares=shares,
        party=party,
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
        recorded(lost("@group0")),
    )


def test_losing_the_last_seat_ends_the_cycle() -> None:
    cycle.given(started(share(A, "@group0", "@group1"))).when(lose(A, "@group0")).then(
        recorded(lost("@group0")), aborted(AbortReason.NO_SEATS, SESSION_LOST=1, STOPPED=1)
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


# -- whom an answer is about


def test_a_seat_that_a_group_refused_a_while_ago_comes_after_the_others() -> None:
    doubted = Seating(doubted={"@group0": {A: NOON}})
    cycle.when(begin(2, A, B, seating=doubted)).then(started(share(A, "@group1"), share(B, "@group0")))


def test_of_the_seats_that_a_group_refused_the_one_of_the_oldest_refusal_is_tried() -> None:
    times = {A: NOON + timedelta(2), B: NOON, C: NOON + timedelta(1)}
    doubted = Seating(doubted={"@group0": times})
    cycle.when(begin(1, A, B, C, seating=doubted)).then(started(share(A), share(B, "@group0"), share(C)))


def test_a_seat_that_could_not_read_the_source_serves_only_what_no_other_can() -> None:
    denials = {"@group0": {B: Denial(ResultClass.TARGET_DENIED, FORBIDDEN)}}
    unread = Seating(denials=denials, unread={POST.channel: frozenset({A})})
    cycle.when(begin(3, A, B, seating=unread)).then(
        started(share(A, "@group0"), share(B, "@group1", "@group2"))
    )


def leave_source(session: SessionId, *doubtful: GroupRef, seating: Seating = KNOWN) -> LoseSeat:
    return LoseSeat(
        session,
        ResultClass.SOURCE_BROKEN,
        "CHANNEL_PRIVATE",
        frozenset(doubtful),
        seating,
        NOON,
        Party.SEAT_AT_SOURCE,
    )


def left(*shares: Share) -> ShareMoved:
    return moved(
        A,
        *shares,
        result=ResultClass.SOURCE_BROKEN,
        error="CHANNEL_PRIVATE",
        party=Party.SEAT_AT_SOURCE,
    )


def test_the_groups_of_a_seat_without_the_source_go_to_seats_that_may_have_it() -> None:
    cycle.given(started(share(A, "@group0"), share(B, "@group1"))).when(leave_source(A)).then(
        left(share(B, "@group0"))
    )


def test_a_post_that_no_seat_can_read_is_broken() -> None:
    history = (started(share(A, "@group0"), share(B, "@group1")), left(share(B, "@group0")))
    cycle.given(*history).when(leave_source(B)).then(
        SourceBroken(cycle=CYCLE_ID, adbot=ADBOT, error="CHANNEL_PRIVATE"),
        aborted(AbortReason.SOURCE_BROKEN, STOPPED=2),
    )


def test_a_doubtful_send_of_a_seat_without_the_source_is_final() -> None:
    doubtful = delivery("@group0", A, ResultClass.SOURCE_BROKEN, "CHANNEL_PRIVATE", Party.SEAT_AT_SOURCE)
    cycle.given(started(share(A, "@group0"), share(B, "@group1"))).when(leave_source(A, "@group0")).then(
        recorded(doubtful)
    )


def test_no_group_goes_to_a_seat_that_can_not_read_the_post() -> None:
    history = (started(share(A, "@group0"), share(B, "@group1"), share(C)), left(share(B, "@group0")))
    refusal = delivery("@group0", B, ResultClass.TARGET_DENIED, FORBIDDEN, Party.SEAT_AT_TARGET)
    cycle.given(*history).when(record(refusal)).then(moved(B, share(C, "@group0")))


def too_long(group: GroupRef, session: SessionId = A) -> Delivery:
    return delivery(group, session, ResultClass.CONTENT_DENIED, "MESSAGE_TOO_LONG", Party.SOURCE)


def test_a_post_that_three_groups_refuse_alike_and_none_takes_is_at_fault() -> None:
    refusals = [too_long(group) for group in names(3)]
    cycle.given(started(share(A, *names(5)), share(B))).when(record(*refusals)).then(
        recorded(*refusals),
        SourceBroken(cycle=CYCLE_ID, adbot=ADBOT, error="MESSAGE_TOO_LONG"),
        aborted(AbortReason.SOURCE_BROKEN, CONTENT_DENIED=3, STOPPED=2),
    )


def test_a_post_that_the_only_group_refuses_is_at_fault() -> None:
    cycle.given(started(share(A, "@group0"), share(B))).when(record(too_long("@group0"))).then(
        recorded(too_long("@group0")),
        SourceBroken(cycle=CYCLE_ID, adbot=ADBOT, error="MESSAGE_TOO_LONG"),
        aborted(AbortReason.SOURCE_BROKEN, CONTENT_DENIED=1),
    )


def test_a_post_that_one_group_has_taken_is_not_at_fault() -> None:
    sent = delivery("@group3", A)
    refusals = [too_long(group) for group in names(3)]
    cycle.given(started(share(A, *names(4))), recorded(sent)).when(record(*refusals)).then(
        recorded(*refusals), finished(SENT=1, CONTENT_DENIED=3)
    )
