"""Decisions on joins, moved groups, resting methods and budgets."""

import math
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid5

import pytest

from libs.events.forwarder import (
    GroupJoined,
    GroupMoved,
    JoinRequested,
    MembershipsForgotten,
    MethodRested,
    SessionImported,
)
from libs.events.values import AdbotId, ApplicationId, Method, Party, ResultClass, Seat, SessionId
from libs.eventsourcing import ImpossibleEvent
from libs.eventsourcing.testing import scenarios
from services.forwarder.access.commands import Ask, Enter, Follow, Leave
from services.forwarder.access.domain import ACCESS, Access
from services.forwarder.client.commands import RestMethod
from services.forwarder.client.domain import CLIENT
from services.forwarder.cycle.sharing import Denial, Seating, share_out
from services.forwarder.pool.following import Again, Record, RetryLimits, what_follows
from services.forwarder.pool.methods import Allowances, Window, wait_for
from services.forwarder.settings import steps_of

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
ADBOT = AdbotId(uuid5(UUID(int=1), "adbot"))
A, B = (SessionId(uuid5(UUID(int=1), name)) for name in "ab")
LINK = "+AbCdEfGh1234"
access, client = scenarios(ACCESS), scenarios(CLIENT)


def requested(session: SessionId = A) -> JoinRequested:
    return JoinRequested(adbot=ADBOT, session=session, group=LINK, at=NOON)


def joined(session: SessionId = A, *, approved: bool = False) -> GroupJoined:
    return GroupJoined(adbot=ADBOT, session=session, group=LINK, chat=7, approved=approved, at=NOON)


def moved(name: str | None) -> GroupMoved:
    return GroupMoved(adbot=ADBOT, group="@group", chat="-1000000000007", name=name, at=NOON)


def test_a_request_and_its_approval_are_stored_once() -> None:
    ask, enter = Ask(ADBOT, A, LINK, NOON), Enter(ADBOT, A, LINK, 7, approved=True, at=NOON)
    access.given().when(ask).then(requested())
    access.given(requested()).when(ask).then()
    access.given(requested()).when(enter).then(joined(approved=True))
    access.given(requested(), joined(approved=True)).when(enter).then()
    access.given(requested(), joined()).when(ask).then()


def test_a_seat_that_leaves_forgets_what_it_joined_and_no_other_does() -> None:
    left = MembershipsForgotten(adbot=ADBOT, session=A)
    access.given(joined(A), requested(B)).when(Leave(A)).then(left)
    access.given(joined(A), requested(B), left).when(Leave(A)).then()
    access.given(joined(A), requested(B), left).when(Leave(None)).then(
        MembershipsForgotten(adbot=ADBOT, session=None)
    )
    access.given(joined(A), left).when(Ask(ADBOT, A, LINK, NOON)).then(requested(A))


def test_a_move_is_told_once_per_change() -> None:
    follow = Follow(ADBOT, "@group", "-1000000000007", "@newname", NOON)
    access.given().when(follow).then(moved("@newname"))
    access.given(moved("@newname")).when(follow).then()
    access.given(moved("@newname"), moved(None)).when(follow).then(moved("@newname"))


def test_nothing_is_forgotten_before_it_was_known() -> None:
    with pytest.raises(ImpossibleEvent):
        ACCESS.evolve(None, MembershipsForgotten(adbot=ADBOT, session=A))
    assert ACCESS.evolve(None, requested()) != Access(ADBOT)


def test_only_a_later_end_of_a_methods_rest_is_recorded() -> None:
    imported = SessionImported(session=A, telegram_user=1, phone="+49…42")

    def rest(seconds: int, method: Method = Method.RESOLVE) -> RestMethod:
        return RestMethod(method, NOON + timedelta(seconds=seconds), "FLOOD_WAIT_9", NOON)

    def rested(seconds: int, method: Method = Method.RESOLVE) -> MethodRested:
        until = NOON + timedelta(seconds=seconds)
        return MethodRested(session=A, method=method, until=until, error="FLOOD_WAIT_9")

    client.given(imported).when(rest(9)).then(rested(9))
    client.given(imported, rested(9)).when(rest(8)).then()
    client.given(imported, rested(9)).when(rest(10)).then(rested(10))
    client.given(imported, rested(9)).when(rest(8, Method.JOIN)).then(rested(8, Method.JOIN))


@pytest.mark.parametrize(
    ("ages", "wait"),
    [((), 0), ((5,), 0), ((5, 50), 10), ((61, 62, 90), 10), ((61, 62, 101), 0), ((1, 2, 3), 97)],
)
def test_a_call_waits_for_all_windows(ages: tuple[float, ...], wait: float) -> None:
    assert max(0.0, wait_for(ages, (Window(60, 2), Window(100, 3)))) == wait


def test_no_call_is_made_where_none_is_allowed() -> None:
    assert wait_for((), (Window(60, 0),)) == math.inf


def test_joins_keep_a_distance_that_varies() -> None:
    allowances = Allowances(joins_per_day=5, join_distance_seconds=100)
    distances = {allowances.windows(Method.JOIN)[0].seconds for _ in range(20)}
    assert len(distances) > 1
    assert min(distances) >= 100
    assert max(distances) <= 150


@pytest.mark.parametrize(
    ("wait", "attempts", "again"), [(5, 1, True), (301, 1, False), (0, 1, False), (5, 6, False)]
)
def test_what_needs_a_resting_method_waits_or_is_left_out(wait: int, attempts: int, *, again: bool) -> None:
    limits = RetryLimits(6, 1.0, 30.0, 300.0, 86_400.0)
    following = what_follows(ResultClass.LEFT_OUT, wait, attempts, limits, Party.ACCOUNT)
    assert following == (Again(5) if again else Record())


def test_a_group_goes_to_the_seat_that_joined_it_unless_it_refuses_that_one() -> None:
    pair = ApplicationId(UUID(int=2))
    seats = [Seat(session=A, pair=pair), Seat(session=B, pair=pair)]
    groups = [f"{LINK}/7", LINK]
    members = {LINK: frozenset({B})}
    shares, _ = share_out(groups, seats, Seating(members=members))
    assert [share.groups for share in shares] == [(), tuple(groups)]
    denials = {LINK: {B: Denial(ResultClass.TARGET_DENIED, "CHANNEL_PRIVATE")}}
    shares, _ = share_out([LINK], seats, Seating(members=members, denials=denials))
    assert [share.groups for share in shares] == [(LINK,), ()]


def test_steps_of_a_budget_are_read() -> None:
    assert steps_of("") == []
    assert steps_of("0:20, 7:100,30:400") == [(0, 20), (7, 100), (30, 400)]


@pytest.mark.parametrize("text", ["7", "7:", "a:1", "7:100,7:200", "7:100,0:20", "-1:5", "0:1000001"])
def test_steps_that_make_no_sense_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"7|a:1|ascend|-1:5|exceed"):
        steps_of(text)
