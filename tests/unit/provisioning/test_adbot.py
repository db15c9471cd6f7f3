"""Decisions on adbots: provisioning, seats, expiry."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from libs.events.provisioning import AdbotExpired, AdbotProvisioned, SeatFilled, SeatLost, SeatsAwaited
from libs.events.values import AccountId, ApplicationId, Seat, SessionId, SessionLoss
from libs.eventsourcing import ImpossibleEvent
from libs.eventsourcing.testing import scenarios
from services.provisioning.adbot.commands import Expire, FillSeat, LoseSeat, Provision
from services.provisioning.adbot.domain import ADBOT, adbot_of
from services.provisioning.adbot.state import evolve
from tests.support.plans import SILVER

adbot = scenarios(ADBOT)

NOON = datetime(2031, 5, 4, 12, tzinfo=UTC)
MONTH = timedelta(days=30)
ORDER = "HQADZ-20310504-AB12"
ID = adbot_of(ORDER)
ACCOUNT = AccountId(uuid4())
A = Seat(session=SessionId(uuid4()), pair=ApplicationId(uuid4()))
B = Seat(session=SessionId(uuid4()), pair=ApplicationId(uuid4()))


def provision(*seats: Seat) -> Provision:
    return Provision(ID, ORDER, ACCOUNT, SILVER, seats, NOON)


def provisioned(*seats: Seat) -> AdbotProvisioned:
    return AdbotProvisioned(
        adbot=ID,
        order=ORDER,
        account=ACCOUNT,
        plan=SILVER,
        seats=seats,
        valid_from=NOON if seats else None,
        valid_until=NOON + MONTH if seats else None,
    )


def filled(seat: Seat, begun: datetime = NOON) -> SeatFilled:
    return SeatFilled(adbot=ID, seat=seat, valid_from=begun, valid_until=begun + MONTH)


LOST_A = SeatLost(adbot=ID, session=A.session, loss=SessionLoss.BANNED)
LOSE_A = LoseSeat(A.session, SessionLoss.BANNED, NOON)
EXPIRED = AdbotExpired(adbot=ID)


def test_the_adbots_id_is_derived_from_the_order() -> None:
    assert adbot_of(ORDER) == ID
    assert adbot_of("HQADZ-20310504-AB13") != ID


def test_an_adbot_provisioned_with_all_its_seats_is_valid_at_once() -> None:
    adbot.when(provision(A, B)).then(provisioned(A, B))


def test_seats_that_the_stock_could_not_fill_wait() -> None:
    adbot.when(provision(A)).then(provisioned(A), SeatsAwaited(adbot=ID, missing=1))


def test_validity_does_not_begin_before_the_first_seat_is_filled() -> None:
    adbot.when(provision()).then(provisioned(), SeatsAwaited(adbot=ID, missing=2))
    later = NOON + timedelta(hours=5)
    adbot.given(provisioned()).when(FillSeat(A, later)).then(filled(A, later))


def test_a_later_seat_changes_no_validity() -> None:
    adbot.given(provisioned(A)).when(FillSeat(B, NOON + timedelta(hours=5))).then(filled(B))


def test_an_adbot_is_provisioned_once() -> None:
    adbot.given(provisioned(A, B)).when(provision(A, B)).then()
    adbot.given(provisioned(A)).when(provision(B)).then()


def test_a_plan_has_no_more_seats_than_were_paid_for() -> None:
    c = Seat(session=SessionId(uuid4()), pair=A.pair)
    adbot.when(provision(A, B, c)).refused("too_many_seats")
    adbot.given(provisioned(A, B)).when(FillSeat(c, NOON)).refused("no_seat_waiting")


def test_the_same_session_fills_one_seat() -> None:
    adbot.given(provisioned(A)).when(FillSeat(A, NOON)).then()


def test_a_lost_seat_waits_and_is_filled_again() -> None:
    adbot.given(provisioned(A)).when(LOSE_A).then(LOST_A)
    adbot.given(provisioned(A, B), LOST_A).when(LOSE_A).then()
    c = Seat(session=SessionId(uuid4()), pair=A.pair)
    adbot.given(provisioned(A, B), LOST_A).when(FillSeat(c, NOON + MONTH / 2)).then(filled(c))


def test_an_adbot_expires_once_at_its_end() -> None:
    adbot.given(provisioned(A)).when(Expire(NOON + MONTH - timedelta(seconds=1))).then()
    adbot.given(provisioned(A)).when(Expire(NOON + MONTH)).then(EXPIRED)
    adbot.given(provisioned(A), EXPIRED).when(Expire(NOON + MONTH)).then()


def test_an_adbot_whose_validity_has_not_begun_does_not_expire() -> None:
    adbot.given(provisioned()).when(Expire(NOON + 10 * MONTH)).then()


def test_an_expired_adbot_gets_no_session() -> None:
    adbot.given(provisioned(A), EXPIRED).when(FillSeat(B, NOON + MONTH)).refused("adbot_expired")


def test_an_expired_adbot_can_still_lose_a_session() -> None:
    adbot.given(provisioned(A), EXPIRED).when(LOSE_A).then(LOST_A)


@pytest.mark.parametrize("command", [FillSeat(A, NOON), LOSE_A, Expire(NOON)])
def test_commands_for_an_unknown_adbot_are_refused(
    command: FillSeat | LoseSeat | Expire,
) -> None:
    adbot.when(command).refused("unknown_adbot")


def test_an_impossible_history_is_an_error() -> None:
    with pytest.raises(ImpossibleEvent):
        evolve(None, EXPIRED)
    with pytest.raises(ImpossibleEvent):
        evolve(adbot.given(provisioned(A)).state(), provisioned(A))
