"""Decisions on access: what is denied to whom, for how long, and what ends it."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid5

import pytest

from libs.events.forwarder import AccessDenied, AccessRegained, RegainReason
from libs.events.values import AdbotId, ErrorName, GroupRef, Party, ResultClass, SessionId
from libs.eventsourcing import ImpossibleEvent
from libs.eventsourcing.testing import scenarios
from services.forwarder.access.commands import (
    Deliver,
    Deny,
    Join,
    Lasting,
    Leave,
    Lift,
    Read,
    Refusal,
    TakeBack,
)
from services.forwarder.access.domain import ACCESS, AccessEvent

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
WEEK = timedelta(days=7)
ADBOT = AdbotId(uuid5(UUID(int=1), "adbot"))
A, B = (SessionId(uuid5(UUID(int=1), name)) for name in "ab")
BAN = "USER_BANNED_IN_CHANNEL"
access = scenarios(ACCESS)


def refusal(
    session: SessionId = A,
    ref: GroupRef = "@group",
    result: ResultClass = ResultClass.TARGET_DENIED,
    error: ErrorName = "CHAT_WRITE_FORBIDDEN",
    *,
    party: Party = Party.SEAT_AT_TARGET,
    passing: bool = False,
    alone: bool = False,
    until: datetime | None = None,
) -> Refusal:
    return Refusal(party, session, ref, result, error, passing=passing, alone=alone, until=until)


def gone(
    session: SessionId = A,
    *,
    error: ErrorName = "CHANNEL_INVALID",
    alone: bool = False,
    passing: bool = False,
) -> Refusal:
    return refusal(
        session, result=ResultClass.TARGET_GONE, error=error, party=Party.TARGET, alone=alone, passing=passing
    )


def deny(*refusals: Refusal, at: datetime = NOON) -> Deny:
    return Deny(ADBOT, refusals, Lasting(WEEK), at)


def denied(
    one: Refusal, until: timedelta, *, times: int = 1, at: datetime = NOON, all_seats: bool = False
) -> AccessDenied:
    party = one.party if all_seats or one.party is not Party.TARGET else Party.SEAT_AT_TARGET
    return AccessDenied(
        adbot=ADBOT,
        party=party,
        session=None if all_seats else one.session,
        ref=one.ref,
        result=one.result,
        error=one.error,
        until=at + until,
        times=times,
        at=at,
    )


def regained(
    why: RegainReason,
    session: SessionId | None = None,
    ref: GroupRef | None = None,
    error: ErrorName | None = None,
) -> AccessRegained:
    return AccessRegained(adbot=ADBOT, session=session, ref=ref, error=error, why=why)


# -- how long


def test_a_refusal_denies_one_seat_one_group_for_a_week() -> None:
    access.when(deny(refusal())).then(denied(refusal(), WEEK))


def test_the_same_refusal_while_it_is_denied_changes_nothing() -> None:
    access.given(denied(refusal(), WEEK)).when(deny(refusal(), at=NOON + WEEK / 2)).then()


@pytest.mark.parametrize(("times", "weeks"), [(1, 2), (2, 4), (3, 8)])
def test_a_denial_lasts_twice_as_long_as_the_one_before(times: int, weeks: int) -> None:
    later = NOON + WEEK
    access.given(denied(refusal(), WEEK, times=times)).when(deny(refusal(), at=later)).then(
        denied(refusal(), WEEK * weeks, times=times + 1, at=later)
    )


def test_no_denial_lasts_longer_than_sixty_days() -> None:
    later = NOON + WEEK
    access.given(denied(refusal(), WEEK, times=30)).when(deny(refusal(), at=later)).then(
        denied(refusal(), timedelta(days=60), times=31, at=later)
    )


def test_a_denial_that_ended_long_ago_is_forgotten_with_the_next() -> None:
    other = refusal(ref="@other")
    later = NOON + WEEK + timedelta(days=61)
    state = access.given(denied(refusal(), WEEK)).when(deny(other, at=later)).state()
    assert state is not None
    assert [one.ref for one in state.denials] == ["@other"]
    access.given(denied(refusal(), WEEK), denied(other, WEEK, at=later)).when(deny(refusal(), at=later)).then(
        denied(refusal(), WEEK, at=later)
    )


def test_what_often_passes_by_itself_is_asked_again_in_the_next_cycle_and_then_ever_more_rarely() -> None:
    closed = gone(error="TOPIC_CLOSED", alone=True, passing=True)
    first = denied(closed, timedelta(), all_seats=True)
    access.when(deny(closed)).then(first)
    second = denied(closed, WEEK / 64, times=2, all_seats=True)
    access.given(first).when(deny(closed)).then(second)
    later = NOON + WEEK
    access.given(second).when(deny(closed, at=later)).then(
        denied(closed, WEEK / 32, times=3, at=later, all_seats=True)
    )


def test_a_slow_mode_ends_when_the_messenger_says_and_never_shortens_a_denial() -> None:
    slow = refusal(
        result=ResultClass.SLOW_MODE, error="SLOWMODE_WAIT_900", until=NOON + timedelta(seconds=900)
    )
    access.when(deny(slow)).then(denied(slow, timedelta(seconds=900)))
    access.given(denied(refusal(), WEEK)).when(deny(slow)).then()
    access.given(denied(slow, timedelta(seconds=900))).when(deny(refusal())).then(denied(refusal(), WEEK))


# -- for whom


def test_a_group_that_one_seat_finds_gone_is_denied_to_that_seat_until_a_second_confirms_it() -> None:
    access.when(deny(gone(A))).then(denied(gone(A), WEEK))
    access.given(denied(gone(A), WEEK)).when(deny(gone(B))).then(denied(gone(B), WEEK, all_seats=True))


def test_the_only_seat_needs_no_second_one() -> None:
    access.when(deny(gone(A, alone=True))).then(denied(gone(A), WEEK, all_seats=True))


def test_a_refusal_of_another_seat_for_another_reason_confirms_nothing() -> None:
    access.given(denied(refusal(A), WEEK)).when(deny(gone(B))).then(denied(gone(B), WEEK))


# -- what ends it


def test_a_delivery_ends_the_denials_that_it_disproves_and_the_next_one_is_a_first_again() -> None:
    history = (denied(refusal(A), WEEK), denied(refusal(B), WEEK), denied(gone(A), WEEK, all_seats=True))
    lifted = regained(RegainReason.DELIVERED, A, "@group")
    later = access.given(*history)
    later.when(Deliver(A, ("@group", "@elsewhere"))).then(lifted)
    state = later.when(Deliver(A, ("@group",))).state()
    assert state is not None
    assert [one.session for one in state.denials] == [B]
    access.given(denied(refusal(), WEEK, times=3), lifted).when(deny(refusal())).then(denied(refusal(), WEEK))


def test_a_delivery_without_a_denial_is_no_event() -> None:
    access.when(Deliver(A, ("@group",))).then()
    access.given(denied(refusal(B), WEEK)).when(Deliver(A, ("@group",))).then()


def test_the_client_lifts_all_denials_of_a_group() -> None:
    history = (
        denied(refusal(A), WEEK),
        denied(gone(B), WEEK, all_seats=True),
        denied(refusal(A, "@other"), WEEK),
    )
    state = access.given(*history).when(Lift("@group")).state()
    assert state is not None
    assert [one.ref for one in state.denials] == ["@other"]


def test_bans_are_taken_back_when_the_account_turns_out_to_be_limited() -> None:
    bans = [refusal(A, f"@group{number}", error=BAN) for number in range(3)]
    history = (
        *(denied(one, WEEK) for one in bans),
        denied(refusal(A), WEEK),
        denied(refusal(B, error=BAN), WEEK),
    )
    limited = access.given(*history)
    limited.when(TakeBack(A, BAN)).then(regained(RegainReason.ACCOUNT_LIMITED, A, error=BAN))
    limited.when(TakeBack(A, BAN), TakeBack(A, BAN)).then(
        regained(RegainReason.ACCOUNT_LIMITED, A, error=BAN)
    )
    state = limited.when(TakeBack(A, BAN)).state()
    assert state is not None
    assert [(one.session, one.ref) for one in state.denials if one.until > NOON] == [
        (A, "@group"),
        (B, "@group"),
    ]
    again: tuple[AccessEvent, ...] = (*history, regained(RegainReason.ACCOUNT_LIMITED, A, error=BAN))
    later = NOON + timedelta(days=1)
    access.given(*again).when(deny(bans[0], at=later)).then(denied(bans[0], WEEK, at=later))


def test_a_membership_ends_the_denials_that_its_lack_had_caused() -> None:
    outside = refusal(A, "-1001234567890/7", error="NOT_A_MEMBER")
    access.given(denied(outside, WEEK), denied(refusal(A), WEEK)).when(
        Join(A, ("-1001234567890/7",), "NOT_A_MEMBER")
    ).then(regained(RegainReason.JOINED, A, "-1001234567890/7", "NOT_A_MEMBER"))


def test_a_seat_that_leaves_takes_its_denials_along_and_no_others() -> None:
    history = (denied(refusal(A), WEEK), denied(refusal(B), WEEK), denied(gone(A), WEEK, all_seats=True))
    state = access.given(*history).when(Leave(A)).state()
    assert state is not None
    assert [one.session for one in state.denials] == [B, None]
    state = access.given(*history).when(Leave(None)).state()
    assert state is not None
    assert state.denials == ()
    access.when(Leave(A)).then()


def test_an_impossible_history_is_an_error() -> None:
    with pytest.raises(ImpossibleEvent):
        ACCESS.fold([regained(RegainReason.LIFTED)])


def test_a_channel_that_a_seat_reads_refuses_it_no_more_as_a_source() -> None:
    unread = refusal(
        ref="@news",
        result=ResultClass.SOURCE_BROKEN,
        error="CHANNEL_PRIVATE",
        party=Party.SEAT_AT_SOURCE,
    )
    of_other, as_group = replace(unread, session=B), refusal(ref="@news")
    given = [denied(one, WEEK) for one in (unread, of_other, as_group)]
    read = AccessRegained(adbot=ADBOT, session=A, ref="@news", error="CHANNEL_PRIVATE", why=RegainReason.READ)
    access.given(*given).when(Read(A, ("@news", "@other"))).then(read)
    access.given(*given, read).when(Read(A, ("@news",))).then()
