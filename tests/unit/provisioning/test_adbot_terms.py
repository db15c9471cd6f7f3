"""Decisions on an adbot's validity: renewals, grace time, suspensions."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from libs.events.provisioning import (
    AdbotExpired,
    AdbotExtended,
    AdbotProvisioned,
    AdbotRestored,
    AdbotSuspended,
    SeatFilled,
    SeatLost,
    SeatsAwaited,
    SeatsReleased,
)
from libs.events.values import AccountId, ApplicationId, Plan, Seat, SessionId, SessionLoss
from libs.eventsourcing import Refused
from libs.eventsourcing.testing import scenarios
from services.provisioning.adbot.commands import (
    AwaitSeats,
    Command,
    Expire,
    Extend,
    FillSeat,
    LoseSeat,
    ReleaseSeats,
    Renew,
    Restore,
    Suspend,
)
from services.provisioning.adbot.domain import ADBOT, adbot_of
from services.provisioning.adbot.state import Adbot
from tests.support.plans import SILVER

adbot = scenarios(ADBOT)

NOON = datetime(2031, 5, 4, 12, tzinfo=UTC)
DAY, MONTH = timedelta(days=1), timedelta(days=30)
END = NOON + MONTH
GRACE = 7 * DAY
ORDER, SECOND, THIRD = "HQADZ-20310504-AB12", "HQADZ-20310604-CD34", "HQADZ-20310704-EF56"
ID = adbot_of(ORDER)
OWNER = AccountId(uuid4())
A = Seat(session=SessionId(uuid4()), pair=ApplicationId(uuid4()))
B = Seat(session=SessionId(uuid4()), pair=ApplicationId(uuid4()))
EXPIRED = AdbotExpired(adbot=ID)
RELEASED = SeatsReleased(adbot=ID)
SUSPENDED = AdbotSuspended(adbot=ID, reason="spam")
RESTORED = AdbotRestored(adbot=ID)


def provisioned(*seats: Seat) -> AdbotProvisioned:
    return AdbotProvisioned(
        adbot=ID,
        order=ORDER,
        account=OWNER,
        plan=SILVER,
        seats=seats,
        valid_from=NOON if seats else None,
        valid_until=END if seats else None,
    )


def renew(at: datetime, order: str = SECOND, plan: Plan = SILVER) -> Renew:
    return Renew(ID, order, plan, at)


def renewed(until: datetime | None, order: str = SECOND, begun: datetime = NOON) -> AdbotExtended:
    return AdbotExtended(
        adbot=ID,
        account=OWNER,
        order=order,
        days=30,
        reason=f"renewed by order {order}",
        valid_from=None if until is None else begun,
        valid_until=until,
    )


def filled(seat: Seat, begun: datetime, end: datetime) -> SeatFilled:
    return SeatFilled(adbot=ID, seat=seat, valid_from=begun, valid_until=end)


# -- renewals


def test_a_renewal_before_the_end_extends_it() -> None:
    adbot.given(provisioned(A, B)).when(renew(NOON + DAY)).then(renewed(END + MONTH))


def test_a_renewal_in_the_grace_time_counts_from_now_and_ends_the_expiry() -> None:
    late = END + 3 * DAY
    adbot.given(provisioned(A, B), EXPIRED).when(renew(late)).then(renewed(late + MONTH))
    revived = adbot.given(provisioned(A, B), EXPIRED, renewed(late + MONTH))
    revived.when(Expire(late + MONTH - DAY)).then()
    revived.when(Expire(late + MONTH)).then(EXPIRED)


def test_a_renewal_after_the_end_counts_from_now_also_before_the_expiry_is_recorded() -> None:
    adbot.given(provisioned(A)).when(renew(END + DAY)).then(renewed(END + DAY + MONTH))


def test_an_order_renews_once() -> None:
    again = adbot.given(provisioned(A, B), renewed(END + MONTH))
    again.when(renew(NOON + 2 * DAY)).then()
    again.when(renew(NOON + 2 * DAY, THIRD)).then(renewed(END + 2 * MONTH, THIRD))
    again.given(renewed(END + 2 * MONTH, THIRD)).when(renew(END)).then()


def test_the_order_that_created_an_adbot_does_not_renew_it() -> None:
    adbot.given(provisioned(A)).when(renew(NOON, ORDER)).then()


def test_days_for_an_adbot_without_seats_are_added_when_its_first_seat_is_filled() -> None:
    waiting = adbot.given(provisioned(), SeatsAwaited(adbot=ID, missing=2))
    waiting.when(renew(NOON + DAY)).then(renewed(None))
    twice = waiting.given(renewed(None), renewed(None, THIRD))
    late = NOON + 50 * DAY
    twice.when(FillSeat(A, late)).then(filled(A, late, late + 3 * MONTH))
    begun = twice.given(filled(A, late, late + 3 * MONTH))
    begun.when(FillSeat(B, late + DAY)).then(filled(B, late, late + 3 * MONTH))
    begun.when(Extend(1, "late", late)).then(
        AdbotExtended(
            adbot=ID,
            account=OWNER,
            order=None,
            days=1,
            reason="late",
            valid_from=late,
            valid_until=late + 3 * MONTH + DAY,
        )
    )


def test_a_renewal_after_the_grace_time_begins_with_the_first_seat_that_is_filled_again() -> None:
    late = END + 20 * DAY
    released = adbot.given(provisioned(A, B), EXPIRED, RELEASED)
    released.when(renew(late), AwaitSeats(late)).then(renewed(None), SeatsAwaited(adbot=ID, missing=2))
    revived = released.given(renewed(None))
    revived.when(Expire(late + 10 * MONTH)).then()
    revived.when(ReleaseSeats(GRACE, late + 10 * MONTH)).then()
    revived.when(FillSeat(A, late + DAY)).then(filled(A, late + DAY, late + DAY + MONTH))
    revived.when(renew(late, THIRD), FillSeat(B, late + DAY)).then(
        renewed(None, THIRD), filled(B, late + DAY, late + DAY + 2 * MONTH)
    )


def test_an_expired_adbot_that_had_lost_all_its_seats_is_valid_again_from_the_first_new_one() -> None:
    lost = SeatLost(adbot=ID, session=A.session, loss=SessionLoss.BANNED)
    released = adbot.given(provisioned(A), lost, EXPIRED)
    released.when(renew(END + DAY)).then(renewed(None))
    adbot.given(provisioned(A), lost).when(renew(END - DAY)).then(renewed(END + MONTH))


def test_filled_seats_are_not_pending() -> None:
    adbot.given(provisioned(A, B)).when(AwaitSeats(NOON)).then()


def test_only_the_plan_that_the_adbot_has_renews_it() -> None:
    smaller = SILVER.model_copy(update={"code": "bronze", "sessions": 1})
    slower = SILVER.model_copy(update={"code": "slow", "interval_seconds": 3600})
    narrower = SILVER.model_copy(update={"max_groups": 10})
    dearer = SILVER.model_copy(update={"price_usd": Decimal(99), "name": "Silver 2032"})
    adbot.given(provisioned(A)).when(renew(NOON, plan=smaller)).refused("another_plan")
    adbot.given(provisioned(A)).when(renew(NOON, plan=slower)).refused("another_plan")
    adbot.given(provisioned(A)).when(renew(NOON, plan=narrower)).refused("another_plan")
    adbot.given(provisioned(A)).when(renew(NOON, plan=dearer)).then(renewed(END + MONTH))


def test_a_renewal_of_an_unknown_adbot_is_refused_with_its_order() -> None:
    refusal = adbot.when(renew(NOON)).refused("unknown_adbot")
    assert SECOND in refusal.detail
    assert str(ID) in refusal.detail


# -- the grace time


def test_seats_are_released_once_when_the_grace_time_is_over() -> None:
    expired = adbot.given(provisioned(A, B), EXPIRED)
    expired.when(ReleaseSeats(GRACE, END + GRACE - DAY)).then()
    expired.when(ReleaseSeats(GRACE, END + GRACE)).then(RELEASED)
    expired.given(RELEASED).when(ReleaseSeats(GRACE, END + GRACE)).then()


def test_an_adbot_that_is_not_expired_keeps_its_seats() -> None:
    adbot.given(provisioned(A, B)).when(ReleaseSeats(GRACE, END + GRACE)).then()
    revived = adbot.given(provisioned(A, B), EXPIRED, renewed(END + MONTH))
    revived.when(ReleaseSeats(GRACE, END + GRACE)).then()
    state = revived.state()
    assert state is not None
    assert state.seats == (A, B)


def test_a_second_expiry_releases_the_seats_again() -> None:
    begun = END + MONTH
    filled_again = filled(A, begun, begun + MONTH)
    again = adbot.given(provisioned(A, B), EXPIRED, RELEASED, renewed(None), filled_again, EXPIRED)
    again.when(ReleaseSeats(GRACE, begun + MONTH + GRACE)).then(RELEASED)


def test_the_loss_of_a_released_session_does_not_affect_the_adbot() -> None:
    died = LoseSeat(A.session, SessionLoss.BANNED, END)
    adbot.given(provisioned(A, B), EXPIRED, RELEASED).when(died).then()


# -- days from operators, suspensions


def test_an_operator_may_grant_days_repeatedly() -> None:
    given_ = adbot.given(provisioned(A)).when(Extend(3, "sorry", NOON), Extend(3, "sorry", NOON)).state()
    assert given_ is not None
    assert given_.valid_until == END + 6 * DAY


def test_an_adbot_is_suspended_and_restored_once() -> None:
    suspend = Suspend("spam", NOON)
    adbot.given(provisioned(A)).when(suspend, suspend).then(SUSPENDED)
    adbot.given(provisioned(A), SUSPENDED).when(Restore(NOON), Restore(NOON)).then(RESTORED)
    adbot.given(provisioned(A)).when(Restore(NOON)).then()
    adbot.given(provisioned(A), SUSPENDED, RESTORED).when(suspend).then(SUSPENDED)


def test_an_adbot_that_is_suspended_with_its_account_is_restored_with_it() -> None:
    locked = AdbotSuspended(adbot=ID, reason="the account", with_account=True)
    lock, unlock = Suspend("the account", NOON, with_account=True), Restore(NOON, with_account=True)
    adbot.given(provisioned(A)).when(lock, lock).then(locked)
    adbot.given(provisioned(A), locked).when(unlock, unlock).then(RESTORED)
    adbot.given(provisioned(A), locked).when(Restore(NOON)).then(RESTORED)
    adbot.given(provisioned(A), SUSPENDED).when(lock, unlock).then()
    both = adbot.given(provisioned(A), locked).when(Suspend("spam", NOON), unlock)
    both.then(SUSPENDED)


def test_a_permanent_suspension_releases_the_seats_once() -> None:
    for_good = Suspend("spam", NOON, release=True)
    adbot.given(provisioned(A, B)).when(for_good, for_good).then(SUSPENDED, RELEASED)
    adbot.given(provisioned(A, B), SUSPENDED).when(for_good).then(RELEASED)
    adbot.given(provisioned()).when(for_good).then(SUSPENDED)
    adbot.given(provisioned(A, B), EXPIRED, RELEASED).when(for_good).then(SUSPENDED)


def test_an_adbot_with_released_seats_gets_none_until_it_is_restored() -> None:
    released = adbot.given(provisioned(A, B), SUSPENDED, RELEASED)
    released.when(FillSeat(A, NOON + DAY)).refused("adbot_suspended")
    released.when(Extend(3, "x", NOON + DAY), FillSeat(A, NOON + DAY)).refused("adbot_suspended")
    restored = released.given(RESTORED)
    restored.when(AwaitSeats(NOON + DAY)).then(SeatsAwaited(adbot=ID, missing=2))
    restored.when(FillSeat(A, NOON + DAY)).then(filled(A, NOON, END))


def test_seats_that_were_filled_again_after_a_suspension_are_released_when_the_grace_time_is_over() -> None:
    again = adbot.given(provisioned(A), SUSPENDED, RELEASED, RESTORED, filled(B, NOON, END), EXPIRED)
    again.when(ReleaseSeats(GRACE, END + GRACE)).then(RELEASED)
    empty = adbot.given(provisioned(A), SUSPENDED, RELEASED, EXPIRED)
    empty.when(ReleaseSeats(GRACE, END + GRACE)).then()


def test_a_suspended_adbot_gets_no_session_but_expires_and_is_extended() -> None:
    suspended = adbot.given(provisioned(A), SUSPENDED)
    suspended.when(FillSeat(B, NOON)).refused("adbot_suspended")
    suspended.when(Expire(END), ReleaseSeats(GRACE, END + GRACE)).then(EXPIRED, RELEASED)
    extended = suspended.when(renew(NOON))
    extended.then(renewed(END + MONTH))
    state = extended.state()
    assert state is not None
    assert state.suspended


@pytest.mark.parametrize(
    "command",
    [
        Extend(1, "x", NOON),
        Suspend("x", NOON),
        Restore(NOON),
        ReleaseSeats(GRACE, NOON),
        AwaitSeats(NOON),
    ],
)
def test_commands_for_an_unknown_adbot_are_refused(command: Command) -> None:
    adbot.when(command).refused("unknown_adbot")


# -- whatever comes in whatever order

_STEPS = st.sampled_from(["renew", "expire", "release", "fill", "lose", "suspend", "restore"])


@given(steps=st.lists(st.tuples(_STEPS, st.integers(0, 40), st.integers(0, 3)), max_size=40))
def test_no_sequence_loses_a_paid_day_or_grants_it_twice(
    steps: list[tuple[str, int, int]],
) -> None:
    state, now = ADBOT.fold([provisioned(A, B)]), NOON
    orders: set[str] = set()
    for what, days, number in steps:
        now += days * DAY
        commands: dict[str, Command] = {
            "renew": renew(now, f"HQADZ-20310604-CD3{number}"),
            "expire": Expire(now),
            "release": ReleaseSeats(GRACE, now),
            "fill": FillSeat((A, B)[number % 2], now),
            "lose": LoseSeat((A, B)[number % 2].session, SessionLoss.BANNED, now),
            "suspend": Suspend("x", now),
            "restore": Restore(now),
        }
        assert state is not None
        before = state
        owed = _remaining(state, now)
        try:
            events = ADBOT.decide(commands[what], state)
        except Refused:
            continue
        state = ADBOT.fold(events, state)
        assert state is not None
        for event in events:
            if isinstance(event, AdbotExtended):
                assert event.order is not None
                assert event.order not in orders
                orders.add(event.order)
                assert _remaining(state, now) == owed + MONTH
            if isinstance(event, SeatsReleased):
                assert before.valid_until is not None
                assert now >= before.valid_until + GRACE
        if not any(isinstance(event, AdbotExtended) for event in events):
            assert _remaining(state, now) == owed
        assert len({seat.session for seat in state.seats}) == len(state.seats) <= SILVER.sessions


def _remaining(state: Adbot, now: datetime) -> timedelta:
    """Return the remaining validity: days pending for the first seat, or those until the end."""
    if state.valid_until is None:
        return timedelta(days=state.days)
    return max(timedelta(), state.valid_until - now)
