"""Decisions on cycles by whom an answer is about: a seat at the source, a group, the post."""

from datetime import timedelta

from libs.events.forwarder import (
    AbortReason,
    Delivery,
    Share,
    ShareMoved,
    SourceBroken,
)
from libs.events.values import (
    GroupRef,
    Party,
    ResultClass,
    SessionId,
)
from services.forwarder.cycle.commands import LoseSeat
from services.forwarder.cycle.sharing import Denial, Seating
from tests.unit.forwarder.cycles import (
    ADBOT,
    CYCLE_ID,
    FORBIDDEN,
    KNOWN,
    NOON,
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
    share,
    started,
)


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
    cycle.given(started(share(A, "@group0"), share(B, "@group1"))).when(leave_source(A, "@group0")).then(
        recorded(in_doubt("@group0"))
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


def test_groups_that_were_left_out_do_not_excuse_a_post_that_the_others_refuse() -> None:
    left_out = [delivery(f"@group{number}", A, ResultClass.LEFT_OUT, "STILL_NEWEST") for number in range(4)]
    refused = delivery("@group4", A, ResultClass.CONTENT_DENIED, "MESSAGE_TOO_LONG", Party.SOURCE)
    begun = started(share(A, *names(5)))
    cycle.given(begun).when(record(*left_out), record(refused)).then(
        recorded(*left_out),
        recorded(refused),
        SourceBroken(cycle=CYCLE_ID, adbot=ADBOT, error="MESSAGE_TOO_LONG"),
        aborted(AbortReason.SOURCE_BROKEN, LEFT_OUT=4, CONTENT_DENIED=1),
    )
